"""The table beside the masks of an image: strict JSON with everything that the pictures do not hold.

    {"image_id": 9, "file_name": "000000000009.jpg", "size": [480, 640], "masks": [
      {"file": "7_dog.png", "id": 7, "category_id": 18, "category": "dog", "area": 12, "bbox": [x, y, w, h],
       "iscrowd": 0, "score": 0.5}]}

A row has ``file`` if each mask is a separate file, and ``score`` if the annotations have scores.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from cocoseg.codecs import rle
from cocoseg.codecs.rle import Runs
from cocoseg.errors import DocumentError, SampleError, show
from cocoseg.files.documents import Int64, parse_document, write_json
from cocoseg.files.names import relative_name
from cocoseg.formats.coco_json.images import image_id
from cocoseg.model import Sample

TABLE = "masks.json"

_OTHER = re.compile(r"[^A-Za-z0-9]+")
_LONGEST = 80


class Row(msgspec.Struct, omit_defaults=True):
    """A mask: its file, if it is a separate file, and its annotation. ``bbox`` is [x, y, width, height] in pixels."""

    id: Int64
    category_id: Int64
    category: str | None
    area: Int64
    bbox: tuple[Int64, Int64, Int64, Int64]
    iscrowd: int | bool
    file: str | UnsetType = UNSET
    score: float | UnsetType = UNSET


class Table(msgspec.Struct):
    """An image and its masks. ``size`` is (height, width)."""

    image_id: int | str
    file_name: str
    size: tuple[int, int]
    masks: list[Row]


def make_table(sample: Sample, masks: Runs, names: Mapping[int, str], files: list[str] | None = None) -> Table:
    """The table of a sample and its ``masks`` (n,), with the names of categories and the files of masks."""
    scores = [UNSET] * len(masks) if sample.scores is None else sample.scores.tolist()
    columns = zip(
        sample.ids.tolist(),
        sample.category_ids.tolist(),
        map(names.get, sample.category_ids.tolist()),
        rle.area(masks).tolist(),
        map(tuple, rle.bbox(masks).tolist()),
        sample.iscrowd.astype(int).tolist(),
        [UNSET] * len(masks) if files is None else files,
        scores,
        strict=True,
    )
    return Table(sample.image_id, sample.file_name, sample.size, [Row(*column) for column in columns])


def write_table(table: Table) -> bytes:
    """A table as readable JSON, with one line per mask."""
    whole: dict[str, Any] = msgspec.to_builtins(table)
    rows = [{"file": row["file"], **row} if "file" in row else row for row in whole.pop("masks")]
    return write_json({**whole, "size": list(table.size), "masks": rows})


def read_table(data: bytes) -> Table:
    """A table, with its size, image id and file names checked. Raises SampleError."""
    try:
        table = parse_document(data, Table, unique=("image_id", "file_name", "size", "masks"))
    except DocumentError as error:
        raise SampleError(error.category, error.message) from None
    table.image_id = image_id(table.image_id, "image_id")
    table.size = rle.check_size(table.size)
    for number, row in enumerate(table.masks):
        try:
            row.file = row.file if row.file is UNSET else relative_name(row.file)
        except SampleError as error:
            raise error.at(f"masks[{number}]") from None
    return table


def files_of(table: Table) -> list[str]:
    """The files of the masks, each listed once. Raises SampleError ``doc.missing_key``, ``path.collision``."""
    found: dict[str, int] = {}
    for number, row in enumerate(table.masks):
        if row.file is UNSET:
            raise SampleError("doc.missing_key", f"masks[{number}]: no 'file', expected the name of its PNG")
        if (first := found.setdefault(row.file, number)) != number:
            text = f"masks[{number}]: masks[{first}] has file {show(row.file)} too; each mask needs a different file"
            raise SampleError("path.collision", text)
    return list(found)


def mask_names(ids: np.ndarray[Any, np.dtype[np.int64]], classes: list[str]) -> list[str]:
    """``<id>_<class>.png`` for each of the ids (n,). If an id is repeated, all masks are numbered from 1 instead.

    >>> mask_names(np.array([7, 9]), ["dog", "cat"]), mask_names(np.array([7, 7]), ["dog", "cat"])
    (['7_dog.png', '9_cat.png'], ['1_dog.png', '2_cat.png'])
    """
    numbers = ids.tolist() if len(np.unique(ids)) == len(ids) else range(1, len(ids) + 1)
    return [f"{number}_{name}.png" for number, name in zip(numbers, classes, strict=True)]


def class_word(name: str | None, category_id: int) -> str:
    """A category's name in letters, digits and ``-``, valid on every system; its id if no character is left.

    >>> class_word("Café / 2nd floor", 3), class_word("犬", 18)
    ('Cafe-2nd-floor', '18')
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name or "") if not unicodedata.combining(c))
    return _OTHER.sub("-", plain)[:_LONGEST].strip("-") or str(category_id)
