"""Counts over a folder of masks, from its tables or from its names, without decoding a mask."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cocoseg.errors import Problem, SampleError
from cocoseg.files import places
from cocoseg.files.places import StrPath
from cocoseg.files.reading import read_file
from cocoseg.formats import masks, masks_foreign
from cocoseg.formats.masks_table import read_table
from cocoseg.model import Dataset, Refused


def survey(path: StrPath, *, categories: StrPath | None = None, images: StrPath | None = None) -> dict[str, Any]:
    """The fields of ``cocoseg.tools.info.Info`` for a folder of masks. Raises DocumentError."""
    dataset = masks.read(path, categories=categories, images=images)
    found = _Counts()
    for entry in dataset.entries:
        found.add(dataset, entry)
    missing = [
        (not dataset.categories, "categories (give them with --categories)"),
        (found.unsized, f"sizes of {found.unsized} images (their masks' own are used)"),
    ]
    return {
        "source": dataset.source,
        "format": "masks",
        "images": len(dataset),
        "segments": sum(found.used.values()),
        "crowd": found.crowd,
        "categories": dataset.categories,
        "used": dict(sorted(found.used.items())),
        "sizes": dict(found.sizes.most_common()),
        "missing": tuple(text for gone, text in missing if gone),
        "failures": tuple(found.failures),
        "problems": dataset.problems,
    }


@dataclass
class _Counts:
    used: Counter[int] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    crowd: int = 0
    unsized: int = 0
    failures: list[Problem] = field(default_factory=list)

    def add(self, dataset: Dataset, entry: masks.Entry | masks_foreign.Entry | Refused) -> None:
        """Count an image, or note why it can't be used."""
        if isinstance(entry, Refused):
            self.failures.append(entry.problem)
        elif isinstance(entry, masks_foreign.Entry):
            self._count(entry.size, entry.category_ids, 0)
        else:
            try:
                table = read_table(read_file(places.join(dataset.source, entry.table)))
            except SampleError as error:
                self.failures.append(error.at(dataset.load.place(entry)).problem)
                return
            crowd = sum(bool(row.iscrowd) for row in table.masks)
            self._count(table.size, tuple(row.category_id for row in table.masks), crowd)

    def _count(self, size: tuple[int, int] | None, category_ids: tuple[int, ...], crowd: int) -> None:
        self.used.update(category_ids)
        self.crowd += crowd
        if size is None:
            self.unsized += 1
        else:
            self.sizes[size] += 1
