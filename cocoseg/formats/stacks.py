"""What formats for training share: label pictures, the names of the classes, and what is counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from cocoseg.errors import LabelError, show
from cocoseg.files.documents import Count, write_json
from cocoseg.files.png.write import write_class_map
from cocoseg.labels import LabelScheme
from cocoseg.labels.distinct import distinct_names
from cocoseg.model import Sample
from cocoseg.targets.numbered import IGNORED, numbered
from cocoseg.targets.semantic import semantic_map

NAMES = "id2label.json"
_INT64 = 1 << 63

Task = Literal["semantic", "panoptic"]


class Counts(msgspec.Struct, forbid_unknown_fields=True):
    """Counts of an image: pixels of each value, pixels that several masks cover, segments, crowds that are lost."""

    pixels: dict[int, Count] = {}
    contested: Count = 0
    segments: Count = 0
    crowds: Count = 0


class Labelled(NamedTuple):
    """A label picture as PNG; pairs of number and class if it has numbers of segments; and the counts."""

    picture: bytes
    segments: list[tuple[int, int]] | None
    counts: Counts


def labelled(sample: Sample, scheme: LabelScheme, task: Task) -> Labelled:
    """The label picture of a sample: classes (``semantic``), or numbers of segments (``panoptic``); 255 is void.

    Raises SampleError.
    """
    if task == "semantic":
        class_map, pixels, contested = semantic_map(sample, scheme)
        return Labelled(write_class_map(class_map), None, Counts(pixels, contested))
    picture, classes = numbered(sample, scheme)
    areas = np.bincount(picture.reshape(-1), minlength=IGNORED + 1).tolist()
    pixels = {}
    for number, label in [*classes.items(), (IGNORED, scheme.void)]:
        pixels[label] = pixels.get(label, 0) + areas[number]
    counts = Counts(pixels, 0, len(classes), int(sample.iscrowd.sum()))
    return Labelled(write_class_map(picture), list(classes.items()), counts)


def id2label(scheme: LabelScheme) -> bytes:
    """``id2label.json``: the names of the classes by their numbers, as a model's configuration takes them.

    Every number has one of its own: a model has as many outputs as there are names, and ``label2id`` is this turned.
    """
    return write_json({str(number): name for number, name in enumerate(distinct_names(scheme))})


def are_numbers(ids: Iterable[object]) -> bool:
    """Whether all ids of images are whole numbers of 64 bits; else a column of them holds texts.

    >>> are_numbers([7, 8]), are_numbers([7, "b"]), are_numbers([1 << 63])
    (True, False, False)
    """
    return all(isinstance(number, int) and -_INT64 <= number < _INT64 for number in ids)


def check_void(scheme: LabelScheme) -> None:
    """Raises LabelError ``label.range`` where void is not 255, which processors and losses ignore."""
    if scheme.void != IGNORED:
        text = f"void is {scheme.void}, where Hugging Face's processors ignore 255: take labels index"
        raise LabelError("label.range", f"labels {show(scheme.name)}: {text}")
