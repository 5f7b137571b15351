"""A prediction against the truth: the function behind ``cocoseg evaluate``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cocoseg.errors import UsageError, show
from cocoseg.evaluation import per_image
from cocoseg.evaluation.evaluation import Evaluation
from cocoseg.evaluation.groups import Groups, by_supercategory, groups_of
from cocoseg.evaluation.least import least_of
from cocoseg.evaluation.measures import (
    Boundaries,
    Compare,
    Confusion,
    Labels,
    Measure,
    Panoptic,
    Precision,
    Weighted,
)
from cocoseg.evaluation.pairs import Pairing, paired
from cocoseg.evaluation.sides import Opened, are_of_one_list, check_order, matched, open_prediction, open_truth
from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.formats.reading import ignored_note
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.labels.presets import is_thing
from cocoseg.metrics.conventions import Convention
from cocoseg.metrics.instance_weighted import CITYSCAPES_SIZES
from cocoseg.model import Category
from cocoseg.options import Evaluating, Reading, part, takes
from cocoseg.options import Labelling as LabellingOptions
from cocoseg.runs.report import Head
from cocoseg.runs.run import Work, run
from cocoseg.tools.running import running
from cocoseg.tools.scheme import choose
from cocoseg.tools.sources import Source

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "evaluate"
_RULES = ("error", "nearest")


@takes(Evaluating)
def evaluate(truth: StrPath, prediction: StrPath, **options: Unpack[Evaluating]) -> Evaluation:
    """Compare a prediction with the truth, image by image.

    Both are anything that ``cocoseg.read`` reads, in different formats if need be; the reading options are those of the
    truth. What a prediction does not say comes from the truth: the images of a list of results, categories, and the
    classes of bare class maps. Images are paired by name, or by id where both have the same list of images. SRC in the
    options is ``truth``, OUT is ``out``.

    A pair that cannot be compared is left out and listed in the result's ``failures``. Call with more than one worker
    under ``if __name__ == "__main__":`` on platforms that spawn processes.

    Raises DocumentError, LabelError, UsageError before a pair is compared, OutputError where nothing can be written.

    >>> result = evaluate("fixtures/panoptic.json", "fixtures/panoptic.json")
    >>> result.tasks, result.headlines["PQ"]
    (('panoptic',), 1.0)
    """
    how = running(options)
    _check_size(options["size"])
    least = least_of(options["fail_under"])
    sides = _Sides.open(truth, prediction, options)
    pairing = paired(sides.truth.dataset, sides.prediction.dataset, sides.by_id, options["missing"])
    measures = sides.measures(options)
    result = sides.result(options, measures, pairing)
    if options["task"] is None:
        result.notes += sides.passed_over(result.tasks)
    result.below(least)  # a name that no number has is found before the work
    table = _table(options, result)
    compare = Compare(measures, "nearest" if options["size"] == "nearest" else "error", sides.settings)
    run(Work(COMMAND, pairing.dataset, compare, result, options["out"], sides.head(options)), how)
    if table is not None and result.rows is not None:
        per_image.write_rows(table, [entry.key for entry in pairing.dataset.entries], result.rows)
    return result


def _table(options: Evaluating, result: Evaluation) -> str | None:
    """Where the numbers of each image go, if they are asked for. Raises OutputError ``out.exists``."""
    if options["per_image"] is None:
        return None
    path, out = place(options["per_image"]), options["out"]
    per_image.check_free(path, options["overwrite"])
    result.rows = {}
    if out is not None and places.parent(path) == place(out):
        result.own = {places.base_name(path)}
    return path


@dataclass(frozen=True)
class _Sides:
    """Both sources, the classes of both, and what is to be said of them."""

    truth: Opened
    prediction: Opened
    labels: Labels
    by_id: bool
    problems: list[Any]
    settings: str
    sources: tuple[StrPath, StrPath]

    @classmethod
    def open(cls, truth: StrPath, prediction: StrPath, options: Evaluating) -> _Sides:
        """Raises DocumentError, LabelError, UsageError."""
        rule = options["size"] in _RULES
        reading = part(Reading, options)
        if rule:
            reading["size"] = None
        true = open_truth(truth, reading, options["labels"])
        check_order(true.dataset)
        scheme = _scheme(true, options)
        predicted = open_prediction(prediction, _of_prediction(options, reading), true, scheme)
        check_order(true.dataset, predicted.dataset)
        by_id = are_of_one_list(true, predicted)
        problems = [*true.dataset.problems, *scheme.problems, *predicted.dataset.problems]
        own = repr([(row.id, row.name) for row in predicted.dataset.categories])
        if predicted.numbered_by is None:
            dataset, more = matched(true.dataset, predicted.dataset)
            predicted, problems = replace(predicted, dataset=dataset), [*problems, *more]
        labels = Labels(scheme, label_scheme(scheme, predicted.dataset))
        return cls(true, predicted, labels, by_id, problems, own, (truth, prediction))

    @property
    def notes(self) -> list[str]:
        """What the sources were taken for, and what is left out."""
        sides = (("TRUTH", self.truth, "source"), ("PREDICTION", self.prediction, "prediction"))
        read = [
            f"{name} was read as {_article(side.dataset.read_as)}{side.dataset.read_as}; --{flag}-format overrides this"
            for name, side, flag in sides
            if side.dataset.read_as
        ]
        ignored = {row.id for row in self.truth.dataset.categories if row.ignored} & set(self.labels.truth.ignored)
        lacks = [f"TRUTH has no {text}" for text in self.truth.dataset.missing if text.startswith("iscrowd")]
        return [*read, *lacks, *(ignored_note(self.truth.dataset) if ignored else [])]

    def passed_over(self, tasks: Sequence[str]) -> list[str]:
        """A note that classes alone are compared, where both sides tell things but one lacks what other tasks need."""
        why = self._no_instances()
        grouped = self.truth.dataset.conventions.grouped or self.prediction.dataset.conventions.grouped
        return [f"only classes of pixels are compared, as {why}"] if tasks == ("semantic",) and not grouped else []

    def measures(self, options: Evaluating) -> dict[str, Measure]:
        """What is counted, by its name. Raises UsageError ``usage.task``."""
        tasks = self._tasks(options["task"])
        ratio, evaluated = options["boundary"], self._evaluated()
        found: dict[str, Measure] = {}
        if "semantic" in tasks:
            found["semantic"] = Confusion(self.labels)
            if ratio is not None:
                found["boundary"] = Boundaries(self.labels, ratio)
            if options["convention"] == "cityscapes" and (sizes := self._sizes()):
                found["weighted"] = Weighted(self.labels, sizes)
        if "panoptic" in tasks:
            found["panoptic"] = Panoptic(evaluated, self._others(evaluated))
            if ratio is not None:
                found["boundary_panoptic"] = Panoptic(evaluated, self._others(evaluated), ratio)
        if "instances" in tasks:
            things = tuple(row for row in evaluated if is_thing(row) is not False)
            found["instances"] = Precision(things, self._others(things))
        return found

    def _tasks(self, wanted: str | None) -> tuple[str, ...]:
        """The tasks to do: the one that tells most, or those that are asked for and possible."""
        against = {"panoptic": self._no_panoptic(), "instances": self._no_instances(), "semantic": ""}
        possible = tuple(name for name in ("instances", "panoptic", "semantic") if not against[name])
        if wanted is None:
            return possible[:1]
        if wanted == "all":
            return possible
        if against[wanted]:
            text = f"the task {wanted} can't be done, as {against[wanted]}; possible: {', '.join(possible)}"
            raise UsageError("usage.task", text)
        return (wanted,)

    def _no_panoptic(self) -> str:
        """Why segments can't be compared, in words; empty if they can."""
        true, predicted = self.truth.dataset.conventions, self.prediction.dataset.conventions
        if true.grouped or predicted.grouped:
            return f"class maps in the {'truth' if true.grouped else 'prediction'} have classes but no instances"
        if true.unlabelled == "background":
            return "the truth has things alone; a panoptic truth has a segment for every pixel"
        return ""

    def _no_instances(self) -> str:
        """Why masks with scores can't be compared, in words; empty if they can."""
        if self.truth.dataset.conventions.grouped:
            return "class maps in the truth have classes but no instances"
        return (
            ""
            if self.prediction.dataset.conventions.scored
            else "the predicted masks have no 'score', which ranks them"
        )

    def _evaluated(self) -> tuple[Category, ...]:
        """The truth's categories, without those that its own evaluation ignores, and groups."""
        return tuple(row for row in self.truth.dataset.categories if not row.ignored and not row.unused_root)

    def _others(self, categories: Sequence[Category]) -> frozenset[int]:
        """The ids of the truth's categories that are not among these."""
        return frozenset(row.id for row in self.truth.dataset.categories) - {row.id for row in categories}

    def _sizes(self) -> tuple[float | None, ...]:
        """The average size of instances of each class (C,), if the truth is Cityscapes'; else nothing."""
        if self.truth.dataset.conventions.grouped:
            return ()
        found = tuple(CITYSCAPES_SIZES.get(name or "") for name in self.labels.truth.names)
        return found if any(found) else ()

    def result(self, options: Evaluating, measures: dict[str, Measure], pairing: Pairing) -> Evaluation:
        """An empty result, with what is to be said of both sides and their pairs."""
        every = options["convention"] == "all"
        convention: Convention = "mmseg" if options["convention"] == "all" else options["convention"]
        return Evaluation(
            len(pairing.dataset),
            notes=[*self.notes, *pairing.notes],
            problems=[*self.problems, *pairing.problems],
            truth=self.truth.dataset.source,
            prediction=self.prediction.dataset.source,
            measures=measures,
            scheme=self.labels.truth,
            categories=self.truth.dataset.categories,
            convention=convention,
            every=every,
            groups=self._groups(options["groups"], convention),
            numbers_only=self.truth.numbered_by is not None,
            as_ids=self._as_ids() if self.prediction.numbered_by else (),
        )

    def _as_ids(self) -> tuple[int | None, ...]:
        """The class of each number (C,) if it were a category id; nothing if that is the same."""
        scheme = self.labels.truth
        found = [scheme.class_of.get(number) for number in range(scheme.num_classes)]
        same = all(index in (number, None) for number, index in enumerate(found))
        return () if same else tuple(None if index == scheme.void else index for index in found)

    def _groups(self, wanted: StrPath | None, convention: Convention) -> Groups | None:
        scheme, categories = self.labels.truth, self.truth.dataset.categories
        if wanted is not None:
            return groups_of(wanted, scheme, categories)
        if convention == "cityscapes" and any(row.supercategory for row in categories):
            return by_supercategory(scheme, categories)
        return None

    def head(self, options: Evaluating) -> Head:
        """The head of the report."""
        reading = part(Reading, options)
        true = Source(self.sources[0], {**reading, "size": None} if options["size"] in _RULES else reading)
        shown = {name: options[name] for name in ("task", "convention", "boundary", "missing", "size") if options[name]}
        sources = [*true.files(self.truth.dataset), place(self.sources[1])]
        return Head(sources, {"labels": self.labels.truth.name} | shown | true.given)


def _article(words: str) -> str:
    return "a " if words.startswith("folder") else ""


def _scheme(truth: Opened, options: Evaluating) -> LabelScheme:
    if truth.numbered_by is not None:
        return truth.numbered_by
    scheme = choose(options["labels"], truth.dataset, part(LabellingOptions, options))
    return scheme if options["overlap"] is None else replace(scheme, overlap=options["overlap"])


def _of_prediction(options: Evaluating, reading: Reading) -> Reading:
    """How the prediction is read: by the options that name it, within the same limit of pixels."""
    own = {name: reading.get(name) for name in ("max_pixels", "min_score", "size")}
    given = {
        "source_format": options["prediction_format"],
        "source_labels": options["prediction_labels"],
        "categories": options["prediction_categories"],
        "png_dir": options["prediction_png_dir"],
        "colors": options["prediction_colors"],
        "suffix": options["prediction_suffix"],
    }
    return part(Reading, own | given)


def fails(result: Evaluation, wanted: str | None) -> Sequence[str]:
    """Which numbers are under those asked for by ``fail_under``, in words."""
    return result.below(least_of(wanted))


def _check_size(size: str | None) -> None:
    """Raises UsageError ``usage.size`` for what is neither a rule nor a size."""
    if size is not None and size not in _RULES and not re.fullmatch(r"\s*\d+\s*[x×]\s*\d+\s*", size.lower()):
        text = f"size is {show(size)}, expected error, nearest, or HEIGHTxWIDTH, as 256x1600"
        raise UsageError("usage.size", text)
