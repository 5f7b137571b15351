"""Counts over a detection JSON, without decoding a mask."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from cocoseg.formats import surveys
from cocoseg.formats.coco.index import Entry, Index, read_index
from cocoseg.model import Refused


def survey(
    path: str | os.PathLike[str],
    *,
    categories: str | os.PathLike[str] | None = None,
    images: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """The fields of ``cocoseg.tools.info.Info`` for a detection JSON. Raises DocumentError."""
    source = os.fspath(path)
    index = read_index(source, categories, images)
    entries = [entry for entry in index.entries if isinstance(entry, Entry)]
    rows = [row for entry in entries for row in entry.annotations]
    used = Counter(row.category_id for row in rows)
    return {
        "source": source,
        "format": "coco",
        "images": len(entries),
        "segments": len(rows),
        "crowd": sum(bool(row.iscrowd) for row in rows),
        "categories": index.categories,
        "used": dict(sorted(used.items())),
        "sizes": dict(Counter(entry.size for entry in entries).most_common()),
        "missing": _missing(index, entries, used),
        "failures": tuple(entry.problem for entry in index.entries if isinstance(entry, Refused)),
        "problems": index.problems,
    }


def _missing(index: Index, entries: list[Entry], used: Counter[int]) -> tuple[str, ...]:
    empty = sum(not entry.annotations for entry in entries)
    rows = [*surveys.categories_of(index.categories, used), (empty, f"annotations of {empty} images")]
    return surveys.told(rows)
