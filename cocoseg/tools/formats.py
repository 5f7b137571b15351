"""What converts to what: the guts of ``cocoseg formats``."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A form of annotation as a source. What it can tell decides what is left of it in a target."""

    what: str
    overlaps: bool = False
    tells_things: bool = True
    tells_crowds: bool = True


class Target(NamedTuple):
    """What a command writes, and what its form has room for."""

    what: str
    flat: bool = False
    has_things: bool = False
    has_crowds: bool = False


SOURCES = {
    "panoptic": Kind("COCO panoptic JSON with its PNGs"),
    "coco": Kind("COCO detection JSON: instances, stuff, LVIS, results", overlaps=True),
    "semantic": Kind("folder of class maps", tells_things=False, tells_crowds=False),
    "semantic --instances": Kind("folder of class maps, with one of instance numbers"),
    "two-channel": Kind("folder of 2-channel PNGs (category, instance)", tells_crowds=False),
    "masks": Kind("folder of a mask per instance", overlaps=True),
}
TARGETS = {
    "to-semantic": Target("class maps, PNG", flat=True),
    "to-onehot": Target("one-hot arrays, .npz or .npy", flat=True),
    "to-masks": Target("a mask per segment, PNG or .npz, and a table", has_things=True, has_crowds=True),
    "to-coco": Target("detection JSON, RLE or exact polygons", has_things=True, has_crowds=True),
    "to-panoptic": Target("panoptic JSON and PNGs", flat=True, has_things=True, has_crowds=True),
}


def remark(source: Kind, target: Target) -> str:
    """What becomes of what one of the two can't tell; "yes" where nothing has to be said.

    >>> remark(SOURCES["semantic"], TARGETS["to-coco"])
    'things of a class as one crowd'
    """
    if target.flat and source.overlaps:
        return "overlap by policy"
    if target.has_things and not source.tells_things:
        return "things of a class as one crowd"
    if target.has_crowds and not source.tells_crowds:
        return "crowds as things"
    return "yes"


def table() -> list[tuple[str, ...]]:
    """A row for each source, under the names of the commands."""
    rows = [(kind.what, *(remark(kind, target) for target in TARGETS.values())) for kind in SOURCES.values()]
    return [("from", *TARGETS), ("", *(target.what for target in TARGETS.values())), *rows]
