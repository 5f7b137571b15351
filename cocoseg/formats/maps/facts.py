"""What a survey says of a layout: which label pictures were taken, the images of each split, and where photos lie."""

from __future__ import annotations

from typing import Any

from cocoseg.formats.maps.layouts import Layout, of_kind
from cocoseg.formats.maps.paths import Found, find, plain
from cocoseg.formats.maps.pictures import filled_path
from cocoseg.formats.maps.splits import counts

_SOME = 100  # pictures whose photos or numbers are looked for


def facts(layout: Layout, folder: str) -> dict[str, Any]:
    """The fields ``labels``, ``splits`` and ``photos`` of Info. Raises DocumentError, SampleError ``file.*``."""
    found = find(layout, folder) if layout.is_placed else None
    if found is None:
        return {}
    numbers = f" with {plain(found.kind.numbers)}" if _has(found, found.kind.numbers) else ""
    photos = [path for path in of_kind(layout, found.kind).photos.split("|") if path]
    there = [plain(path) for path in photos if _has(found, path)]
    absent = [f"{plain(path)} (not there)" for path in photos[:1]]
    return {
        "labels": plain(found.kind.path) + numbers,
        "splits": counts(found, layout.lists),
        "photos": next(iter([*there, *absent]), ""),
    }


def _has(found: Found, path: str) -> bool:
    """Whether some of the pictures have a file with this path."""
    some = found.pictures[:_SOME]
    return bool(path) and any(filled_path(path, picture.split, picture.stem) in found.files for picture in some)
