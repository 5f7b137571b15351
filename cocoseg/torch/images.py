"""Photos as tensors."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from cocoseg.errors import Problem, UsageError, show
from cocoseg.files.photo import PhotoSize, find_photo, fits_turned, open_photo, rgb_pixels, size_in_header
from cocoseg.model import Sample
from cocoseg.options import check_choice

Orientation = Literal["turned", "stored"]
_ADVICE = {
    "turned": "it was turned, as annotation tools show it; if labels were drawn on the stored pixels",
    "stored": "it was not turned; if labels were drawn on the photo as viewers show it",
}


@dataclass(frozen=True)
class ImageFolder:
    """The photos of a folder: a sample -> (3, H, W) uint8, RGB; networks take ``images / 255``, which is float32.

    A photo has the name that the annotation file gives it, or that name or the sample's key with another ending. Its
    size must be the annotation's. It is turned by its EXIF orientation if the sizes agree only then, and not if they
    agree only without. If both agree (a square photo, or one upside down), ``orientation`` decides: ``"turned"``, as
    annotation tools and viewers show photos, or ``"stored"``. The first such photo is a warning, and ``guessed`` lists
    all of them; those of a ``SegmentationDataset`` are in its ``notes``.
    Raises UsageError ``usage.images`` for a folder that does not exist, ``usage.choice``. Calls raise SampleError:
    ``file.missing``, ``image.corrupt``, ``image.mode`` for more than 8 bits, ``size.mismatch``.
    """

    folder: str | os.PathLike[str]
    orientation: Orientation = "turned"
    guessed: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_choice("orientation", self.orientation, ("turned", "stored"), "choice")
        if not os.path.isdir(self.folder):
            found = "is a file" if os.path.exists(self.folder) else "does not exist"
            text = f"images is {show(os.fspath(self.folder), 300)}, which {found}; expected the folder of the photos"
            raise UsageError("usage.images", text)

    def __call__(self, sample: Sample) -> Tensor:
        """The photo of a sample: (3, H, W) uint8."""
        image, problem = self.photo(sample)
        if problem:
            self.guessed.append(sample.key)
            if len(self.guessed) == 1:
                warnings.warn(f"{problem.message}; `guessed` lists all such photos", stacklevel=2)
        return image

    def photo(self, sample: Sample) -> tuple[Tensor, Problem | None]:
        """The photo of a sample, and a problem ``photo.orientation`` if ``orientation`` decided how it is turned."""
        path = find_photo(self.folder, sample.key, sample.file_name)
        with open_photo(path) as photo:
            found = size_in_header(photo)
            turned, problem = self._turned(path, found, sample.size)
            pixels = rgb_pixels(photo, show(path, 300), found, turned)
        return torch.from_numpy(pixels).permute(2, 0, 1).contiguous(), problem

    def _turned(self, path: str, found: PhotoSize, size: tuple[int, int]) -> tuple[bool, Problem | None]:
        """Whether a photo is to be turned for an annotation of this size. Raises SampleError ``size.mismatch``."""
        turned, is_guess = fits_turned(show(path, 300), found, size, self.orientation == "turned")
        if not is_guess:
            return turned, None
        other = "stored" if self.orientation == "turned" else "turned"
        text = f"{show(path, 300)} has EXIF orientation {found.orientation}, and its annotation's size both ways"
        advice = f"{_ADVICE[self.orientation]}, pass images=ImageFolder(folder, orientation={other!r})"
        return turned, Problem("photo.orientation", f"{text}: {advice}")
