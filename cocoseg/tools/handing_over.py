"""The beginning of conversions for the stacks that people train with: labels, photos and parts."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from cocoseg import options
from cocoseg.errors import DocumentError, SampleError, UsageError, show
from cocoseg.files import disk, places
from cocoseg.files.photo import find_photo
from cocoseg.files.places import StrPath, place
from cocoseg.files.storage import storage
from cocoseg.files.urls import is_url, is_web
from cocoseg.formats import FORMATS
from cocoseg.formats.detect import detect
from cocoseg.model import Dataset, Entry
from cocoseg.model.needed_photos import NeededPhotos
from cocoseg.options import Reading, part
from cocoseg.tools.parts import check_earlier, parted
from cocoseg.tools.scheme import Painting
from cocoseg.tools.sources import Source
from cocoseg.tools.validation import in_both, matched, read_validation

Given = Any  # the options of one of these conversions


@dataclass(frozen=True)
class Handing(Painting):
    """A data set and its scheme; its validation part, where that is a source of its own; and what is to be said."""

    validation: Dataset | None = None
    said: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        """What is decided without being asked."""
        return [*super().notes, *self.said]


def begin(src: StrPath, given: Given) -> Handing:
    """The data set and its scheme. Raises DocumentError, LabelError, UsageError."""
    _check_val(given)
    handing = Handing.begin(Source(src, _reading(src, given)), given)
    if given["val"] is None:
        return handing
    validation, sources = read_validation(given)
    return replace(handing, validation=matched(validation, handing.dataset), sources=[*handing.sources, *sources])


def _check_val(given: Given) -> None:
    """Raises UsageError ``usage.val``."""
    if given["val"] is not None and given["parts"] is not None:
        text = f"parts is {show(given['parts'])}, but val names the validation part; give one of the two"
        raise UsageError("usage.val", text)
    if given["val"] is None and given["val_photos"] is not None:
        text = f"val_photos is {show(given['val_photos'], 300)}, the photos of a second source, which val has to name"
        raise UsageError("usage.val", text)


def _reading(src: StrPath, given: Given) -> Reading:
    """The reading options, with the folder of the photos only where the format takes sizes from it.

    A web server has no folders, and sizes are not taken from there.
    """
    reading = part(Reading, given)
    if reading["photos"] is None:
        return reading
    if is_web(place(reading["photos"])):
        return reading | {"photos": None}
    name = reading["source_format"] or detect(src) or "coco"
    return reading if "photos" in FORMATS[name].options else reading | {"photos": None}


@dataclass(frozen=True)
class _Wanted:
    """How photos are wanted: at all, as copies whatever is asked for; and whether whole names stay behind the part."""

    out: StrPath
    given: Given
    needed: bool = True
    packed: bool = False
    whole: bool = False


def with_photos(
    handing: Handing, out: StrPath, given: Given, needed: bool = True, packed: bool = False, whole: bool = False
) -> Handing:
    """The data set in parts, each sample with its photo; with the photo's bytes where it is ``packed`` or copied.

    ``whole`` names stay behind the part. Without photos where none are ``needed`` and none are there. Raises
    UsageError: ``usage.photos`` where nothing says where the photos are, ``usage.copy``, ``usage.parts``.
    """
    found = _in_parts(handing, _Wanted(out, given, needed, packed, whole))
    if not (packed or whole):
        check_earlier(place(out), found.dataset)
    return found


def _in_parts(handing: Handing, wanted: _Wanted) -> Handing:
    given = wanted.given
    if handing.validation is None:
        dataset, notes = _photographed(handing.dataset, given["photos"], given["parts"], wanted)
        return replace(handing, dataset=dataset, said=tuple(notes))
    notes = in_both(handing.dataset, handing.validation, one_folder=wanted.whole)
    train, said = _photographed(handing.dataset, given["photos"], "train", wanted)
    val, more = _photographed(handing.validation, given["val_photos"] or given["photos"], "val", wanted)
    said = [*notes, f"train {len(train):,}, val {len(val):,}", *dict.fromkeys([*said, *more])]
    return replace(handing, dataset=train + val, validation=None, said=tuple(said))


def _photographed(
    dataset: Dataset, photos: StrPath | None, parts: str | None, wanted: _Wanted
) -> tuple[Dataset, list[str]]:
    """The data set in parts, with photos from their folder, and notes. Raises UsageError."""
    given, copied = wanted.given, wanted.packed or wanted.given["copy"]
    folder = _folder(dataset, photos, wanted.needed)
    if not wanted.needed and photos is None and not has_photos(dataset, folder):
        folder = ""
    if folder and not copied and storage(place(wanted.out)) is not disk:
        text = f"OUT {show(place(wanted.out), 300)} is in a storage, which has no links; copy the photos"
        raise UsageError("usage.copy", f"{text} (--copy)")
    divided, notes = parted(dataset, parts, given["split"], wanted.whole)
    notes += [] if folder else ["no photos were found, so that only labels are written; --photos names their folder"]
    if is_url(folder) and not copied:
        notes.append("photos are copied, as no link leads to a storage")
    return replace(divided, load=NeededPhotos(divided.load, folder, copied or is_url(folder))), notes


def has_photos(dataset: Dataset, folder: str) -> bool:
    """Whether the photo of the first image is where the data set says."""
    first = next((entry for entry in dataset.entries if isinstance(entry, Entry)), None)
    try:
        return bool(folder and first and find_photo(folder, first.key, first.file_name))
    except SampleError:
        return False


def _folder(dataset: Dataset, photos: StrPath | None, needed: bool) -> str:
    """The folder of the photos, on this machine or in a storage; "" if there is none. Raises UsageError."""
    found = place(photos) if photos is not None else dataset.photos
    if found and _is_there(found):
        return found if is_url(found) else os.path.abspath(found)
    if photos is not None:
        what = "holds nothing" if is_url(found) else "is not a folder on this machine"
        raise UsageError("usage.photos", f"photos: {show(found, 300)} {what}")
    if needed:
        where = f"the photos are not in {show(found, 300)}" if found else "nothing says where the photos are"
        raise UsageError(
            "usage.photos", f"{dataset.source}: {where}; name their folder, or its URL, with --photos{_behind(dataset)}"
        )
    return ""


def _is_there(folder: str) -> bool:
    """Whether a folder is there; a web server is not asked, since it has none. Raises DocumentError."""
    if is_web(folder):
        return True
    try:
        return places.is_folder(folder)
    except SampleError as error:  # storage that does not answer
        raise DocumentError(error.category, f"photos: {error.message}") from None


def _behind(dataset: Dataset) -> str:
    """Advice where images are called by URLs."""
    names = (entry.file_name for entry in dataset.entries if isinstance(entry, Entry))
    if url := next((name for name in names if is_url(name)), None):
        return f" (the first photo is {show(url, 300)}), from where they are copied"
    return ""


def shown(given: Given, *names: str) -> dict[str, Any]:
    """The options that the report has of a conversion; sources are listed by themselves."""
    names = (*names, *(name for name in options.HandingOver.__annotations__ if not name.startswith("val")))
    return {name: given[name] for name in names if name in given}
