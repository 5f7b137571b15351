"""Writes folders that ``datasets`` loads as an imagefolder, with a label picture for each photo.

    train/images/a.jpg    train/labels/a.png    train/metadata.jsonl    id2label.json
    {"file_name":"images/a.jpg","label_file_name":"labels/a.png","image_id":7}

``datasets`` makes columns ``image`` and ``label`` of the two names (image_dataset, "Image segmentation"). Labels are
class maps, as SegFormer's processor takes them; or numbers of segments, with ``segments``, pairs of number and class,
for ``instance_id_to_semantic_id`` of Mask2Former's (``image_processing_mask2former.py``). 255 is void in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from cocoseg.formats.stacks import Task, labelled
from cocoseg.labels import LabelScheme
from cocoseg.model.needed_photos import placed
from cocoseg.model.photos import Photographed
from cocoseg.runs.document import Document, Place, Texts
from cocoseg.runs.folder import Folder
from cocoseg.runs.writer import Converted

TABLE = "{}/metadata.jsonl"
_VERSION = 3  # changes when the same input makes other files


class _Line(msgspec.Struct, omit_defaults=True):
    file_name: str
    label_file_name: str
    image_id: int | str
    segments: list[tuple[int, int]] | None = None


@dataclass(frozen=True)
class Pairs:
    """Converts samples and their photos to pairs of pictures and a line of the table, under a label scheme.

    Ids of images are ``texts`` where some are no numbers, since a column of ``datasets`` has one type.
    """

    scheme: LabelScheme
    task: Task = "semantic"
    texts: bool = False

    def __call__(self, sample: Photographed) -> Converted:
        """The label picture, the photo and their line. Raises SampleError."""
        part, _, key = sample.key.partition("/")
        stem = key.removesuffix(".png")
        picture, segments, counts = labelled(sample, self.scheme, self.task)
        files, links = placed(sample.photo, f"{part}/images/{stem}")
        ending = sample.photo.ending if sample.photo else ""
        image_id = str(sample.image_id) if self.texts else sample.image_id
        line = _Line(f"images/{stem}{ending}", f"labels/{stem}.png", image_id, segments)
        files = files | {f"{part}/labels/{stem}.png": picture}
        return Converted(files, counts, (msgspec.json.encode(line),), links)

    def settings(self) -> bytes:
        """All settings that affect the files."""
        return msgspec.json.encode(("hf", _VERSION, self.task, self.texts, self.scheme.numbers))


def table(folder: Folder) -> Document:
    """The table of each part: a line for each image."""
    return Document(Place(folder, TABLE, folder), (Texts(0, b"", b"\n"), b"\n"))
