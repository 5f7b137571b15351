"""What the headers of a folder's pictures tell, for formats of which nothing else can be known without decoding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from cocoseg.errors import Problem, SampleError
from cocoseg.files import places
from cocoseg.files.png import HEADER_BYTES, Header
from cocoseg.files.reading import read_head
from cocoseg.formats.pictures import Index
from cocoseg.model import Category, Refused


def survey(
    folder: str,
    format: str,
    index: Index,
    categories: tuple[Category, ...],
    read_header: Callable[[bytes], Header],
    missing: Sequence[tuple[object, str]] = (),
) -> dict[str, Any]:
    """The fields of ``cocoseg.tools.info.Info`` for a folder; ``missing`` are (whether it is so, what is missing)."""
    sizes: Counter[tuple[int, int]] = Counter()
    failures: list[Problem] = []
    for entry in index.entries:
        if isinstance(entry, Refused):
            failures.append(entry.problem)
            continue
        try:
            sizes[read_header(read_head(places.join(folder, entry.file_name), HEADER_BYTES)).size] += 1
        except SampleError as error:
            failures.append(error.at(f"{folder}: {entry.place}").problem)
    unnamed = all(isinstance(entry, Refused) or entry.photo is None for entry in index.entries)
    rows = [
        *missing,
        (any(category.isthing is None for category in categories), "isthing of some categories"),
        (unnamed, "the photos' names and ids (give them with --images)"),
    ]
    return {
        "source": folder,
        "format": format,
        "images": len(index.entries),
        "segments": None,
        "crowd": None,
        "categories": categories,
        "used": {},
        "sizes": dict(sizes.most_common()),
        "missing": tuple(text for gone, text in rows if gone),
        "failures": tuple(failures),
        "problems": index.problems,
    }
