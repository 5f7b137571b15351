"""Disk to model and back, one module a format, loaded when it is asked for.

| name | reads | module |
|---|---|---|
| panoptic | COCO panoptic JSON with its PNGs | ``cocoseg.formats.panoptic.reader`` |
| coco | COCO instances, stuff, keypoints, LVIS, results | ``cocoseg.formats.coco.reader`` |
| semantic | folders of class maps, with instance numbers or without | ``cocoseg.formats.maps.semantic`` |
| two-channel | folders of panopticapi's 2-channel PNGs | ``cocoseg.formats.maps.two_channel`` |
| masks | folders of a mask for each instance | ``cocoseg.formats.masks.reader`` |
"""

from __future__ import annotations

import os
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cocoseg.errors import DocumentError, SampleError, UsageError, show
from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.files.reading import first_match
from cocoseg.model import Dataset

if TYPE_CHECKING:
    from cocoseg.labels import LabelScheme

READERS = {
    "panoptic": "cocoseg.formats.panoptic.reader",
    "coco": "cocoseg.formats.coco.reader",
    "semantic": "cocoseg.formats.maps.semantic",
    "two-channel": "cocoseg.formats.maps.two_channel",
    "masks": "cocoseg.formats.masks.reader",
}
SURVEYS = {
    "panoptic": "cocoseg.formats.panoptic.survey",
    "coco": "cocoseg.formats.coco.survey",
    "semantic": "cocoseg.formats.maps.semantic_survey",
    "two-channel": "cocoseg.formats.maps.two_channel_survey",
    "masks": "cocoseg.formats.masks.survey",
}
_OPTIONS = {
    "panoptic": ("png_dir", "categories"),
    "coco": ("categories", "images"),
    "semantic": ("categories", "images", "source_labels", "instances"),
    "two-channel": ("categories", "images"),
    "masks": ("categories", "images"),
}
_WORDS = {
    "panoptic": "COCO panoptic annotations",
    "coco": "COCO instances, stuff or results",
    "semantic": "class maps",
    "two-channel": "2-channel PNGs",
    "masks": "masks of instances",
}
_FOLDERS = ("semantic", "two-channel", "masks")

_TELLING = re.compile(rb'"(?:segments_info|segmentation)"\s{0,20}:')


def read(
    path: StrPath,
    *,
    categories: StrPath | None = None,
    png_dir: StrPath | None = None,
    images: StrPath | None = None,
    source_labels: StrPath | LabelScheme | None = None,
    instances: StrPath | None = None,
    format: str | None = None,
) -> Dataset:
    """Open an annotation file or a folder of label pictures as a Dataset of undecoded entries.

    ``categories`` is a file for a source that has none, ``png_dir`` the folder of a panoptic JSON's PNGs (default: the
    one named as the JSON without its ending), ``images`` the file that names and sizes the images of a results list or
    of pictures. ``source_labels`` is the label scheme that class maps were made with, ``instances`` a folder of their
    instance numbers. ``format`` is one of ``READERS``; without it, the source is recognised by what it holds.

    Raises DocumentError where the source as a whole can't be used; a single image that can't be used raises its
    SampleError when it is asked for. LabelError, UsageError for ``source_labels`` and ``format``.

    >>> dataset = read("fixtures/panoptic.json")
    >>> len(dataset), dataset[0].size
    (3, (6, 8))
    """
    options = {"categories": categories, "png_dir": png_dir, "images": images}
    options |= {"source_labels": source_labels, "instances": instances}  # type: ignore[dict-item]
    dataset: Dataset = _call("read", READERS, path, format, options)
    return dataset


def survey(path: StrPath, *, format: str | None = None, **options: StrPath | LabelScheme | None) -> dict[str, Any]:
    """Count what a source holds, without decoding a mask: the fields of ``cocoseg.Info``."""
    found: dict[str, Any] = _call("survey", SURVEYS, path, format, options)
    return found


def detect(path: StrPath) -> str | None:
    """The format of a source: of a folder by its report or first picture, of a file by the first key that tells.

    None where nothing tells. Raises DocumentError ``file.*``, ``doc.*``, ``png.*``.
    """
    source = place(path)
    try:
        if _is_folder(source):
            from cocoseg.formats.maps.folders import recognise

            return recognise(source)
        found = first_match(source, _TELLING)
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    if not found:
        return None
    return "panoptic" if found.startswith(b'"segments_info"') else "coco"


def _call(function: str, modules: dict[str, str], path: StrPath, format: str | None, options: dict[str, Any]) -> Any:
    source = place(path)
    given = {name: _place(value) for name, value in options.items() if value is not None}
    _check_format(format)
    format = format or detect(source)
    if format is None:  # images without a segment; or whatever it is, that reader says what is wrong with it
        format, given = "coco", {name: value for name, value in given.items() if name in _OPTIONS["coco"]}
    if strange := next((name for name in given if name not in _OPTIONS[format]), None):
        option = f"--{strange.replace('_', '-')}"
        raise DocumentError("doc.kind", f"{os.fspath(path)}: holds {_WORDS[format]}, where {option} means nothing")
    try:
        return getattr(import_module(modules[format]), function)(_of_format(source, format), **given)
    except SampleError as error:  # storage that answers no more
        raise DocumentError(error.category, error.message) from None


def _place(value: Any) -> Any:
    """A path or URL; a label scheme is neither."""
    return place(value) if isinstance(value, str | os.PathLike) else value


def _check_format(format: str | None) -> None:
    if format is not None and format not in READERS:
        raise UsageError("usage.format", f"format is {show(format)}, expected one of {', '.join(READERS)}")


def _of_format(source: str, format: str) -> str:
    """What the reader of a format takes: a folder, or in a folder of ours the JSON of its pictures."""
    folder = _is_folder(source)
    if format in _FOLDERS and not folder:
        raise DocumentError("file.missing", f"{show(source, 300)} is no folder, expected one of {_WORDS[format]}")
    if format == "panoptic" and folder:
        from cocoseg.formats.maps.folders import PANOPTIC_JSON

        return places.join(source, PANOPTIC_JSON)
    return source


def _is_folder(source: str) -> bool:
    """Whether a source is a folder; a URL that ends in .json is not asked."""
    return not (places.is_url(source) and source.lower().endswith(".json")) and places.is_folder(source)
