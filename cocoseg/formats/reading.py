"""Open a source with the module of its format."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from cocoseg.errors import DocumentError, SampleError, UsageError, show
from cocoseg.files import places
from cocoseg.files.documents import TOO_DEEP
from cocoseg.files.names import PHOTOS
from cocoseg.files.places import StrPath, place
from cocoseg.files.urls import is_url
from cocoseg.formats import FORMATS
from cocoseg.formats.coco_json.images import Listed
from cocoseg.formats.coco_json.names import numbering
from cocoseg.formats.detect import Found, find_document, is_folder, recognise
from cocoseg.limits import MAX_PIXELS, allowing
from cocoseg.model import Dataset, Loader, Loads, Sample
from cocoseg.options import Reading, check_choice, declared, flag, takes
from cocoseg.options import given as changed
from cocoseg.runs.report import read_report
from cocoseg.runs.tally import guess

if TYPE_CHECKING:
    from typing_extensions import Unpack

_OPTIONS = {row.name: row for row in declared(Reading)}
_PYTHON_ONLY = {name for name, row in _OPTIONS.items() if row.option.shell is None}
_PATHS = {name for name, row in _OPTIONS.items() if "StrPath" in row.text}


@takes(Reading)
def read(path: StrPath, **options: Unpack[Reading]) -> Dataset:
    """Open an annotation file or a folder of label pictures as a Dataset of undecoded entries.

    SRC in the options is ``path``.

    Raises DocumentError if the source as a whole cannot be used, LabelError and UsageError for wrong options. An image
    that cannot be used raises its SampleError when it is asked for.

    >>> dataset = read("fixtures/panoptic.json")
    >>> len(dataset), dataset[0].size
    (3, (6, 8))
    """
    return opened(path, options)[1]


@takes(Reading)
def survey(path: StrPath, **options: Unpack[Reading]) -> dict[str, Any]:
    """Count what a source holds without decoding a mask: the fields of ``cocoseg.Info``."""
    from cocoseg.formats.survey import count

    name, dataset = opened(path, options, "glance")
    peek = import_module(FORMATS[name].module).peek(dataset)
    single = options["crowd_as_things"]
    with allowing(options["max_pixels"] or MAX_PIXELS):
        found = count(name, dataset, (lambda entry: peek(entry)._replace(crowds=0)) if single else peek)
    about = {"split": os.fspath(options["split"] or ""), "photos": dataset.photos}
    return found | about | _facts(name, dataset.source)


def _facts(name: str, source: str) -> dict[str, Any]:
    from cocoseg.formats.maps.facts import facts

    layout = FORMATS[name].layout
    try:
        return facts(layout, source) if layout else {}
    except SampleError as error:  # storage that stopped answering
        raise DocumentError(error.category, error.message) from None


def opened(
    path: StrPath, options: Reading, function: str = "read", images: Listed | None = None
) -> tuple[str, Dataset]:
    """The format of a source and its data set, from the ``function`` of the format's module.

    ``images`` are those that a list of results is about, where no file lists them. Raises as ``read`` does.
    """
    source, name = place(path), options["source_format"]
    given = {name: _location(name, value) for name, value in changed(Reading, options).items()}
    given.pop("source_format", None)
    most = _limit(given.pop("max_pixels", MAX_PIXELS))
    single, all_classes = given.pop("crowd_as_things", False), given.get("all_classes", False)
    _check_name(name)
    found = Found(name) if name else recognise(source, given)
    if found.format is None:  # images without a segment, or else that reader's message says what is wrong
        found = Found("coco")
        given = {option: value for option, value in given.items() if option in FORMATS["coco"].options}
    if "colors" in given and found.guessed and "colors" not in FORMATS[found.format or "coco"].options:
        found = Found("colors", guessed=True)
    if "photos" in given and not places.is_folder(given["photos"]):
        text = f"photos: {show(given['photos'], 300)} is not a folder; expected that of the photos"
        raise DocumentError("file.missing", text)
    if images is not None and found.format == "coco":
        given.setdefault("images", images)
    read_as = _read_as(found)
    try:
        with allowing(most):
            dataset = _read(path, source, found, function, given)
    except DocumentError as error:
        raise _with_guess(error, os.fspath(path), read_as) from None
    except RecursionError:
        raise DocumentError("json.depth", f"{os.fspath(path)}: {TOO_DEEP}") from None
    if all_classes:
        dataset = replace(dataset, categories=tuple(replace(row, ignored=False) for row in dataset.categories))
    dataset = replace(dataset, load=_with_limit(dataset.load, most), read_as=dataset.read_as or read_as)
    return found.format or "coco", _with_single_crowds(dataset) if single else dataset


def _read(path: StrPath, source: str, found: Found, function: str, given: dict[str, Any]) -> Dataset:
    name = found.format or "coco"
    row = FORMATS[name]
    given = {option: value for option, value in given.items() if option in row.options or option not in _PYTHON_ONLY}
    if strange := next((option for option in given if option not in (*row.options, "photos")), None):
        what = f"is a {row.what}" if row.what.startswith("folder") else f"holds {row.what}"
        text = f"{what}, where {flag(Reading, strange)} means nothing"
        raise DocumentError("doc.kind", f"{os.fspath(path)}: {text}")
    module = import_module(row.module)
    layout = {"layout": row.layout} if row.layout else {}
    try:
        dataset: Dataset = getattr(module, function, module.read)(
            _within(source, name, found.document), **layout, **_own(given, row.options)
        )
        problems = numbering(given["categories"], dataset.categories) if "categories" in given else ()
    except SampleError as error:  # storage that stopped answering
        raise DocumentError(error.category, error.message) from None
    photos = given.get("photos") or dataset.photos or _written_photos(source)
    return replace(dataset, problems=(*problems, *dataset.problems), photos=photos)


def _written_photos(source: str) -> str:
    """The folder of the photos that a run wrote into a folder, beside their labels, or ""."""
    try:
        photos = read_report(source).photos if is_folder(source) and not is_url(source) else ""
    except (DocumentError, SampleError):  # of another program
        photos = ""
    return places.join(source, photos) if photos == PHOTOS else ""


def _own(given: dict[str, Any], taken: Sequence[str]) -> dict[str, Any]:
    """The options that the format's module takes; the others change what it has read."""
    others = {"all_classes"} if "photos" in taken else {"all_classes", "photos"}
    return {name: value for name, value in given.items() if name not in others}


def _read_as(found: Found) -> str:
    """What a source was taken for, in words, if that is a guess."""
    if not found.guessed:
        return ""
    what = FORMATS[found.format or "coco"].what
    others = "".join(f", not as {FORMATS[name].what} ({name})" for name in found.others)
    return f"{what.partition(':')[0]}, {show(found.document)}" if found.document else what + others


def _with_guess(error: DocumentError, source: str, read_as: str) -> DocumentError:
    """An error about the source itself, which says what that was taken for, since it may be something else."""
    if not read_as or error.category not in ("doc.kind", "doc.missing_key") or not error.message.startswith(source):
        return error
    return DocumentError(error.category, f"{error.message}; {guess(read_as)[0]}")


def _limit(most: int) -> int:
    """The limit of pixels. Raises UsageError."""
    if most < 1:
        raise UsageError("usage.max_pixels", f"max_pixels is {most}, expected at least 1")
    return most


def _with_limit(load: Loads, most: int) -> Loads:
    return replace(load, max_pixels=most) if isinstance(load, Loader) else load


def _with_single_crowds(dataset: Dataset) -> Dataset:
    """The data set, where crowds are single things, as the digests of its images say."""
    load, problems = dataset.load, (problem for problem in dataset.problems if problem.category != "seg.crowd")
    assert isinstance(load, Loader)
    load = replace(load, settings=f"{load.settings} crowds are things")
    return replace(dataset, load=load, problems=tuple(problems)).map(_single)


def evaluated(dataset: Dataset) -> tuple[Dataset, list[str]]:
    """The data set without the categories that its own evaluation ignores, and a note that says so."""
    ignored = frozenset(row.id for row in dataset.categories if row.ignored)
    if not ignored:
        return dataset, []
    load = dataset.load
    assert isinstance(load, Loader)
    load = replace(load, settings=f"{load.settings} without {sorted(ignored)}")
    kept = tuple(row for row in dataset.categories if not row.ignored)
    return replace(dataset, categories=kept, load=load).map(partial(_without, ignored)), ignored_note(dataset)


def ignored_note(dataset: Dataset) -> list[str]:
    """A note that says which categories are void because the data set's own evaluation ignores them."""
    names = [row.name for row in dataset.categories if row.ignored]
    some = ", ".join(map(show, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    text = f"{some} are void, as the data set itself leaves them out; --all-classes keeps them"
    return [text.replace(" are ", " is ") if len(names) == 1 else text] if names else []


def _without(ignored: frozenset[int], sample: Sample) -> Sample:
    return sample.without(ignored)


def _single(sample: Sample) -> Sample:
    return replace(sample, iscrowd=np.zeros_like(sample.iscrowd))


def _location(option: str, value: Any) -> Any:
    """A path or URL in its internal form; other values stay as they are."""
    is_path = option in _PATHS and isinstance(value, str | os.PathLike)
    return place(value) if is_path else value


def _check_name(name: str | None) -> None:
    check_choice("source_format", name, (None, *FORMATS), "format")


def _within(source: str, name: str, document: str) -> str:
    """What the format's module takes: a folder, or the JSON in a folder."""
    row, folder = FORMATS[name], is_folder(source)
    if row.either:
        return source
    if row.folder and not folder:
        raise DocumentError("file.missing", f"{show(source, 300)} is not a folder, expected a {row.what}")
    if row.folder or not folder:
        return source
    written = row.document and not document and places.exists(places.join(source, row.document))
    return places.join(source, row.document if written else document or find_document(source, name))
