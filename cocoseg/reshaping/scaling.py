"""Scales the labels of an image: each pixel takes the label of the nearest one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cocoseg.codecs.windows import Size
from cocoseg.files.names import stem
from cocoseg.model import Sample
from cocoseg.reshaping.cutting import Pieces
from cocoseg.targets.resized import resized

if TYPE_CHECKING:
    import PIL.Image


@dataclass(frozen=True)
class Scaling:
    """Scales images to the size ``to`` (height, width), or to a longer side of at most ``longest``, never larger."""

    to: Size | None = None
    longest: int | None = None

    def size(self, old: Size) -> Size:
        """The new size (height, width) of an image of a size.

        >>> Scaling(longest=100).size((300, 400)), Scaling(longest=100).size((30, 40))
        ((75, 100), (30, 40))
        """
        if self.to is not None:
            return self.to
        longer = max(old)
        if self.longest is None or longer <= self.longest:
            return old
        height, width = (max(1, (2 * side * self.longest + longer) // (2 * longer)) for side in old)
        return height, width

    def __call__(self, sample: Sample, ending: str = "") -> Pieces:
        """The image in its new size; ``ending`` is that of its photo. Raises SampleError ``limit.pixels``."""
        made = resized(sample, self.size(sample.size))
        made = made.take(np.flatnonzero(made.areas))
        dropped = int(np.count_nonzero(sample.areas)) - len(made.ids)
        name = f"{stem(sample.key)}{ending}" if ending else sample.file_name
        return Pieces([replace(made, file_name=name)], dropped)

    def pictures(self, photo: PIL.Image.Image) -> Iterator[PIL.Image.Image]:
        """The photo in its new size, by Lanczos' filter, which takes all pixels that a smaller one stands for."""
        from PIL.Image import Resampling

        size = self.size(photo.size[::-1])
        plain = {"1": "L", "P": "RGBA" if "transparency" in photo.info else "RGB", "PA": "RGBA"}
        picture = photo.convert(plain[photo.mode]) if photo.mode in plain else photo
        yield picture if size == photo.size[::-1] else picture.resize(size[::-1], Resampling.LANCZOS)
