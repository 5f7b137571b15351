"""Which images a page shows, and in which order they are let go of where there is no room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from cocoseg.page.pictures import data_uri
from cocoseg.page.thumbnails import Shown
from cocoseg.page.words import name, percent, whole
from cocoseg.stats.extremes import Example
from cocoseg.stats.findings import Side

MOST = 200  # pictures of a page
_OF_EXTREMES = 6  # of a kind
_OF_CLASS = 3  # where there are few classes

# What an extreme is called, and whether what is around its segment is shown.
_EXTREMES = {
    "smallest": ("Smallest segments", True),
    "largest": ("Largest segments", False),
    "most_overlap": ("Most pixels in several masks", False),
    "most_void": ("Most void", False),
}


@dataclass
class Picture:
    """A picture of a group: what it shows of which image, what is said of it, and its data once it is drawn."""

    group: str
    source: str
    key: str
    position: int
    shown: Shown
    caption: str
    uri: str = ""


@dataclass
class Group:
    """Pictures under a title."""

    title: str
    pictures: list[Picture] = field(default_factory=list)


def chosen(side: Side, names: dict[int, str], room: int) -> list[Picture]:
    """The pictures of a data set, at most ``room``, the more telling ones first.

    Extremes come first, then an image of each class, those in the fewest images first, then another of each.
    """
    found = [*_extremes(side, names), *_of_classes(side, names)]
    return found[:room]


def _extremes(side: Side, names: dict[int, str]) -> Iterator[Picture]:
    for kind, (title, close) in _EXTREMES.items():
        for row in getattr(side.statistics, kind).examples[:_OF_EXTREMES]:
            shown = Shown(row.category if close else None, row.box if close else None)
            yield Picture(title, side.name, row.key, row.position, shown, _said(kind, row, names))


def _said(kind: str, row: Example, names: dict[int, str]) -> str:
    if kind == "most_void":
        return f"{percent(row.value / 1000)} void"
    if kind == "most_overlap":
        return f"{whole(row.value)} pixels"
    return f"{names.get(row.category or 0, row.category)}, {whole(row.value)} px"


def _of_classes(side: Side, names: dict[int, str]) -> list[Picture]:
    """Images of each class in turn, chosen by a hash of their names, so that they stay the same ones."""
    classes = sorted(side.statistics.classes.items(), key=lambda item: (item[1].images, item[0]))
    columns = [
        [
            Picture(str(names.get(number, number)), side.name, row.key, row.position, Shown(number), "")
            for row in sorted(row.gallery.examples, key=lambda one: (one.value, one.position))[:_OF_CLASS]
        ]
        for number, row in classes
    ]
    return [picture for turn in zip_longest(*columns) for picture in turn if picture]


def wanted(pictures: Iterable[Picture]) -> dict[str, list[Shown]]:
    """What is drawn of each image, by its key."""
    found: dict[str, list[Shown]] = {}
    for row in pictures:
        of_image = found.setdefault(row.key, [])
        if row.shown not in of_image:
            of_image.append(row.shown)
    return found


def fill(pictures: Sequence[Picture], drawn: dict[str, list[bytes]]) -> None:
    """Give pictures what was drawn."""
    places = wanted(pictures)
    for row in pictures:
        data = drawn[row.key][places[row.key].index(row.shown)] if row.key in drawn else b""
        row.uri = data_uri("image/webp", data) if data else ""


def fitting(pictures: Sequence[Picture], room: int) -> list[Picture]:
    """The first pictures that have room, in characters; those that could not be drawn are left out."""
    found: list[Picture] = []
    for row in pictures:
        room -= len(row.uri) + len(row.caption) + len(row.group) + 700
        if room < 0:
            break
        if row.uri:
            found.append(row)
    return found


def grouped(pictures: Sequence[Picture]) -> list[Group]:
    """Pictures by their group, in the order of their first one."""
    groups: dict[str, Group] = {}
    for row in pictures:
        groups.setdefault(row.group, Group(row.group)).pictures.append(row)
    return list(groups.values())


def called(row: Picture) -> str:
    """What the picture is, for those who can't see it."""
    of = f" of {row.source}" if row.source else ""
    return f"{row.group}: {name(row.key)}{of}{f', {row.caption}' if row.caption else ''}"
