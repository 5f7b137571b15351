"""Disk to model and back, one module a format, loaded when it is asked for.

| name | reads | module |
|---|---|---|
| panoptic | COCO panoptic JSON with its PNGs | ``cocoseg.formats.panoptic`` |
| coco | COCO instances, stuff, keypoints, LVIS, results | ``cocoseg.formats.coco`` |
"""

from __future__ import annotations

import os
import re
from importlib import import_module
from typing import Any

from cocoseg.errors import DocumentError, SampleError
from cocoseg.files.places import StrPath, place
from cocoseg.files.reading import first_match
from cocoseg.model import Dataset

READERS = {"panoptic": "cocoseg.formats.panoptic", "coco": "cocoseg.formats.coco"}
SURVEYS = {"panoptic": "cocoseg.formats.panoptic_survey", "coco": "cocoseg.formats.coco_survey"}
_OPTIONS = {"panoptic": ("png_dir", "categories"), "coco": ("categories", "images")}

_TELLING = re.compile(rb'"(?:segments_info|segmentation)"\s{0,20}:')


def read(
    path: StrPath, *, categories: StrPath | None = None, png_dir: StrPath | None = None, images: StrPath | None = None
) -> Dataset:
    """Open an annotation file, recognised by what it holds, as a Dataset of undecoded entries.

    ``categories`` is a file for a JSON that has none, ``png_dir`` the folder of a panoptic JSON's PNGs (default: the
    one named as the JSON without its ending), ``images`` the file that names and sizes the images of a results list.

    Raises DocumentError where the file as a whole can't be used; a single image that can't be used raises its
    SampleError when it is asked for.

    >>> dataset = read("fixtures/panoptic.json")
    >>> len(dataset), dataset[0].size
    (3, (6, 8))
    """
    dataset: Dataset = _call("read", READERS, path, categories=categories, png_dir=png_dir, images=images)
    return dataset


def survey(path: StrPath, **options: StrPath | None) -> dict[str, Any]:
    """Count what an annotation file holds, without decoding a mask: the fields of ``cocoseg.Info``."""
    found: dict[str, Any] = _call("survey", SURVEYS, path, **options)
    return found


def detect(path: StrPath) -> str | None:
    """The format of an annotation file, by the first key that tells, if any. Raises DocumentError ``file.*``."""
    try:
        found = first_match(place(path), _TELLING)
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    if not found:
        return None
    return "panoptic" if found.startswith(b'"segments_info"') else "coco"


def _call(function: str, modules: dict[str, str], path: StrPath, **options: StrPath | None) -> Any:
    format = detect(path)
    given = {name: place(value) for name, value in options.items() if value is not None}
    if format is None:  # whatever it is, that reader says what is wrong with it
        format, given = "coco", {}
    if strange := next((name for name in given if name not in _OPTIONS[format]), None):
        option = f"--{strange.replace('_', '-')}"
        raise DocumentError("doc.kind", f"{os.fspath(path)}: holds COCO {_WORDS[format]}, where {option} means nothing")
    try:
        return getattr(import_module(modules[format]), function)(place(path), **given)
    except SampleError as error:  # storage that answers no more
        raise DocumentError(error.category, error.message) from None


_WORDS = {"panoptic": "panoptic annotations", "coco": "instances, stuff or results"}
