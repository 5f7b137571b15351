"""Counts what a source holds, without decoding a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cocoseg.errors import Problem, SampleError
from cocoseg.files.documents import TOO_DEEP
from cocoseg.files.png import HEADER_BYTES, Header, read_header
from cocoseg.files.reading import read_head
from cocoseg.model import Category, Dataset, Entry, Refused, unlisted


class Peek(NamedTuple):
    """What a survey finds in one image: (height, width), and the categories and crowds of its segments, if known.

    ``lacks`` names what is missing; ``{n}`` stands for the number of images that lack it.
    """

    size: tuple[int, int] | None
    category_ids: Sequence[int] | None = None
    crowds: int = 0
    lacks: tuple[str, ...] = ()


def count(format: str, dataset: Dataset, peek: Callable[[Entry], Peek]) -> dict[str, Any]:
    """The fields of ``cocoseg.Info`` for a data set; ``peek`` surveys one image."""
    seen, failures = _look(dataset, peek)
    counted = all(image.category_ids is not None for image in seen)
    used = Counter(number for image in seen for number in image.category_ids or ())
    return {
        "source": dataset.source,
        "format": format,
        "images": sum(not _is_stray(entry) for entry in dataset.entries),
        "segments": sum(used.values()) if counted else None,
        "crowd": sum(image.crowds for image in seen) if counted else None,
        "categories": dataset.categories,
        "used": dict(sorted(used.items())),
        "sizes": dict(Counter(image.size for image in seen if image.size).most_common()),
        "missing": tuple(_missing(dataset, used if counted else None, seen)),
        "failures": failures,
        "problems": dataset.problems,
        "read_as": dataset.read_as,
    }


def header_size(path: str, read: Callable[[bytes], Header] = read_header, head: int = HEADER_BYTES) -> tuple[int, int]:
    """(height, width) of a picture from its first ``head`` bytes. Raises SampleError: ``file.*``, ``png.*``."""
    return read(read_head(path, head)).size


def _look(dataset: Dataset, peek: Callable[[Entry], Peek]) -> tuple[list[Peek], tuple[Problem, ...]]:
    """What ``peek`` finds in the entries, and the problems of those that fail."""
    found: list[Peek] = []
    failures: list[Problem] = []
    for entry in dataset.entries:
        if isinstance(entry, Refused):
            failures.append(entry.problem)
            continue
        try:
            found.append(peek(entry))
        except SampleError as error:
            failures.append(error.at(dataset.load.place(entry)).problem)
        except RecursionError:
            failures.append(Problem("json.depth", f"{dataset.load.place(entry)}: {TOO_DEEP}"))
    return found, tuple(failures)


def _is_stray(entry: Entry | Refused) -> bool:
    return isinstance(entry, Refused) and entry.stray


def _missing(dataset: Dataset, used: Iterable[int] | None, seen: Sequence[Peek]) -> Iterator[str]:
    """Descriptions of what the source does not hold."""
    yield from dataset.missing
    if used is not None:
        yield from _unlisted(dataset.categories, used)
    background = dataset.conventions.unlabelled == "background"
    if not background and any(category.isthing is None for category in dataset.categories):
        yield "isthing of some categories"
    for text, images in Counter(text for image in seen for text in image.lacks).items():
        yield text.replace("{n}", str(images))


def _unlisted(categories: Sequence[Category], used: Iterable[int]) -> Iterator[str]:
    """Which categories are missing: all, or those of some used ids."""
    missing = unlisted(categories, used)
    if not categories:
        yield "categories (give them with --categories, or choose labels with a class table)"
    elif missing:
        yield f"categories of {len(missing)} used ids: {', '.join(map(str, missing[:10]))}"
