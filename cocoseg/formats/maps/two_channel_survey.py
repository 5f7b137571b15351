"""What a folder of 2-channel PNGs tells without decoding a picture."""

from __future__ import annotations

import os
from typing import Any

from cocoseg.files.places import StrPath
from cocoseg.files.png import read_header
from cocoseg.formats import surveys
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.formats.maps import pictures


def survey(path: StrPath, *, categories: StrPath | None = None, images: StrPath | None = None) -> dict[str, Any]:
    """The fields of ``cocoseg.tools.info.Info`` for a folder of 2-channel PNGs. Raises DocumentError."""
    folder = os.fspath(path)
    found = () if categories is None else read_categories(categories)
    missing = [(not found, "categories (give them with --categories)")]
    return surveys.of_pictures(folder, "two-channel", pictures.read_index(folder, images), found, read_header, missing)
