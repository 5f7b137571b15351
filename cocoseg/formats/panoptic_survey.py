"""Counts over a panoptic JSON, without decoding a picture."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from cocoseg.errors import Problem, SampleError
from cocoseg.files import places, png
from cocoseg.files.reading import read_head
from cocoseg.formats.panoptic import parse_segments, png_folder
from cocoseg.formats.panoptic_index import Entry, Index, read_index
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
    counter = _Counter(source, folder)
    for entry in index.entries:
        counter.count(entry)
    return {
        "source": source,
        "format": "panoptic",
        "images": len(index.entries),
        "segments": sum(counter.used.values()),
        "crowd": counter.crowd,
        "categories": index.categories,
        "used": dict(sorted(counter.used.items())),
        "sizes": dict(counter.sizes.most_common()),
        "missing": tuple(_missing(index, counter, folder)),
        "failures": tuple(counter.failures),
        "problems": index.problems,
    }


class _Counter:
    def __init__(self, source: str, folder: str) -> None:
        self.source, self.folder = source, folder
        self._is_there = places.lookup(folder, os.path.exists)
        self.used: Counter[int] = Counter()
        self.sizes: Counter[tuple[int, int]] = Counter()
        self.crowd = self.without_png = self.without_area = 0
        self.failures: list[Problem] = []

    def count(self, entry: Entry | Refused) -> None:
        if isinstance(entry, Refused):
            self.failures.append(entry.problem)
            return
        try:
            self._count(entry)
        except SampleError as error:
            self.failures.append(error.at(f"{self.source}: {entry.place}").problem)

    def _count(self, entry: Entry) -> None:
        segments = parse_segments(entry)
        self.used.update(segment.category_id for segment in segments)
        self.crowd += sum(bool(segment.iscrowd) for segment in segments)
        self.without_area += any(segment.area is None for segment in segments)
        path = places.join(self.folder, entry.file_name)
        if not self._is_there(entry.file_name):
            self.without_png += 1
        elif entry.size is None:
            self.sizes[png.read_header(read_head(path, png.HEADER_BYTES)).size] += 1
        if entry.size is not None:
            self.sizes[entry.size] += 1


def _missing(index: Index, counter: _Counter, folder: str) -> list[str]:
    listed = {category.id for category in index.categories}
    unlisted = sorted(set(counter.used) - listed)
    missing: Sequence[tuple[object, str]] = (
        (not index.categories, "categories (give them with --categories, or choose labels with a class table)"),
        (listed and unlisted, f"categories of {len(unlisted)} used ids: {', '.join(map(str, unlisted[:10]))}"),
        (any(category.isthing is None for category in index.categories), "isthing of some categories"),
        (all(isinstance(e, Refused) or e.size is None for e in index.entries), "image sizes (the PNGs' own are used)"),
        (counter.without_area, f"areas of segments in {counter.without_area} images"),
        (index.unannotated, f"annotations of {index.unannotated} images"),
        (counter.without_png, f"{counter.without_png} of {len(index.entries)} PNGs in {folder}"),
    )
    return [text for gone, text in missing if gone]
