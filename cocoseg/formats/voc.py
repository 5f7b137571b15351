"""Writes Pascal VOC: pictures of classes and of objects in VOC's colours, lists of images, and links to photos.

    JPEGImages/a.jpg    SegmentationClass/a.png    SegmentationObject/a.png    ImageSets/Segmentation/train.txt

Classes count from 1 and 0 is background; value n of SegmentationObject is object n; 255 is void in both (VOC2012's
devkit_doc.pdf). ``class_names.txt`` has a name in each line, by number, as labelme2voc.py writes it, and
``labelmap.txt`` names the colours (datumaro, ``voc/format.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.codecs.looks import default_color
from cocoseg.codecs.regions import Regions
from cocoseg.errors import LabelError, SampleError, show
from cocoseg.files.png.write import write_class_map
from cocoseg.formats.stacks import Counts
from cocoseg.labels import LabelScheme
from cocoseg.labels.distinct import distinct_names
from cocoseg.model import Sample
from cocoseg.model.needed_photos import placed
from cocoseg.model.photos import Photographed
from cocoseg.runs.document import Document, Place, Texts
from cocoseg.runs.folder import Folder
from cocoseg.runs.writer import Converted
from cocoseg.targets.segments import known_segments
from cocoseg.targets.semantic import painted, semantic_map

NAMES = "class_names.txt"
COLORS = "labelmap.txt"
LISTS = "ImageSets/Segmentation/{}.txt"
VOID = 255
PALETTE = tuple(default_color(number - 1) for number in range(256))  # VOC's own, from black
_VERSION = 2  # changes when the same input makes other pictures


@dataclass(frozen=True)
class Pictures:
    """Converts samples and their photos to a picture of classes and one of objects, under a label scheme."""

    scheme: LabelScheme

    def __call__(self, sample: Photographed) -> Converted:
        """Both pictures, the photo, and the line of the list. Raises SampleError ``limit.segments``."""
        name = sample.key.partition("/")[2].removesuffix(".png")
        class_map, pixels, contested = semantic_map(sample, self.scheme)
        objects, count = self._objects(sample, class_map)
        pictures = {"SegmentationClass": class_map, "SegmentationObject": objects}
        files, links = placed(sample.photo, f"JPEGImages/{name}")
        files = files | {f"{folder}/{name}.png": write_class_map(made, PALETTE) for folder, made in pictures.items()}
        counts = Counts(pixels, contested, count, int(sample.iscrowd.sum()))
        return Converted(files, counts, (name.encode(),), links)

    def settings(self) -> bytes:
        """All settings that affect the pictures."""
        return msgspec.json.encode(("voc", _VERSION, self.scheme.numbers))

    def _objects(self, sample: Sample, class_map: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], int]:
        shown, _ = painted(sample, self.scheme)
        classes, kept = known_segments(shown, self.scheme)
        listed = kept[classes[kept] != 0]
        count = len(listed)
        if count >= VOID:
            raise SampleError("limit.segments", f"{sample.place}: {count} objects, where VOC's pictures have up to 254")
        numbers = np.zeros(len(shown.ids), np.uint8)
        numbers[listed] = np.arange(1, count + 1)
        objects = cast("Regions", shown.shapes).paint(numbers, outside=0)
        objects[class_map == VOID] = VOID
        objects[class_map == 0] = 0
        return objects, count


def lists(folder: Folder) -> Document:
    """The list of each part: a name in each line."""
    return Document(Place(folder, LISTS, folder), (Texts(0, b"", b"\n"), b"\n"))


def class_names(scheme: LabelScheme) -> bytes:
    """The names of the classes, a line for each number from 0, whatever stands in them.

    A name that readers would take for a remark is in quotes.
    """
    names = [" ".join((name or "").splitlines()).strip() for name in scheme.names]
    names = [f'"{name}"' if name.startswith("#") else name for name in names]
    return "".join(f"{name or f'unused {number}'}\n" for number, name in enumerate(names)).encode()


def label_map(scheme: LabelScheme) -> bytes | None:
    """``labelmap.txt``, of lines ``name:r,g,b:parts:actions``; CVAT and Datumaro take VOC2012's classes without it.

    Its names are distinct, since Datumaro refuses a table with a name that is there before.
    ``ignored`` is its name for void. None where a class has that name, or one that can't stand in it: with a colon, a
    line break, or ``#`` at its beginning.
    """
    names = distinct_names(scheme)
    if "ignored" in names or any(
        set(name) & set(":\r\n") or name.strip() != name or name[:1] in ("", "#") for name in names
    ):
        return None
    colors = [",".join(map(str, PALETTE[number])) for number in (*range(len(names)), VOID)]
    lines = [f"{name}:{color}::\n" for name, color in zip([*names, "ignored"], colors, strict=True)]
    return "".join(["# label:color_rgb:parts:actions\n", *lines]).encode()


def check_numbers(scheme: LabelScheme) -> None:
    """Raises LabelError ``label.range`` where class maps are not VOC's: background 0, classes 1.., void 255."""
    first: Sequence[str] = [row.name for row in scheme.table if row.index == 0]
    if scheme.void != VOID or scheme.num_classes > VOID or (first and "background" not in first[0].lower()):
        found = f"void is {scheme.void}, class 0 is {show(first[0] if first else 'background')}"
        text = f"{found}, of {scheme.num_classes} classes; VOC has background 0 and void 255: take labels index"
        raise LabelError("label.range", f"labels {show(scheme.name)}: {text}")
