"""The beginning of conversions for the stacks that people train with: labels, photos and parts."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from cocoseg import options
from cocoseg.errors import SampleError, UsageError, show
from cocoseg.files import disk
from cocoseg.files.photo import find_photo
from cocoseg.files.places import StrPath, place
from cocoseg.files.storage import storage
from cocoseg.formats import FORMATS
from cocoseg.formats.detect import detect
from cocoseg.model import Dataset, Entry
from cocoseg.model.photographed import WithPhotos
from cocoseg.options import Reading, part
from cocoseg.tools.parts import parted
from cocoseg.tools.scheme import Painting
from cocoseg.tools.sources import Source

Given = Any  # the options of one of these conversions


def begin(src: StrPath, given: Given) -> Painting:
    """The data set and its scheme. Raises DocumentError, LabelError, UsageError."""
    return Painting.begin(Source(src, _reading(src, given)), given)


def _reading(src: StrPath, given: Given) -> Reading:
    """The reading options, with the folder of the photos only where the format takes sizes from it."""
    reading = part(Reading, given)
    if reading["photos"] is None:
        return reading
    name = reading["source_format"] or detect(src) or "coco"
    return reading if "photos" in FORMATS[name].options else reading | {"photos": None}


def with_photos(
    dataset: Dataset, out: StrPath, given: Given, needed: bool = True, whole: bool = False
) -> tuple[Dataset, list[str]]:
    """The data set in parts, each sample with its photo, and notes; ``whole`` names stay behind the part.

    Raises UsageError: ``usage.photos`` where nothing says where the photos are, ``usage.copy``, ``usage.parts``.
    """
    folder = _folder(dataset, given["photos"], needed)
    if not needed and given["photos"] is None and not has_photos(dataset, folder):
        folder = ""
    if folder and not given["copy"] and storage(place(out)) is not disk:
        text = f"OUT {show(place(out), 300)} is in a storage, which has no links; copy the photos"
        raise UsageError("usage.copy", f"{text} (--copy)")
    divided, notes = parted(dataset, given["parts"], given["split"], whole)
    notes += [] if folder else ["no photos were found, so that only labels are written; --photos names their folder"]
    return replace(divided, load=WithPhotos(divided.load, folder, given["copy"])), notes


def has_photos(dataset: Dataset, folder: str) -> bool:
    """Whether the photo of the first image is where the data set says."""
    first = next((entry for entry in dataset.entries if isinstance(entry, Entry)), None)
    try:
        return bool(folder and first and find_photo(folder, first.key, first.file_name))
    except SampleError:
        return False


def with_copies(dataset: Dataset, given: Given) -> tuple[Dataset, list[str]]:
    """The data set in parts, each sample with the bytes of its photo, and notes. Raises UsageError as above."""
    folder = _folder(dataset, given["photos"], needed=True)
    divided, notes = parted(dataset, given["parts"], given["split"])
    return replace(divided, load=WithPhotos(divided.load, folder, copied=True)), notes


def _folder(dataset: Dataset, photos: StrPath | None, needed: bool) -> str:
    found = place(photos) if photos is not None else dataset.photos
    if found and os.path.isdir(found):
        return os.path.abspath(found)
    if photos is not None:
        raise UsageError("usage.photos", f"photos: {show(found, 300)} is not a folder on this machine")
    if needed:
        where = f"the photos are not in {show(found, 300)}" if found else "nothing says where the photos are"
        raise UsageError("usage.photos", f"{dataset.source}: {where}; name their folder with --photos")
    return ""


def shown(given: Given, *names: str) -> dict[str, Any]:
    """The options that the report has of a conversion."""
    return {name: given[name] for name in (*names, *options.HandingOver.__annotations__)}
