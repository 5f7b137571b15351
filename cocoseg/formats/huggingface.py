"""Writes folders that ``datasets`` loads as an imagefolder, with a label picture for each photo.

    train/images/a.jpg    train/labels/a.png    train/metadata.jsonl    id2label.json
    {"file_name":"images/a.jpg","label_file_name":"labels/a.png","image_id":7}

``datasets`` makes columns ``image`` and ``label`` of the two names (image_dataset, "Image segmentation"). Labels are
class maps, as SegFormer's processor takes them; or numbers of segments, with ``segments``, pairs of number and class,
for ``instance_id_to_semantic_id`` of Mask2Former's (``image_processing_mask2former.py``). 255 is void in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np

from cocoseg.errors import LabelError, show
from cocoseg.files.documents import write_json
from cocoseg.files.png.write import write_class_map
from cocoseg.formats.stacks import Counts
from cocoseg.labels import LabelScheme
from cocoseg.model.photographed import Photographed, placed
from cocoseg.runs.document import Document, Place, Texts
from cocoseg.runs.folder import Folder
from cocoseg.runs.writer import Converted
from cocoseg.targets.numbered import numbered
from cocoseg.targets.semantic import semantic_map

NAMES = "id2label.json"
TABLE = "{}/metadata.jsonl"
_VERSION = 1  # changes when the same input makes other files

Task = Literal["semantic", "panoptic"]


class _Line(msgspec.Struct, omit_defaults=True):
    file_name: str
    label_file_name: str
    image_id: int | str
    segments: list[tuple[int, int]] | None = None


@dataclass(frozen=True)
class Pairs:
    """Converts samples and their photos to pairs of pictures and a line of the table, under a label scheme."""

    scheme: LabelScheme
    task: Task = "semantic"

    def __call__(self, found: Photographed) -> Converted:
        """The label picture, the photo and their line. Raises SampleError."""
        part, _, key = found.sample.key.partition("/")
        stem = key.removesuffix(".png")
        picture, segments, counts = self._labels(found)
        files, links = placed(found.photo, f"{part}/images/{stem}")
        ending = found.photo.ending if found.photo else ""
        line = _Line(f"images/{stem}{ending}", f"labels/{stem}.png", found.sample.image_id, segments)
        files = files | {f"{part}/labels/{stem}.png": picture}
        return Converted(files, counts, (msgspec.json.encode(line),), links)

    def settings(self) -> bytes:
        """All settings that affect the files."""
        return msgspec.json.encode(("hf", _VERSION, self.task, self.scheme.numbers))

    def _labels(self, found: Photographed) -> tuple[bytes, list[tuple[int, int]] | None, Counts]:
        if self.task == "semantic":
            class_map, pixels, contested = semantic_map(found.sample, self.scheme)
            return write_class_map(class_map), None, Counts(pixels, contested)
        picture, classes = numbered(found.sample, self.scheme)
        areas = np.bincount(picture.reshape(-1), minlength=256).tolist()
        pixels = {}
        for number, label in [*classes.items(), (255, self.scheme.void)]:
            pixels[label] = pixels.get(label, 0) + areas[number]
        counts = Counts(pixels, 0, len(classes), int(found.sample.iscrowd.sum()))
        return write_class_map(picture), list(classes.items()), counts


def table(folder: Folder) -> Document:
    """The table of each part: a line for each image."""
    return Document(Place(folder, TABLE, folder), (Texts(0, b"", b"\n"), b"\n"))


def id2label(scheme: LabelScheme) -> bytes:
    """``id2label.json``: the names of the classes by their numbers, as a model's configuration takes them."""
    return write_json({str(k): name for k, name in enumerate(scheme.names) if name is not None})


def check_void(scheme: LabelScheme) -> None:
    """Raises LabelError ``label.range`` where void is not 255, which the processors ignore."""
    if scheme.void != 255:
        text = f"void is {scheme.void}, where the processors ignore 255: take labels index"
        raise LabelError("label.range", f"labels {show(scheme.name)}: {text}")
