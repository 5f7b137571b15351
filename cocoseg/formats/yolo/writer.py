"""Writes YOLO data sets: ``data.yaml``, photos, and a text of outlines (segment) or a class map (semantic) for each.

    images/train/a.jpg    labels/train/a.txt    class x1 y1 x2 y2 ...    in shares of width and height
                          masks/train/a.png     a class index for each pixel, 255 void

An outline runs along the edges of pixels, so that pycocotools fills it to exactly the mask. Holes and parts hang on it
by bridges of no width, as ultralytics' ``merge_multi_segment`` makes them. Ultralytics finds labels by replacing the
last ``/images/`` of a photo's path (``data/utils.py``, img2label_paths); classes count from 0 (``data.yaml``, names).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import numpy as np

from cocoseg.codecs import contour, rle
from cocoseg.codecs.polygon import Rings
from cocoseg.codecs.rle import Runs
from cocoseg.errors import LabelError, show
from cocoseg.files.documents import Count
from cocoseg.files.png.write import write_class_map
from cocoseg.formats.yolo.bridges import in_one
from cocoseg.labels import LabelScheme
from cocoseg.labels.snippets import yaml_text
from cocoseg.model import Sample
from cocoseg.model.needed_photos import placed
from cocoseg.model.photos import Photographed
from cocoseg.runs.writer import Converted
from cocoseg.targets.segments import known_segments
from cocoseg.targets.semantic import semantic_map

CONFIG = "data.yaml"
_VERSION = 2  # changes when the same input makes other files
_LEAST = 10  # ultralytics' check_image: smaller photos are refused


class Counts(msgspec.Struct, forbid_unknown_fields=True):
    """Counts of an image: lines by class; what was left out; what is not as the source has it."""

    objects: dict[int, Count] = {}
    crowds: Count = 0
    empty: Count = 0
    void: Count = 0
    twins: Count = 0
    holes: Count = 0
    parts: Count = 0
    small: Count = 0


def classes_of(scheme: LabelScheme) -> list[tuple[int, str]]:
    """The classes that objects can have: the number in the scheme, and the name; the place is YOLO's number."""
    return [(row.index, row.name) for row in scheme.table if row.category_ids and row.index != scheme.void]


def check_contiguous(scheme: LabelScheme) -> None:
    """Raises LabelError ``label.range`` where class maps are none that ultralytics reads: 0..C-1, void 255."""
    if scheme.void != 255 or scheme.num_classes > 255:
        found = f"void is {scheme.void}, and there are {scheme.num_classes} classes"
        text = f"{found}; class maps for YOLO have classes from 0 and void 255: take labels index"
        raise LabelError("label.range", f"labels {show(scheme.name)}: {text}")


def config(names: Sequence[str], parts: Sequence[str], masks: bool) -> bytes:
    """The ``data.yaml``. Without a part val, train stands in for it."""
    there = {"train": "train", "val": "val", "test": "test"} if len(parts) > 1 else {}
    paths = {name: name if name in parts else parts[0] for name in ("train", "val")}
    paths |= {name: name for name in there if name in parts}
    rows = [f"{name}: images/{part}" for name, part in paths.items()]
    rows += ["masks_dir: masks"] if masks else []
    listed = [f"  {number}: {yaml_text(name)}" for number, name in enumerate(names)]
    return "\n".join([*rows, "names:", *listed, ""]).encode()


def stem(key: str) -> str:
    """The common part of an image's names; a folder ``images`` in it would mislead ultralytics.

    >>> stem("train/images/a.png"), stem("train/images_/a.png")
    ('train/images_/a', 'train/images__/a')
    """
    steps = key.removesuffix(".png").split("/")
    return "/".join(f"{step}_" if step.rstrip("_") == "images" else step for step in steps)


@dataclass(frozen=True)
class Outlines:
    """Converts samples and their photos to texts of outlines, under a label scheme; ``left_out`` are category ids."""

    scheme: LabelScheme
    left_out: frozenset[int] = frozenset()

    def __call__(self, sample: Photographed) -> Converted:
        """The text and the photo. Raises SampleError: ``id.unknown``, ``poly.*``."""
        name = stem(sample.key)
        text, counts = self._text(sample.without(self.left_out))
        files, links = placed(sample.photo, f"images/{name}")
        return Converted(files | {f"labels/{name}.txt": text}, counts, links=links)

    def settings(self) -> bytes:
        """All settings that affect the files."""
        return msgspec.json.encode(("yolo segment", _VERSION, self.scheme.numbers, sorted(self.left_out)))

    def _text(self, sample: Sample) -> tuple[bytes, Counts]:
        classes, kept = known_segments(sample, self.scheme)
        numbers = {index: number for number, (index, _) in enumerate(classes_of(self.scheme))}
        listed = np.isin(classes[kept], list(numbers)) & ~sample.iscrowd[kept]
        drawn = kept[listed]
        masks = rle.take(sample.runs, drawn)
        rings, holes = contour.outline_and_holes(masks)
        lines = _lines([numbers[index] for index in classes[drawn].tolist()], in_one(rings), masks)
        rows = list(dict.fromkeys(lines))
        counts = Counts(
            {number: sum(line.startswith(f"{number} ") for line in rows) for number in numbers.values()},
            int(sample.iscrowd.sum()),
            int((sample.areas == 0).sum()),
            int((~sample.iscrowd & (sample.areas > 0)).sum()) - len(drawn),
            len(lines) - len(rows),
            holes,
            int(np.maximum(np.diff(rings.mask_offsets) - 1, 0).sum()),
            int(min(sample.size) < _LEAST),
        )
        counts.objects = {number: count for number, count in counts.objects.items() if count}
        return "".join(f"{row}\n" for row in rows).encode(), counts


@dataclass(frozen=True)
class ClassMaps:
    """Converts samples and their photos to class maps under a label scheme."""

    scheme: LabelScheme

    def __call__(self, sample: Photographed) -> Converted:
        """The class map and the photo. Raises SampleError."""
        name = stem(sample.key)
        class_map, pixels, _ = semantic_map(sample, self.scheme)
        files, links = placed(sample.photo, f"images/{name}")
        counts = Counts(pixels, small=int(min(sample.size) < _LEAST))
        return Converted(files | {f"masks/{name}.png": write_class_map(class_map)}, counts, links=links)

    def settings(self) -> bytes:
        """All settings that affect the files."""
        return msgspec.json.encode(("yolo semantic", _VERSION, self.scheme.numbers))


def _lines(numbers: Sequence[int], rings: Rings, masks: Runs) -> list[str]:
    """A line for each mask, whose rings are one. Raises SampleError ``poly.inexact``."""
    contour.check(rings, masks)
    height, width = masks.size
    digits = max(6, 3 + len(str(max(height, width))))  # a thousandth of a pixel, and what other tools write
    shares = (rings.points / (width, height)).reshape(-1).tolist()
    words = [f"{share:.{digits}g}" for share in shares]
    bounds = pairwise((2 * rings.ring_offsets).tolist())
    return [" ".join([str(number), *words[a:b]]) for number, (a, b) in zip(numbers, bounds, strict=True)]
