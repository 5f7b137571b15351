"""The COCO JSON about all images that a run writes at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cocoseg.formats.coco_json.categories import category_row
from cocoseg.model import Category
from cocoseg.runs.document import Document, Place


def coco_document(
    place: Place, categories: Sequence[Category], about: Mapping[str, object], numbered: str | None = None
) -> Document:
    """The COCO JSON of all images, whose texts are rows of ``images`` and ``annotations``.

    ``about`` is its ``info``, and its ``licenses`` if there are any.
    """
    rows = [category_row(row) for row in categories]
    return Document(
        place, {"info": {}, "licenses": []} | dict(about), ("images", "annotations"), {"categories": rows}, numbered
    )
