"""What converts to what: the table of ``cocoseg formats``."""

from __future__ import annotations

from typing import Any, NamedTuple

from cocoseg.formats import FORMATS, Format


class Target(NamedTuple):
    """What a command writes, and which annotations its format can express."""

    what: str
    flat: bool = False
    has_things: bool = False
    has_crowds: bool = False


TARGETS = {
    "to-semantic": Target("class maps, PNG", flat=True),
    "to-onehot": Target("one-hot arrays, .npz or .npy", flat=True),
    "to-masks": Target("a mask per segment, PNG or .npz, and a table", has_things=True, has_crowds=True),
    "to-coco": Target("detection JSON, RLE or exact polygons", has_things=True, has_crowds=True),
    "to-panoptic": Target("panoptic JSON and PNGs", flat=True, has_things=True, has_crowds=True),
}


def remark(source: Format, target: Target) -> str:
    """What a conversion loses or decides by a policy, or "yes" if it loses nothing.

    >>> remark(FORMATS["semantic"], TARGETS["to-coco"])
    'things of a class as one crowd'
    """
    if target.flat and source.overlaps:
        return "overlap by policy"
    if target.has_things and not source.things:
        return "things of a class as one crowd"
    if target.has_crowds and not source.crowds:
        return "crowds as things"
    return "yes"


def lacks(source: Format) -> list[str]:
    """What a format cannot hold.

    >>> lacks(FORMATS["semantic"]), lacks(FORMATS["coco"])
    (['overlaps', 'instances'], [])
    """
    crowds = source.crowds or not source.things  # without instances there are none
    held = {"overlaps": source.overlaps, "instances": source.things, "crowds": crowds, "holes": source.holes}
    return [what for what, there in held.items() if not there]


def table() -> list[tuple[str, ...]]:
    """A row for each source, under the names of the commands."""
    rows = [(source.what, *(remark(source, target) for target in TARGETS.values())) for source in sources().values()]
    return [("from", *TARGETS), ("", *(target.what for target in TARGETS.values())), *rows]


def as_dict() -> dict[str, Any]:
    """The table as JSON has it: what each command writes, and for each source what becomes of it with each command.

    >>> as_dict()["sources"]["semantic"]["to-coco"]
    'things of a class as one crowd'
    """
    found = {
        name: {"what": source.what, "cannot_hold": lacks(source)}
        | {command: remark(source, target) for command, target in TARGETS.items()}
        for name, source in sources().items()
    }
    return {"commands": {command: target.what for command, target in TARGETS.items()}, "sources": found}


def sources() -> dict[str, Format]:
    """All formats by name. One that takes ``--instances`` has a second row for a source with instance numbers."""
    found: dict[str, Format] = {}
    for name, row in FORMATS.items():
        found[name] = row
        if "instances" in row.options:
            more = ", with --instances"
            found[name + more] = row._replace(what=row.what + more, things=True, crowds=True)
    return found
