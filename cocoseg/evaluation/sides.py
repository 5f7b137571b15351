"""Opens a truth and a prediction, and gives their categories one meaning.

Predictions seldom say what their numbers mean. So what one lacks comes from the truth: the images of a list of results,
the categories, and the classes of bare class maps. All of it is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec
import numpy as np
from msgspec import Raw

from cocoseg.errors import DocumentError, Problem, SampleError, UsageError, show
from cocoseg.evaluation.unexplained import (
    NUMBERS,
    changed,
    class_of_masks,
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
from cocoseg.labels.names import plain
from cocoseg.model import Category, Dataset, Entry, Sample
from cocoseg.options import Reading
from cocoseg.runs.tally import counted

_WITH_IDS = ("coco", "panoptic")
_EXPLAINING = ("source_labels", "categories", "colors")


@dataclass(frozen=True)
class Opened:
    """A source, the name of its format, and the scheme whose numbers it holds, if that was given from outside.

    ``explained`` are the options that said what its numbers or colours mean.
    """

    dataset: Dataset
    format: str
    numbered_by: LabelScheme | None = None
    explained: Mapping[str, Any] = field(default_factory=dict)


def open_truth(path: StrPath, options: Reading, labels: StrPath | LabelScheme) -> Opened:
    """The truth. Class maps that nothing explains are read by the ``labels``, or their numbers are the classes.

    Raises what ``cocoseg.read`` raises.
    """
    try:
        name, dataset = opened(path, options)
        return Opened(dataset, name, explained=_explaining(options))
    except DocumentError as error:
        if (bare := without_meaning(path, options, error)) is None:
            raise
    numbered = scheme_of_numbers(bare) if labels == "index" else labels
    name, dataset = opened(path, changed(options, source_labels=numbered))
    if labels != "index":
        return Opened(dataset, name)
    said = f"{FORMATS[name].what}, whose numbers are the classes, and 255 is void, as nothing names them"
    return Opened(replace(dataset, read_as=said), name, NUMBERS)


def open_prediction(path: StrPath, options: Reading, truth: Opened, scheme: LabelScheme) -> Opened:
    """The prediction, with what it lacks from the truth, whose classes ``scheme`` has. Raises as ``cocoseg.read``."""
    try:
        name, dataset = opened(path, options, images=_listed(truth))
    except DocumentError as error:
        if same := _as_truth(path, options, error, truth, scheme):
            return same
        if (bare := without_meaning(path, options, error)) is None:
            raise
        return _unexplained(path, options, bare, truth, scheme)
    if is_unnamed(name, dataset, truth.dataset.categories) and not _explaining(options):
        return _unexplained(path, options, dataset, truth, scheme)
    if not dataset.categories:
        dataset = replace(dataset, categories=truth.dataset.categories)
    return Opened(dataset, name)


def _unexplained(path: StrPath, options: Reading, found: Dataset, truth: Opened, scheme: LabelScheme) -> Opened:
    """A prediction of masks of the truth's one class, or of class maps of numbers."""
    only = class_of_masks(found, scheme)
    if only is not None:
        name, dataset = opened(path, changed(options, class_name=only), images=_listed(truth))
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


def matched(truth: Dataset, prediction: Dataset) -> tuple[Dataset, list[Problem]]:
    """The prediction with the truth's ids for categories of the same names, and what is to be said of it.

    Raises DocumentError ``pair.categories`` where no name is the same.
    """
    own, known = _by_name(prediction.categories), _by_name(truth.categories)
    if prediction.categories == truth.categories or not own or not known:
        return prediction, []
    ids = {row.id: known[name].id for name, row in own.items() if name in known}
    if not ids:
        names = ", ".join(show(row.name) for row in prediction.categories[:3])
        others = ", ".join(show(row.name) for row in truth.categories[:3])
        text = f"its categories ({names} ...) are none of the truth's ({others} ...)"
        raise DocumentError("pair.categories", f"{prediction.source}: {text}; are both of the same data set?")
    strange = {row.id: row.name for row in prediction.categories if row.id not in ids and row.merged is None}
    moved = [row for row in prediction.categories if ids.get(row.id, row.id) != row.id]
    problems = [_moved(prediction.source, moved, ids)] if moved else []
    if not moved and not strange:
        return prediction, problems
    change = partial(_renumbered, {k: v for k, v in ids.items() if k != v}, strange)
    kept = [row for row in prediction.categories if row.id not in strange]
    categories = tuple(replace(row, id=ids.get(row.id, row.id)) for row in kept)
    return replace(prediction.map(change), categories=categories), problems


def _by_name(categories: Sequence[Category]) -> dict[str, Category]:
    """The categories by their names, without those whose names are not telling."""
    names = [plain(row.name) for row in categories]
    return {name: row for name, row in zip(names, categories, strict=True) if names.count(name) == 1}


def _moved(source: str, moved: Sequence[Category], ids: Mapping[int, int]) -> Problem:
    first = moved[0]
    text = f"{counted(len(moved), 'class') if len(moved) == 1 else f'{len(moved):,} classes'} joined by name"
    return Problem(
        "pair.ids", f"{source}: {text}, as ids differ: {show(first.name)} is {first.id} here and {ids[first.id]} there"
    )


def _renumbered(ids: Mapping[int, int], strange: Mapping[int, str], sample: Sample) -> Sample:
    """The sample with other category ids. Raises SampleError ``id.unknown``."""
    found = sample.category_ids.tolist()
    for number in found:
        if number in strange:
            text = f"category {number} {show(strange[number])} is none of the truth's"
            raise SampleError("id.unknown", f"{text}; leave it out, or name both sides' classes alike")
    return replace(sample, category_ids=np.array([ids.get(number, number) for number in found], np.int64))


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
