"""Statistics as values that strict JSON holds."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from cocoseg.stats.classes import ClassStatistics
from cocoseg.stats.extremes import Few
from cocoseg.stats.histogram import Histogram
from cocoseg.stats.oddities import Occurrences

_TOTALS = ("pixels", "uncovered", "void", "contested", "segments", "void_per_image")
_HISTOGRAMS = ("areas", "segments_per_image", "classes_per_image", "contested_per_image")
_EXTREMES = ("smallest", "largest", "most_overlap", "most_void")


def plain(stats: Any) -> dict[str, Any]:
    """All numbers of ``Statistics``, by the names of their fields."""
    names = (*_TOTALS, *_HISTOGRAMS, *_EXTREMES)
    return {
        **{name: _plain(getattr(stats, name)) for name in names},
        "sizes": [{"height": h, "width": w, "images": n} for (h, w), n in stats.sizes.items()],
        "classes": {str(number): _plain(row) for number, row in stats.classes.items()},
        "together": [[one, other, images] for (one, other), images in stats.together.items()],
        "odd": {name: _plain(row) for name, row in stats.odd.items()},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Histogram):
        about = {"total": value.total, "least": value.least, "median": value.median, "most": value.most}
        return about | {"bins": [list(row) for row in value.bins]}
    if isinstance(value, Few):
        return [row._asdict() for row in value.examples]
    if isinstance(value, Occurrences):
        return {"count": value.count, "images": value.images, "examples": [list(row) for row in value.examples]}
    if isinstance(value, ClassStatistics):
        return {row.name: _plain(getattr(value, row.name)) for row in fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist() if value.any() else []
    return value
