"""What a folder of masks tells without decoding one: its tables, or the names and headers of its pictures."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from cocoseg.files import places
from cocoseg.files.places import StrPath
from cocoseg.files.reading import read_file
from cocoseg.formats import surveys
from cocoseg.formats.masks import foreign as masks_foreign
from cocoseg.formats.masks import reader as masks
from cocoseg.formats.masks.table import read_table


def survey(path: StrPath, *, categories: StrPath | None = None, images: StrPath | None = None) -> dict[str, Any]:
    """The fields of ``cocoseg.tools.info.Info`` for a folder of masks. Raises DocumentError."""
    folder = os.fspath(path)
    dataset = masks.read(folder, categories=categories, images=images)
    found, failures = surveys.look(dataset.entries, folder, lambda entry: _look(folder, entry))
    used = Counter(number for image in found for number in image.category_ids)
    foreign = any(isinstance(entry, masks_foreign.Entry) for entry in dataset.entries)
    missing = [
        *surveys.categories_of(dataset.categories, used),
        (foreign and categories is None, "categories but for the files' names (give them with --categories)"),
        (foreign and images is None, surveys.UNNAMED),
    ]
    return {
        "source": folder,
        "format": "masks",
        "images": len(dataset.entries),
        "segments": sum(used.values()),
        "crowd": sum(image.crowd for image in found),
        "categories": dataset.categories,
        "used": dict(sorted(used.items())),
        "sizes": dict(Counter(image.size for image in found).most_common()),
        "missing": surveys.told(missing),
        "failures": failures,
        "problems": dataset.problems,
    }


class _Image(NamedTuple):
    size: tuple[int, int]
    category_ids: Sequence[int]
    crowd: int


def _look(folder: str, entry: masks.Entry | masks_foreign.Entry) -> _Image:
    """Raises SampleError: ``doc.*``, ``file.*``, ``png.*``."""
    if isinstance(entry, masks_foreign.Entry):
        size = surveys.picture_size(folder, places.join(entry.folder, entry.files[0]))
        return _Image(size, entry.category_ids, 0)
    table = read_table(read_file(places.join(folder, entry.table)))
    return _Image(table.size, [row.category_id for row in table.masks], sum(bool(row.iscrowd) for row in table.masks))
