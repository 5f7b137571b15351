"""The findings about categories: those that the list of them shows, and those that the pixels show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from cocoseg.errors import show
from cocoseg.model import Category, unlisted
from cocoseg.runs.tally import counted
from cocoseg.stats.classes import ClassStatistics
from cocoseg.stats.findings import Finding, Side, classes, name_of, some

RARE = 10  # images; LVIS calls the classes rare that are in so many
RARE_SHARE = 20  # times as many images have the most frequent class

_BACKGROUND = ("background", "unlabeled", "unlabelled", "void", "ignore", "other")


def category_rules(side: Side) -> Iterator[Finding]:
    """All findings about categories, in no order."""
    yield from _unlisted(side)
    yield from _roots(side)
    yield from _alike(side.dataset.categories)
    yield from _zero(side)
    yield from _unused(side)
    yield from _rare(side)


def _unlisted(side: Side) -> Iterator[Finding]:
    """Segments of ids that no category has."""
    known = side.statistics.classes
    numbers = unlisted(side.dataset.categories, known)
    segments = sum(known[number].segments for number in numbers)
    ids = f"{counted(segments, 'segment')} of {counted(len(numbers), 'category id')}"
    if numbers and side.dataset.categories:
        yield Finding("id.unlisted", f"{ids} that the source does not list", segments, *some(numbers))
    elif numbers:
        what = f"the source lists no categories; --categories names those of {ids}"
        yield Finding("categories.none", what, segments, *some(numbers))


def _roots(side: Side) -> Iterator[Finding]:
    if roots := [show(row.name) for row in side.dataset.categories if row.unused_root]:
        what = f"{classes(len(roots))} without a segment, which only group others as their supercategory"
        yield Finding("label.unused_root", what, len(roots), *some(roots))


def _alike(categories: Sequence[Category]) -> Iterator[Finding]:
    """Names that are equal but for case and spaces; of equal ones the reader warns."""
    groups: dict[str, dict[str, None]] = {}
    for row in categories:
        groups.setdefault("".join(row.name.split()).casefold(), {})[row.name] = None
    if alike := [" and ".join(map(show, names)) for names in groups.values() if len(names) > 1]:
        yield Finding("name.case", "class names that differ only in case or spaces", len(alike), *some(alike))


def _zero(side: Side) -> Iterator[Finding]:
    """Id 0 in a COCO JSON; class maps and YOLO begin at 0 for good reason."""
    rows = {row.id: row.name.strip().lower() for row in side.dataset.categories}
    if side.format not in ("coco", "panoptic") or rows.get(0, _BACKGROUND[0]) in _BACKGROUND:
        return
    if segments := side.statistics.classes[0].segments:
        what = f"{counted(segments, 'segment')} of category id 0, which many tools take for background"
        yield Finding("id.zero", what, segments, (name_of(side, 0),))


def _unused(side: Side) -> Iterator[Finding]:
    """Classes without a pixel, but for those that are not meant to have any."""
    listed = [row.id for row in side.dataset.categories if not row.unused_root and not row.ignored]
    unused = [number for number in listed if not side.statistics.classes[number].images]
    if unused and side.statistics.areas.total:
        what = f"{len(unused):,} of {classes(len(listed))} without a pixel"
        yield Finding("class.unused", what, len(unused), *some(unused, partial(name_of, side)))


def _rare(side: Side) -> Iterator[Finding]:
    """Classes in few images, both by number and beside the most frequent class."""
    images = {number: row.images for number, row in side.statistics.classes.items() if row.images}
    most, bound = max(images.values(), default=0), rare_bound(side.statistics.classes)
    if rare := sorted((number for number in images if images[number] <= bound), key=lambda k: (images[k], k)):
        what = f"{classes(len(rare))} in {counted(bound, 'image')} or fewer, the most frequent one in {most:,}"
        yield Finding(
            "class.rare", what, len(rare), *some(rare, lambda number: f"{name_of(side, number)} ({images[number]})")
        )


def rare_bound(known: Mapping[int, ClassStatistics]) -> int:
    """The images that a rare class is in at most."""
    return min(RARE, max((row.images for row in known.values()), default=0) // RARE_SHARE)
