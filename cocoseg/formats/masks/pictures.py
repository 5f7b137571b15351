"""Decodes the masks of an image one at a time, and encodes them as runs."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from cocoseg.codecs import rle
from cocoseg.codecs.rle import Runs
from cocoseg.errors import SampleError
from cocoseg.files.png.masks import read_mask

Mask = npt.NDArray[np.bool_]

_HEAD = 4096  # maximum bytes of a .npy header
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError, OSError)


def masks_of_pictures(pictures: Mapping[str, bytes], size: tuple[int, int]) -> Iterator[Mask]:
    """PNGs by name -> masks (H, W). Raises SampleError; its message begins with the name."""
    for name, data in pictures.items():
        try:
            yield read_mask(data, size)
        except SampleError as error:
            raise error.at(name) from None


def masks_of_stack(data: bytes, count: int, size: tuple[int, int]) -> Iterator[Mask]:
    """A .npz file of ``count`` masks of a size -> masks (H, W). Raises SampleError ``npz.corrupt``, ``npz.shape``."""
    packed = _packed(data, (count, size[0], -(-size[1] // 8)))
    return (np.unpackbits(rows, axis=-1, count=size[1]).view(np.bool_) for rows in packed)


def encode_masks(masks: Iterable[Mask], size: tuple[int, int]) -> Runs:
    """Masks (H, W) of a size -> Runs; only one mask is held at a time."""
    none = rle.pack(np.zeros(0, np.int64), np.zeros(1, np.int64), size)
    return rle.concatenate([none, *(rle.encode(mask[None]) for mask in masks)])


def _packed(data: bytes, shape: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """The array ``masks`` of a .npz file. Reads no more bytes than ``shape`` needs, and never unpickles objects."""
    expected = int(np.prod(shape))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open("masks.npy") as member:
            raw = member.read(expected + _HEAD)
            complete = not member.read(1)
        file = io.BytesIO(raw)
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("not version 1.0 of .npy")
        found, by_column, dtype = np.lib.format.read_array_header_1_0(file)
    except KeyError:
        raise SampleError("npz.corrupt", "the .npz holds no 'masks'; was it written by to-masks?") from None
    except _DAMAGE as error:
        raise SampleError("npz.corrupt", f"the .npz can't be read ({error}); write it again") from None
    if found != shape or by_column or dtype != np.uint8:
        text = f"masks are {dtype} {found}, but the table expects uint8 {shape}; they belong to another table"
        raise SampleError("npz.shape", text)
    if not complete or len(raw) - file.tell() != expected:
        raise SampleError("npz.corrupt", "the .npz has more or fewer bytes than its masks need; write it again")
    return np.frombuffer(raw, np.uint8, offset=file.tell()).reshape(shape)
