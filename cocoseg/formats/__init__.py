"""Disk to model and back, one module a format, loaded when it is asked for.

| name | reads | module |
|---|---|---|
| panoptic | COCO panoptic JSON with its PNGs | ``cocoseg.formats.panoptic`` |
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from cocoseg.errors import UsageError, show
from cocoseg.model import Dataset

READERS = {"panoptic": "cocoseg.formats.panoptic"}
SURVEYS = {"panoptic": "cocoseg.formats.panoptic_survey"}


def read(path: str | os.PathLike[str], format: str = "panoptic", **options: Any) -> Dataset:
    """Open an annotation file as a Dataset of undecoded entries.

    Options of ``panoptic``: ``png_dir`` (default: the folder named as the JSON without its ending), ``categories`` (a
    file for a JSON that has none). Raises DocumentError where the file as a whole can't be used; a single image that
    can't be used raises its SampleError when it is asked for.

    >>> dataset = read("fixtures/panoptic.json")
    >>> len(dataset), dataset[0].size
    (3, (6, 8))
    """
    if format not in READERS:
        raise UsageError("usage.format", f"no format is called {show(format)}; there are {', '.join(READERS)}")
    dataset: Dataset = import_module(READERS[format]).read(path, **options)
    return dataset


def survey(path: str | os.PathLike[str], format: str = "panoptic", **options: Any) -> dict[str, Any]:
    """Count what an annotation file holds, without decoding a picture: the fields of ``cocoseg.Info``."""
    found: dict[str, Any] = import_module(SURVEYS[format]).survey(path, **options)
    return found
