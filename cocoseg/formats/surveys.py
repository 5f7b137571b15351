"""What surveys have in common: one look at each image, and at the headers of pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from cocoseg.errors import Problem, SampleError
from cocoseg.files import places
from cocoseg.files.png import HEADER_BYTES, Header, read_header
from cocoseg.files.reading import read_head
from cocoseg.model import Category, Refused

UNNAMED = "the photos' names and ids (give them with --images)"

T = TypeVar("T")


def of_pictures(
    folder: str,
    format: str,
    index: Any,
    categories: tuple[Category, ...],
    read: Callable[[bytes], Header],
    missing: Sequence[tuple[object, str]] = (),
) -> dict[str, Any]:
    """The fields of ``cocoseg.tools.info.Info`` for a folder; ``missing`` are (whether it is so, what is missing)."""
    sizes, failures = look(index.entries, folder, lambda entry: picture_size(folder, entry.file_name, read))
    rows = [
        *missing,
        (any(category.isthing is None for category in categories), "isthing of some categories"),
        (not any(getattr(entry, "photo", None) for entry in index.entries), UNNAMED),
    ]
    return {
        "source": folder,
        "format": format,
        "images": len(index.entries),
        "segments": None,
        "crowd": None,
        "categories": categories,
        "used": {},
        "sizes": dict(Counter(sizes).most_common()),
        "missing": told(rows),
        "failures": failures,
        "problems": index.problems,
    }


def look(entries: Iterable[Any], source: str, see: Callable[[Any], T]) -> tuple[list[T], tuple[Problem, ...]]:
    """What ``see`` finds in each entry, and why in some it finds nothing."""
    found: list[T] = []
    failures: list[Problem] = []
    for entry in entries:
        if isinstance(entry, Refused):
            failures.append(entry.problem)
            continue
        try:
            found.append(see(entry))
        except SampleError as error:
            failures.append(error.at(f"{source}: {entry.place}").problem)
    return found, tuple(failures)


def picture_size(folder: str, name: str, read: Callable[[bytes], Header] = read_header) -> tuple[int, int]:
    """(height, width) of a PNG, as its header says. Raises SampleError: ``file.*``, ``png.*``."""
    return read(read_head(places.join(folder, name), HEADER_BYTES)).size


def categories_of(categories: Sequence[Category], used: Iterable[int]) -> list[tuple[object, str]]:
    """What of the categories of these ids may be missing, all or some."""
    unlisted = sorted(set(used) - {category.id for category in categories})
    some = f"categories of {len(unlisted)} used ids: {', '.join(map(str, unlisted[:10]))}"
    whole = "categories (give them with --categories, or choose labels with a class table)"
    return [(not categories, whole), (categories and unlisted, some)]


def told(missing: Iterable[tuple[object, str]]) -> tuple[str, ...]:
    """What is missing, of all that could be."""
    return tuple(text for gone, text in missing if gone)
