"""One-hot arrays as .npz or .npy: an array (H, W, C) or (C, H, W), 1 in the channel of each pixel's class.

There is a channel for each index from 0 to the highest index of a class or of unlabelled pixels. Void pixels are 0 in
all channels. If the void index lies in this range, its channel is empty. With ``void_channel``, void pixels are 1 in an
additional last channel.

A .npz is compressed and holds one array, ``onehot``. It is written without building the whole array in memory, about
ten times as fast as with ``numpy.savez_compressed``. A .npy is as large as the array, which is filled directly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.codecs.onehot import Layout, one_hot
from cocoseg.codecs.onehot_deflate import deflate_one_hot
from cocoseg.files.npz import Member, archive, npy_filled, npy_head
from cocoseg.labels import LabelScheme
from cocoseg.model import Sample
from cocoseg.runs.writer import Converted
from cocoseg.targets.semantic import Counts, semantic_map

Dtype = Literal["uint8", "bool", "float32"]
Format = Literal["npz", "npy"]

MEMBER = "onehot"

_VERSION = 2  # changes when the same input makes other arrays


@dataclass(frozen=True)
class OneHots:
    """Converts samples to one-hot arrays under a label scheme."""

    scheme: LabelScheme
    layout: Layout = "hwc"
    dtype: Dtype = "uint8"
    void_channel: bool = False
    format: Format = "npz"

    def __call__(self, sample: Sample) -> Converted:
        """The array, named after the sample's key. Raises SampleError."""
        class_map, pixels, contested = semantic_map(sample, self.scheme)
        data = self._npz(class_map) if self.format == "npz" else self._npy(class_map)
        return Converted({file_name(sample.key, self.format): data}, Counts(pixels, contested))

    def settings(self) -> bytes:
        """All settings that affect the bytes of an array."""
        how = (self.layout, self.dtype, self.void_channel, self.format)
        return msgspec.json.encode(("one-hot", _VERSION, self.scheme.numbers, how))

    @property
    def channels(self) -> list[str | None]:
        """The names of the channels; None for a channel that is empty in every array."""
        return channel_names(self.scheme) + ["void"] * self.void_channel

    def _npz(self, class_map: npt.NDArray[Any]) -> bytes:
        head = npy_head(self.dtype, self._shape(class_map))
        found = deflate_one_hot(class_map, head=head, **self._how)
        return archive([Member(f"{MEMBER}.npy", found.packed, found.size, found.crc)])

    def _npy(self, class_map: npt.NDArray[Any]) -> bytes:
        def fill(out: npt.NDArray[Any]) -> None:
            one_hot(class_map, out=out, **self._how)

        return npy_filled(self.dtype, self._shape(class_map), fill)

    def _shape(self, class_map: npt.NDArray[Any]) -> tuple[int, ...]:
        count = len(self.channels)
        return (*class_map.shape, count) if self.layout == "hwc" else (count, *class_map.shape)

    @property
    def _how(self) -> dict[str, Any]:
        return {
            "num_classes": self.scheme.num_classes,
            "void": self.scheme.void,
            "layout": self.layout,
            "dtype": np.dtype(self.dtype),
            "void_channel": self.void_channel,
        }


def channel_names(scheme: LabelScheme) -> list[str | None]:
    """The class names by index; None for an index that no pixel can have.

    >>> from cocoseg.labels import LabelClass
    >>> channel_names(LabelScheme("two", (LabelClass(1, "road", (7,)), LabelClass(3, "sky", (23,))), unlabelled=0))
    ['unlabelled', 'road', None, 'sky']
    """
    return list(scheme.names)


def file_name(key: str, format: Format) -> str:
    """The name of the file for an image.

    >>> file_name("val/000001.png", "npz")
    'val/000001.npz'
    """
    return f"{key.removesuffix('.png')}.{format}"
