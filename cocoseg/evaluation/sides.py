"""Opens a truth and a prediction, and gives their categories one meaning.

Predictions seldom say what their numbers mean. So what one lacks comes from the truth: the images of a list of results,
the categories, and the classes of bare class maps. All of it is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from msgspec import Raw

from cocoseg.errors import DocumentError, UsageError, show
from cocoseg.evaluation.unexplained import (
    NUMBERS,
    changed,
    class_of_masks,
    classes_after_all,
    is_unnamed,
    read_numbers,
    scheme_of_numbers,
    seen_in,
    without_meaning,
)
from cocoseg.files.places import StrPath
from cocoseg.formats import FORMATS
from cocoseg.formats.coco_json.images import Listed
from cocoseg.formats.reading import opened
from cocoseg.labels import LabelScheme
from cocoseg.model import Dataset, Entry
from cocoseg.options import Reading

_WITH_IDS = ("coco", "panoptic")
_FLAGS = {
    "--categories": "--prediction-categories",
    "--colors": "--prediction-colors",
    "--from": "--prediction-format",
    "--png-dir": "--prediction-png-dir",
    "--source-format": "--prediction-format",
    "--source-labels": "--prediction-labels",
    "--suffix": "--prediction-suffix",
}
_EXPLAINING = ("source_labels", "categories", "colors")


@dataclass(frozen=True)
class Opened:
    """A source, the name of its format, and the scheme whose numbers it holds, if that was given from outside.

    ``explained`` are the options that said what its numbers or colours mean. ``borrowed``: its categories are those of
    the truth, as it lists none.
    """

    dataset: Dataset
    format: str
    numbered_by: LabelScheme | None = None
    explained: Mapping[str, Any] = field(default_factory=dict)
    borrowed: bool = False


def open_truth(path: StrPath, options: Reading, labels: StrPath | LabelScheme) -> Opened:
    """The truth. Class maps that nothing explains are read by the ``labels``, or their numbers are the classes.

    Raises what ``cocoseg.read`` raises.
    """
    try:
        name, dataset = opened(path, options)
        return Opened(dataset, name, explained=_explaining(options))
    except DocumentError as error:
        if (bare := without_meaning(path, options, error)) is None:
            raise _calling(error, "TRUTH", {}) from None
    numbered = scheme_of_numbers(bare) if labels == "index" else labels
    name, dataset = opened(path, changed(options, source_labels=numbered))
    if labels != "index":
        return Opened(dataset, name)
    said = f"{FORMATS[name].what}, whose numbers are the classes, and 255 is void, as nothing names them"
    return Opened(replace(dataset, read_as=said), name, NUMBERS)


def _calling(error: DocumentError, side: str, flags: Mapping[str, str]) -> DocumentError:
    """The error with the name of the side for SRC, and the ``flags`` that apply to it."""
    text = re.sub(r"--[a-z-]+", lambda flag: flags.get(flag[0], flag[0]), error.message)
    return DocumentError(error.category, re.sub(r"\bSRC\b", side, text))


def open_prediction(
    path: StrPath, options: Reading, truth: Opened, scheme: LabelScheme, images: Listed | None = None
) -> Opened:
    """The prediction, with what it lacks from the truth, whose classes ``scheme`` has. Raises as ``cocoseg.read``.

    ``images`` are those of a list of results, if they are not the truth's.
    """
    try:
        return _opened_prediction(path, options, truth, scheme, images or _listed(truth))
    except DocumentError as error:
        raise _calling(error, "PREDICTION", _FLAGS) from None


def _opened_prediction(path: StrPath, options: Reading, truth: Opened, scheme: LabelScheme, images: Listed) -> Opened:
    try:
        name, dataset = opened(path, options, images=images)
    except DocumentError as error:
        if same := _as_truth(path, options, error, truth, scheme):
            return same
        if (bare := without_meaning(path, options, error)) is not None:
            return _unexplained(path, options, bare, truth, scheme, images)
        if error.category != "doc.kind" or (noisy := classes_after_all(path, options, scheme)) is None:
            raise
        return Opened(noisy[1], noisy[0], scheme)
    if is_unnamed(name, dataset, truth.dataset.categories) and not _explaining(options):
        return _unexplained(path, options, dataset, truth, scheme, images)
    if not dataset.categories:
        return Opened(replace(dataset, categories=truth.dataset.categories), name, borrowed=True)
    return Opened(dataset, name)


def _unexplained(
    path: StrPath, options: Reading, found: Dataset, truth: Opened, scheme: LabelScheme, images: Listed
) -> Opened:
    """A prediction of masks of the truth's one class, or of class maps of numbers."""
    only = class_of_masks(found, scheme)
    if only is not None:
        name, dataset = opened(path, changed(options, class_name=only), images=images)
        return Opened(dataset, name)
    name, dataset = read_numbers(path, options, found, truth.dataset.categories, scheme)
    return Opened(dataset, name, scheme)


def _explaining(options: Reading) -> dict[str, Any]:
    """The options that say what numbers or colours mean, those that are given."""
    given: dict[str, Any] = {name: options.get(name) for name in _EXPLAINING}
    return {name: value for name, value in given.items() if value is not None}


def _as_truth(
    path: StrPath, options: Reading, error: DocumentError, truth: Opened, scheme: LabelScheme
) -> Opened | None:
    """A prediction that nothing explains by what explains the truth, if it has the same format and numbers, or None.

    Where classes were chosen, predictions rather have their numbers.
    """
    if error.category != "doc.missing_key" or not truth.explained or scheme.name != "index":
        return None
    try:
        name, dataset = opened(path, changed(options, **truth.explained))
    except DocumentError:
        return None
    ids = {row.id for row in truth.dataset.categories}
    if name != truth.format or (dataset.conventions.grouped and not seen_in(dataset) <= seen_in(truth.dataset) | ids):
        return None
    said = f"{dataset.read_as or FORMATS[name].what}, by what explains TRUTH"
    return Opened(replace(dataset, read_as=said), name)


def _listed(truth: Opened) -> Listed:
    """The truth's images, as a JSON lists them. Results of other data sets name their images by file_name."""
    rows = [_row(entry) for entry in truth.dataset.entries if isinstance(entry, Entry)]
    return Listed(truth.dataset.source, rows, "id" if truth.format in _WITH_IDS else "file_name")


def _row(entry: Entry) -> Raw:
    size = {"height": entry.size[0], "width": entry.size[1]} if entry.size else {}
    row = {"id": entry.image_id, "file_name": entry.file_name or entry.key, **size}
    return Raw(msgspec.json.encode(row))


def are_of_one_list(truth: Opened, prediction: Opened) -> bool:
    """Whether both name images by the same ids: those of JSONs that list images, or of results about these."""
    return all(side.format in _WITH_IDS for side in (truth, prediction)) and _share_names(truth, prediction)


def _share_names(truth: Opened, prediction: Opened) -> bool:
    """Whether images with the same id have the same name, so that ids are no coincidence."""
    names = {entry.image_id: _stem(entry) for entry in truth.dataset.entries if isinstance(entry, Entry)}
    both = [entry for entry in prediction.dataset.entries if isinstance(entry, Entry) and entry.image_id in names]
    return bool(both) and all(names[entry.image_id] == _stem(entry) for entry in both)


def _stem(entry: Entry) -> str:
    return entry.key.rpartition(".")[0] or entry.key


def check_order(truth: Dataset, prediction: Dataset | None = None) -> None:
    """Raises UsageError ``usage.order`` where the truth is a list of results, or only it has scores."""
    if not truth.conventions.scored:
        return
    other = "" if prediction is None else f", and the prediction {show(prediction.source, 300)} has none"
    if truth.categories if prediction is None else prediction.conventions.scored:
        return
    text = f"the truth {show(truth.source, 300)} has scores{other}, so it is a prediction"
    raise UsageError("usage.order", f"{text}; the truth comes first: evaluate TRUTH PREDICTION")
