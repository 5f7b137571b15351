"""Photos, which annotations do not hold."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from cocoseg.errors import SampleError, show
from cocoseg.model import Sample

_ENDINGS = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG", ".webp", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class ImageFolder:
    """The photos of a folder: a sample -> (3, H, W) uint8, RGB.

    A photo lies under the sample's key, with the ending of a photo. Its orientation tag is not obeyed, as annotations
    are drawn on the pixels as they are stored; nor may its size differ from the annotation's.
    Raises SampleError: ``file.missing``, ``image.corrupt``, ``size.mismatch``.
    """

    folder: str | os.PathLike[str]

    def __call__(self, sample: Sample) -> Tensor:
        """The photo of a sample: (3, H, W) uint8."""
        path = self._path(sample)
        try:
            with Image.open(path) as photo:
                pixels = np.array(photo.convert("RGB"))
        except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise SampleError("image.corrupt", f"{show(path, 300)} can't be read as an image ({error})") from None
        if pixels.shape[:2] != sample.size:
            found = f"{show(path, 300)} has {pixels.shape[0]}×{pixels.shape[1]} pixels (height × width)"
            expected = "×".join(map(str, sample.size))
            raise SampleError("size.mismatch", f"{found}, its annotation {expected}; they belong to different images")
        return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()

    def _path(self, sample: Sample) -> str:
        stem = os.path.join(os.fspath(self.folder), str(PurePosixPath(sample.key).with_suffix("")))
        for ending in _ENDINGS:
            if os.path.exists(stem + ending):
                return stem + ending
        raise SampleError("file.missing", f"no photo {show(stem, 300)} with one of the endings {', '.join(_ENDINGS)}")
