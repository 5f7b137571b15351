"""Photos as tensors."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from cocoseg.errors import SampleError, show
from cocoseg.files.photo import find_photo
from cocoseg.model import Sample


@dataclass(frozen=True)
class ImageFolder:
    """The photos of a folder: a sample -> (3, H, W) uint8, RGB.

    A photo has the name that the annotation file gives it, or that name or the sample's key with another ending. Its
    orientation tag is ignored, because annotations are drawn on the stored pixels. Its size must be the annotation's.
    Raises SampleError: ``file.missing``, ``image.corrupt``, ``image.mode`` for more than 8 bits, ``size.mismatch``.
    """

    folder: str | os.PathLike[str]

    def __call__(self, sample: Sample) -> Tensor:
        """The photo of a sample: (3, H, W) uint8."""
        path = find_photo(self.folder, sample.key, sample.file_name)
        try:
            with Image.open(path) as photo:
                mode, pixels = photo.mode, np.array(photo.convert("RGB"))
        except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise SampleError("image.corrupt", f"{show(path, 300)} cannot be read as an image ({error})") from None
        if mode[0] in "IF":  # Pillow has clipped the values at 255
            found = f"{show(path, 300)} is a picture of mode {mode}, with more than 8 bits"
            raise SampleError("image.mode", f"{found}; convert it to 8 bits, or pass a function as images")
        if pixels.shape[:2] != sample.size:
            found = f"{show(path, 300)} has {pixels.shape[0]}×{pixels.shape[1]} pixels (height × width)"
            expected = "×".join(map(str, sample.size))
            raise SampleError("size.mismatch", f"{found}, its annotation {expected}; they belong to different images")
        return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()
