"""The libraries that count mask AP, hotcoco and pycocotools: which is installed, and what they count of dicts."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.errors import UsageError, show
from cocoseg.metrics.conventions import Number

Library = Literal["hotcoco", "pycocotools"]
Floats = npt.NDArray[np.float64]

AREAS = ("all", "small", "medium", "large")
MOST = 300  # detections of an image that LVIS counts


class Counted(NamedTuple):
    """What the library counted: precision (T, R, K, A, M) and recall (T, K, A, M), -1 where undefined.

    T thresholds of IoU, R of recall, K ``categories``, A ranges of area, M numbers of detections (``most``).
    """

    precision: Floats
    recall: Floats
    categories: list[int]
    most: list[int]

    def ap(self, iou: float | None = None, area: str = "all", classes: Any = slice(None)) -> Number:
        """AP with the most detections, at one IoU or over all."""
        return _mean(self.precision[_threshold(iou)][:, :, classes, AREAS.index(area), -1])

    def ar(self, most: int = -1, area: str = "all", classes: Any = slice(None)) -> Number:
        """AR over all IoU, with the number of detections at the index ``most``."""
        return _mean(self.recall[:, classes, AREAS.index(area), most])


def _threshold(iou: float | None) -> slice:
    """The places of an IoU among .50, .55 ... .95, or all."""
    return slice(None) if iou is None else slice(k := round((iou - 0.5) / 0.05), k + 1)


def _mean(numbers: Floats) -> Number:
    defined = numbers[numbers > -1]
    return float(np.mean(defined)) if defined.size else None


def count(library: Library, lvis: bool, truth: dict[str, Any], results: list[dict[str, Any]]) -> Counted:
    """Have a library count. pycocotools prints on the way, and cannot load an empty list."""
    with redirect_stdout(io.StringIO()):
        known, found = _tables(library, truth, results)
        if lvis:
            found = found.cap_detections_per_image(MOST)
            evaluation = import_module(library).COCOeval(known, found, "segm", lvis_style=True)
        else:
            home = "pycocotools.cocoeval" if library == "pycocotools" else library
            evaluation = import_module(home).COCOeval(known, found, "segm")
        evaluation.evaluate()
        evaluation.accumulate()
    precision, recall = (np.asarray(evaluation.eval[name], np.float64) for name in ("precision", "recall"))
    return Counted(precision, recall, list(evaluation.params.catIds), list(evaluation.params.maxDets))


def _tables(library: Library, truth: dict[str, Any], results: list[dict[str, Any]]) -> tuple[Any, Any]:
    """The truth and the results as the library's tables."""
    if library == "hotcoco":
        known = import_module("hotcoco").COCO(truth)
        return known, known.loadRes(results)
    make = import_module("pycocotools.coco").COCO
    known, nothing = make(), make()
    for table, document in ((known, truth), (nothing, truth | {"annotations": []})):
        table.dataset = document
        table.createIndex()
    return known, known.loadRes(results) if results else nothing


def installed(library: Library | None, lvis: bool) -> Library:
    """The library to use. Raises UsageError ``usage.extra``, ``usage.library``."""
    names: tuple[Library, ...] = ("hotcoco",) if lvis else ("hotcoco", "pycocotools")
    if library is not None and library not in names:
        raise UsageError("usage.library", f"library is {show(library)}, expected {' or '.join(names)}")
    for name in names if library is None else (library,):
        if _is_there(name):
            return name
    what = "AP of LVIS needs hotcoco" if lvis else f"mask AP needs {library or 'hotcoco or pycocotools'}"
    raise UsageError("usage.extra", f"{what}: pip install 'cocoseg[eval]', or '.[eval]' from a checkout")


@cache
def _is_there(name: str) -> bool:
    return find_spec(name) is not None


def version_of(library: str) -> str:
    """The version that is installed."""
    from importlib.metadata import version

    return version(library)
