"""Writes a mask for each segment: PNGs of 0 and 255, or all masks of an image packed to bits, and a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.codecs import rle
from cocoseg.codecs.rle import Runs
from cocoseg.errors import SampleError
from cocoseg.files.documents import Count
from cocoseg.files.names import relative_name
from cocoseg.files.npz import npz
from cocoseg.files.png.masks import write_mask
from cocoseg.formats.masks.table import TABLE, class_word, make_table, mask_names, write_table
from cocoseg.model import Category, Sample
from cocoseg.runs.writer import Converted

_VERSION = 1  # changes when the same input makes other masks


class Counts(msgspec.Struct, forbid_unknown_fields=True):
    """Counts of an image's masks by category_id, of its crowds, and of masks without a pixel."""

    masks: dict[int, Count] = {}
    crowds: Count = 0
    empty: Count = 0


@dataclass(frozen=True)
class _Masks:
    """What both ways of writing masks share."""

    categories: tuple[Category, ...]
    left_out: frozenset[int] = frozenset()

    def settings(self) -> bytes:
        """All settings that affect the bytes of masks and tables."""
        rows = [(row.id, row.name) for row in self.categories]
        return msgspec.json.encode((type(self).__name__, _VERSION, rows, sorted(self.left_out)))

    @cached_property
    def _names(self) -> dict[int, str]:
        return {row.id: row.name for row in self.categories}


@dataclass(frozen=True)
class MaskFiles(_Masks):
    """Converts samples to a PNG per segment and a table: ``<stem>/<id>_<class>.png`` and ``<stem>/masks.json``."""

    def __call__(self, sample: Sample) -> Converted:
        """The masks of a sample, decoded one at a time. Raises SampleError ``path.invalid``."""
        sample = sample.without(self.left_out)
        masks = sample.runs
        classes = [class_word(self._names.get(number), number) for number in sample.category_ids.tolist()]
        files = mask_names(sample.ids, classes)
        folder = stem(sample.key)
        made = {f"{folder}/{name}": write_mask(mask) for name, mask in zip(files, each(masks), strict=True)}
        table = write_table(make_table(sample, masks, self._names, files))
        return Converted(made | {_name(sample, f"{folder}/{TABLE}"): table}, counts(sample, masks))


@dataclass(frozen=True)
class MaskStacks(_Masks):
    """Converts samples to one file with all masks and a table: ``<stem>.npz`` and ``<stem>.json``.

    The file holds ``masks`` (n, H, ceil(W / 8)) uint8, as ``numpy.packbits`` packs rows, ``size`` (height, width), and
    the columns of the table: ``ids``, ``category_ids``, ``areas``, ``bboxes`` (n, 4), ``iscrowd`` and any ``scores``.
    """

    def __call__(self, sample: Sample) -> Converted:
        """The masks of a sample, decoded one at a time. Raises SampleError ``path.invalid``, ``limit.archive``."""
        sample = sample.without(self.left_out)
        masks = sample.runs
        name = stem(sample.key)
        table = write_table(make_table(sample, masks, self._names))
        files = {f"{name}.npz": npz(columns(sample, masks)), _name(sample, f"{name}.json"): table}
        return Converted(files, counts(sample, masks))


def stem(key: str) -> str:
    """The common part of the names of an image's files: its key without ``.png``."""
    return key.removesuffix(".png")


def _name(sample: Sample, name: str) -> str:
    try:
        return relative_name(name)
    except SampleError as error:
        raise error.at(sample.place) from None


def each(masks: Runs) -> Iterator[npt.NDArray[np.bool_]]:
    """The masks (H, W) bool, one at a time. All masks of a crowded picture take hundreds of MB."""
    return (rle.decode(rle.take(masks, np.array([index])))[0] for index in range(len(masks)))


def packed(masks: Runs) -> npt.NDArray[np.uint8]:
    """(n, H, ceil(W / 8)) uint8: eight pixels of a row in a byte, the first in its highest bit."""
    bits = np.zeros((len(masks), masks.size[0], -(-masks.size[1] // 8)), np.uint8)
    for index, mask in enumerate(each(masks)):
        bits[index] = np.packbits(mask, axis=-1)
    return bits


def columns(sample: Sample, masks: Runs) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a stack."""
    arrays: dict[str, npt.NDArray[Any]] = {"masks": packed(masks), "size": np.array(masks.size, np.int64)}
    arrays |= {"ids": sample.ids, "category_ids": sample.category_ids, "areas": rle.area(masks)}
    arrays |= {"bboxes": rle.bbox(masks), "iscrowd": sample.iscrowd}
    return arrays if sample.scores is None else arrays | {"scores": sample.scores}


def counts(sample: Sample, masks: Runs) -> Counts:
    """The counts of a sample's masks, for the summary."""
    empty = int((rle.area(masks) == 0).sum())
    return Counts(dict(Counter(sample.category_ids.tolist())), int(sample.iscrowd.sum()), empty)
