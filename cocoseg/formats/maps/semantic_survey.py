"""What a folder of class maps tells without decoding a picture."""

from __future__ import annotations

import os
from typing import Any

from cocoseg.errors import DocumentError
from cocoseg.files.places import StrPath
from cocoseg.files.png.labels import read_label_header
from cocoseg.formats import surveys
from cocoseg.formats.maps import pictures
from cocoseg.formats.maps.semantic import meaning
from cocoseg.labels import LabelScheme
from cocoseg.model import Category


def survey(
    path: StrPath,
    *,
    categories: StrPath | None = None,
    images: StrPath | None = None,
    source_labels: StrPath | LabelScheme | None = None,
    instances: StrPath | None = None,
) -> dict[str, Any]:
    """The fields of ``cocoseg.tools.info.Info`` for a folder of class maps. Raises DocumentError, LabelError."""
    folder = os.fspath(path)
    found: tuple[Category, ...] = ()
    unknown = "what the values mean (give it with --source-labels or --categories)"
    try:
        found, _ = meaning(folder, categories, source_labels)
    except DocumentError as error:
        if error.category != "doc.missing_key" or categories is not None:
            raise
    index = pictures.read_index(folder, images)
    missing = [(not found, unknown), (instances is None, "which pixels are one thing (give it with --instances)")]
    return surveys.of_pictures(folder, "semantic", index, found, read_label_header, missing)
