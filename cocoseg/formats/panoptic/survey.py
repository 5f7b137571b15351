"""Counts over a panoptic JSON, without decoding a picture."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from cocoseg.files import places
from cocoseg.formats import surveys
from cocoseg.formats.panoptic.index import Entry, Index, read_index
from cocoseg.formats.panoptic.reader import parse_segments, png_folder
from cocoseg.model import Refused


def survey(
    path: str | os.PathLike[str],
    *,
    png_dir: str | os.PathLike[str] | None = None,
    categories: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """The fields of ``cocoseg.tools.info.Info`` for a panoptic JSON. Raises DocumentError."""
    source = os.fspath(path)
    index = read_index(source, categories)
    folder = png_folder(source, png_dir)
    counter = _Counter(folder)
    _, failures = surveys.look(index.entries, source, counter.count)
    return {
        "source": source,
        "format": "panoptic",
        "images": len(index.entries),
        "segments": sum(counter.used.values()),
        "crowd": counter.crowd,
        "categories": index.categories,
        "used": dict(sorted(counter.used.items())),
        "sizes": dict(counter.sizes.most_common()),
        "missing": _missing(index, counter, folder),
        "failures": failures,
        "problems": index.problems,
    }


class _Counter:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._is_there = places.lookup(folder, os.path.exists)
        self.used: Counter[int] = Counter()
        self.sizes: Counter[tuple[int, int]] = Counter()
        self.crowd = self.without_png = self.without_area = 0

    def count(self, entry: Entry) -> None:
        """Raises SampleError: ``doc.*``, ``id.*``, ``file.*``, ``png.*``."""
        segments = parse_segments(entry)
        self.used.update(segment.category_id for segment in segments)
        self.crowd += sum(bool(segment.iscrowd) for segment in segments)
        self.without_area += any(segment.area is None for segment in segments)
        if not self._is_there(entry.file_name):
            self.without_png += 1
        elif entry.size is None:
            self.sizes[surveys.picture_size(self.folder, entry.file_name)] += 1
        if entry.size is not None:
            self.sizes[entry.size] += 1


def _missing(index: Index, counter: _Counter, folder: str) -> tuple[str, ...]:
    missing: Sequence[tuple[object, str]] = (
        *surveys.categories_of(index.categories, counter.used),
        (any(category.isthing is None for category in index.categories), "isthing of some categories"),
        (all(isinstance(e, Refused) or e.size is None for e in index.entries), "image sizes (the PNGs' own are used)"),
        (counter.without_area, f"areas of segments in {counter.without_area} images"),
        (index.unannotated, f"annotations of {index.unannotated} images"),
        (counter.without_png, f"{counter.without_png} of {len(index.entries)} PNGs in {folder}"),
    )
    return surveys.told(missing)
