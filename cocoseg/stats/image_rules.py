"""The findings about images: those that can't be used, what is strange in some, and what all of them add up to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cocoseg.errors import Problem, show
from cocoseg.runs.tally import counted
from cocoseg.stats.findings import KINDS, Finding, Side, some
from cocoseg.stats.oddities import MOST_VOID, Occurrences

MUCH_VOID = 0.25  # of all pixels
MUCH_OVERLAP = 0.1  # of the pixels that any segment covers

Examples = tuple[tuple[str, ...], int]

_NONE = Occurrences()
_WARNED = {
    "seg.bbox": "boxes disagree with the masks",
    "seg.empty": "annotations without a mask, or without a pixel",
    "panoptic.area": "areas disagree with the masks",
    "masks.area": "areas disagree with the masks",
}


def image_rules(side: Side) -> Iterator[Finding]:
    """All findings about images, in no order."""
    yield from _nothing(side)
    yield from _refused(side)
    yield from _warnings(side)
    yield from _labels(side)
    yield from _annotations(side)
    yield from _pixels(side)
    yield from _photos(side)


def _nothing(side: Side) -> Iterator[Finding]:
    stats = side.statistics
    if not stats.images:
        yield Finding("images.none", f"none of {counted(stats.listed, 'image')} can be used", stats.listed)
    elif not stats.areas.total:
        yield Finding("images.none", f"none of {counted(stats.images, 'image')} has a labelled pixel", stats.images)


def _refused(side: Side) -> Iterator[Finding]:
    """Images that can't be used, by what is wrong with them."""
    for category, problems in _by_category(side.statistics.failures).items():
        what = f"{len(problems):,} of {counted(side.statistics.listed, 'image')} can't be used"
        yield Finding("refused", what, len(problems), *_said(side, problems), category)


def _warnings(side: Side) -> Iterator[Finding]:
    """What the reader warned of."""
    for category, problems in _by_category(side.statistics.problems).items():
        yield _warning(side, category, problems)


def _warning(side: Side, category: str, problems: Sequence[Problem]) -> Finding:
    """The finding of problems of one category: what all of them say, or what the only one says."""
    kind, said = category if category in KINDS else "warning", _said(side, problems)
    if category in _WARNED:
        what = f"{_WARNED[category]}, in {counted(len(problems), 'image')}"
        return Finding(kind, what, len(problems), *said, category)
    if len(problems) == 1:
        return Finding(kind, said[0][0], 1, category=category)
    return Finding(kind, f"{len(problems):,} warnings of the reader", len(problems), *said, category)


def _labels(side: Side) -> Iterator[Finding]:
    stats = side.statistics
    empty, void = stats.odd.get("image.empty", _NONE), stats.odd.get("image.void", _NONE)
    if empty.images and stats.areas.total:
        what = f"{empty.images:,} of {counted(stats.images, 'image')} without a labelled pixel"
        yield Finding("image.empty", what, empty.images, *_keys(empty))
    if void.images and stats.areas.total:
        what = f"{void.images:,} of {counted(stats.images, 'image')} with at least {MOST_VOID:.0%} void"
        yield Finding("image.void", what, void.images, *_keys(void))


def _annotations(side: Side) -> Iterator[Finding]:
    """Annotations with the same mask, and those with the area of another one."""
    kinds = ("seg.twice", "seg.conflict", "seg.area")
    twice, conflict, area = (side.statistics.odd.get(name, _NONE) for name in kinds)
    if twice.count:
        what = f"{counted(twice.count, 'annotation')} with the category and the mask of another one"
        yield Finding("seg.twice", what, twice.count, *_keys(twice))
    if conflict.count:
        what = f"{counted(conflict.count, 'annotation')} with the mask of another one, but a different category"
        yield Finding("seg.conflict", what, conflict.count, *_keys(conflict))
    if area.count:
        what = f"{counted(area.count, 'annotation')} with an area twice or half that of the mask, or worse"
        yield Finding("seg.area", what, area.count, *_keys(area))


def _pixels(side: Side) -> Iterator[Finding]:
    """How much of all pixels is void, or claimed by several masks."""
    stats = side.statistics
    covered = stats.pixels - stats.uncovered
    if stats.void_share > MUCH_VOID and stats.areas.total:
        first = some(stats.most_void.examples, lambda row: show(row.key))
        yield Finding("void.high", f"{stats.void_share:.0%} of all pixels are void", stats.void, *first)
    if covered and stats.contested > MUCH_OVERLAP * covered:
        first = some(stats.most_overlap.examples, lambda row: show(row.key))
        what = f"{stats.contested / covered:.0%} of the labelled pixels are covered by several masks"
        yield Finding("overlap.high", what, stats.contested, *first)


def _photos(side: Side) -> Iterator[Finding]:
    """Photos that are missing, broken, unlike their label, or without one."""
    odd, images = side.statistics.odd, side.statistics.images
    missing = odd.get("photo.missing", _NONE)
    where = show(side.photos, 300)
    if missing.images and missing.images == images:
        yield Finding("photo.none", f"no photo was found in {where}; --photos names their folder", images)
        return
    sentences = {
        "photo.missing": f"{counted(images, 'image')} without a photo in {where}",
        "photo.corrupt": f"{counted(images, 'photo')} that can't be read",
        "photo.size": f"{counted(images, 'photo')} with another size than the label",
        "photo.orientation": f"{counted(images, 'photo')} that EXIF turns, while the label is not turned",
    }
    for kind, sentence in sentences.items():
        if seen := odd.get(kind):
            yield Finding(kind, f"{seen.images:,} of {sentence}", seen.images, *_keys(seen))
    if stray := side.unlabelled:
        what = f"{counted(len(stray), 'photo')} in {where} without a label"
        yield Finding("photo.unlabelled", what, len(stray), *some(stray, show))


def _by_category(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    groups: dict[str, list[Problem]] = {}
    for problem in problems:
        groups.setdefault(problem.category, []).append(problem)
    return groups


def _said(side: Side, problems: Sequence[Problem]) -> Examples:
    """What problems say, without the name of the source, which is known."""
    return some(problems, lambda problem: problem.message.removeprefix(f"{side.dataset.source}: "))


def _keys(found: Occurrences) -> Examples:
    said = tuple(f"{show(key)} ({text})" if text else show(key) for key, text in found.examples)
    return said, found.images - len(said)
