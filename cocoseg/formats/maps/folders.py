"""Which kind of label pictures a folder holds."""

from __future__ import annotations

import posixpath
import re

from cocoseg.errors import DocumentError, SampleError, show
from cocoseg.files import places, png
from cocoseg.files.listing import picture_names
from cocoseg.files.reading import read_head
from cocoseg.formats.maps.pictures import no_pictures, read_report

PANOPTIC_JSON = "panoptic.json"  # what to-panoptic writes beside its pictures
_WRITTEN_BY = {"to-semantic": "semantic", "to-masks": "masks", "to-panoptic": "panoptic"}
_MASK = re.compile(r"\d+_[^/]*[^\W\d_][^/]*\.png", re.IGNORECASE)  # with a letter
_ONE_CHANNEL = (0, 3)
_SOME = 20  # pictures that are looked at, where the first ones are damaged


def recognise(folder: str) -> str:
    """The format of a folder: what its report says, or what its first picture is like.

    Raises DocumentError ``doc.empty``, ``doc.kind``, ``png.*``, SampleError ``file.*``.
    """
    command = read_report(folder).command
    if command in _WRITTEN_BY:
        return _WRITTEN_BY[command]
    if command:
        text = f"holds what 'cocoseg {show(command)[1:-1]}' wrote, which is no source of labels"
        raise DocumentError("doc.kind", f"{folder}: {text}; give what it was made from")
    found = picture_names(folder)
    if not found:
        raise no_pictures(folder)
    if _are_masks(found):
        return "masks"
    return "semantic" if _first_header(folder, found).color_type in _ONE_CHANNEL else "two-channel"


def _are_masks(found: list[str]) -> bool:
    """Whether the PNGs of the first sub-folder are called as masks are, ``<id>_<class>.png``."""
    parent = posixpath.dirname(found[0])
    beside = [posixpath.basename(name) for name in found if posixpath.dirname(name) == parent]
    return parent != "" and all(map(_MASK.fullmatch, beside))


def _first_header(folder: str, found: list[str]) -> png.Header:
    """The header of the first picture that has a sound one."""
    first: SampleError | None = None
    for name in found[:_SOME]:
        try:
            return png.read_header(read_head(places.join(folder, name), png.HEADER_BYTES))
        except SampleError as error:
            first = first or error.at(f"{folder}: {show(name)}")
    assert first is not None
    raise DocumentError(first.category, first.message)
