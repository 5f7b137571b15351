"""A prediction against the truth: the function behind ``cocoseg evaluate``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from cocoseg.errors import Problem, UsageError, show
from cocoseg.evaluation import per_image
from cocoseg.evaluation.classes import matched
from cocoseg.evaluation.evaluation import Evaluation
from cocoseg.evaluation.groups import Groups, by_supercategory, groups_of
from cocoseg.evaluation.least import least_of
from cocoseg.evaluation.measures import Compare, Labels, Measure
from cocoseg.evaluation.pairs import Pairing, paired
from cocoseg.evaluation.sides import Opened, are_of_one_list, check_order, open_prediction, open_truth
from cocoseg.evaluation.tasks import Sides
from cocoseg.evaluation.worst import Worst
from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.formats.reading import ignored_note
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.metrics.conventions import Convention
from cocoseg.model import Dataset
from cocoseg.options import Evaluating, Labelling, Reading, flag, given, part, takes
from cocoseg.page.write import check_free
from cocoseg.reshaping.stitching import stitched
from cocoseg.reshaping.tile_table import Table, read_table
from cocoseg.runs.report import Head
from cocoseg.runs.run import How, Work, run
from cocoseg.tools.evaluation_page import write_evaluation
from cocoseg.tools.running import running
from cocoseg.tools.scheme import choose
from cocoseg.tools.sources import Source

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "evaluate"
_RULES = ("error", "nearest")
_OF_CLASSES = ("convention", "groups", "labels", "unlabelled", "crowd", "things", "overlap")


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
    both = open_sides(truth, prediction, options)
    pairing = paired(both.sides.truth.dataset, both.sides.prediction.dataset, both.by_id, options["missing"])
    result = _begun(both, pairing, options)
    result.below(least)  # a name that no number has is found before the work
    head = _head(both.sides, (truth, prediction), options)
    beside = _Beside.of(options, result, head.sources)
    compare = Compare(dict(result.measures), "nearest" if options["size"] == "nearest" else "error", both.decided)
    run(Work(COMMAND, pairing.dataset, compare, result, options["out"], head), how)
    if not options["dry_run"]:
        beside.write(result, pairing.dataset, both.sides, how)
    return result


class _Beside(NamedTuple):
    """Where the numbers of each image go, and the page, if they are asked for."""

    table: str | None
    page: str | None

    @classmethod
    def of(cls, options: Evaluating, result: Evaluation, sources: Sequence[str]) -> _Beside:
        """Raises UsageError ``usage.html``, ``out.is_input``, OutputError ``out.exists``."""
        table, page = (_path(path) for path in (options["per_image"], options["html"]))
        if table is not None:
            per_image.check_free(table, options["overwrite"], sources)
            result.rows = {}
        if page is not None:
            check_free(page, options["overwrite"], "html")
            result.worst = Worst(result.scheme.num_classes)
        out = options["out"]
        made = [path for path in (table, page) if path is not None]
        result.own = {places.base_name(path) for path in made if out is not None and places.parent(path) == place(out)}
        return cls(table, page)

    def write(self, result: Evaluation, pairs: Dataset, sides: Sides, how: How) -> None:
        """Write what is asked for. Raises OutputError."""
        if self.table is not None and result.rows is not None:
            per_image.write_rows(self.table, [entry.key for entry in pairs.entries], result.rows)
        if self.page is not None:
            write_evaluation(self.page, result, pairs, sides, how)


def _path(path: StrPath | None) -> str | None:
    return None if path is None else place(path)


class Both(NamedTuple):
    """Both sides; whether ids of images pair them; what is to be said; and all that decided what their classes are.

    ``notes`` say how the prediction was put together.
    """

    sides: Sides
    by_id: bool
    problems: list[Problem]
    decided: str
    notes: Sequence[str] = ()


def open_sides(truth: StrPath, prediction: StrPath, options: Evaluating) -> Both:
    """The truth, and the prediction with what it lacks from the truth. Raises DocumentError, LabelError, UsageError."""
    reading = _reading(options)
    true = open_truth(truth, reading | {"min_score": None}, options["labels"])
    check_order(true.dataset)
    scheme = _scheme(true, options)
    table = None if options["tiles"] is None else read_table(options["tiles"])
    own = _of_prediction(options, reading)
    predicted = open_prediction(prediction, own, true, scheme, table.listed if table else None)
    notes = []
    if table is not None:
        notes.append(table.note(predicted.dataset))
        predicted = _whole(predicted, table, options)
    check_order(true.dataset, predicted.dataset)
    by_id = are_of_one_list(true, predicted)
    decided = repr([(row.id, row.name) for row in predicted.dataset.categories])
    problems = [*true.dataset.problems, *scheme.problems, *predicted.dataset.problems]
    if predicted.numbered_by is None:
        lenient = options["unknown"] in ("drop", "void")
        dataset, more = matched(true.dataset, predicted.dataset, lenient)
        predicted, problems = replace(predicted, dataset=dataset), [*problems, *more]
        decided += str(lenient)
    labels = Labels(scheme, label_scheme(scheme, predicted.dataset))
    return Both(Sides(true, predicted, labels), by_id, problems, decided, notes)


def _whole(tiles: Opened, table: Table, options: Evaluating) -> Opened:
    """The images of predictions on tiles. Raises DocumentError ``tile.none``."""
    by_id, missing = tiles.format in ("coco", "panoptic"), options["missing"] == "empty"
    dataset = stitched(tiles.dataset, table, by_id, options["size"] == "nearest", missing)
    return replace(tiles, dataset=dataset)


def notes_of(sides: Sides) -> list[str]:
    """What both sources were taken for."""
    both = (("TRUTH", sides.truth.dataset, "source"), ("PREDICTION", sides.prediction.dataset, "prediction"))
    return [
        f"{name} was read as {_article(dataset.read_as)}{dataset.read_as}; --{flag}-format overrides this"
        for name, dataset, flag in both
        if dataset.read_as
    ]


def _notes(sides: Sides, tasks: Sequence[str], options: Evaluating) -> list[str]:
    """What the sources were taken for, what is left out, and options that change nothing."""
    truth = sides.truth.dataset
    ignored = {row.id for row in truth.categories if row.ignored} & set(sides.labels.truth.ignored)
    lacks = [f"TRUTH has no {text}" for text in truth.missing if text.startswith("iscrowd")]
    over = sides.passed_over(tasks) if options["task"] is None else []
    idle = (
        []
        if "semantic" in tasks
        else [flag(Evaluating, name) for name in given(Evaluating, options) if name in _OF_CLASSES]
    )
    said = [f"{', '.join(idle)} count for the task semantic alone"] if idle else []
    return [*notes_of(sides), *lacks, *(ignored_note(truth) if ignored else []), *over, *said]


def _begun(both: Both, pairing: Pairing, options: Evaluating) -> Evaluation:
    """An empty result, with what is to be said of both sides and their pairs."""
    sides = both.sides
    tasks = sides.tasks(options["task"])
    measures = sides.measures(tasks, options["convention"], options["boundary"])
    result = _empty(sides, measures, options, len(pairing.dataset))
    result.notes += [*_notes(sides, tasks, options), *both.notes, *pairing.notes]
    result.problems += [*both.problems, *pairing.problems]
    return result


def _empty(sides: Sides, measures: dict[str, Measure], options: Evaluating, listed: int) -> Evaluation:
    every = options["convention"] == "all"
    convention: Convention = "mmseg" if options["convention"] == "all" else options["convention"]
    truth, prediction = sides.truth, sides.prediction
    return Evaluation(
        listed,
        truth=truth.dataset.source,
        prediction=prediction.dataset.source,
        measures=measures,
        scheme=sides.labels.truth,
        categories=truth.dataset.categories,
        convention=convention,
        every=every,
        groups=_groups(sides, options["groups"], convention),
        numbers_only=truth.numbered_by is not None,
        as_ids=sides.as_ids(),
        borrowed=prediction.borrowed,
    )


def _groups(sides: Sides, wanted: StrPath | None, convention: Convention) -> Groups | None:
    scheme, categories = sides.labels.truth, sides.truth.dataset.categories
    if wanted is not None:
        return groups_of(wanted, scheme, categories)
    if convention == "cityscapes" and any(row.supercategory for row in categories):
        return by_supercategory(scheme, categories)
    return None


def _head(sides: Sides, sources: tuple[StrPath, StrPath], options: Evaluating) -> Head:
    """The head of the report."""
    true = Source(sources[0], _reading(options))
    shown = {name: options[name] for name in ("task", "convention", "boundary", "missing", "size") if options[name]}
    files = [*true.files(sides.truth.dataset), *(place(path) for path in (sources[1], options["tiles"]) if path)]
    return Head(files, {"labels": sides.labels.truth.name} | shown | true.given)


def _reading(options: Evaluating) -> Reading:
    """How the truth is read; ``size`` may be a rule for predictions instead."""
    reading = part(Reading, options)
    return reading | {"size": None} if options["size"] in _RULES else reading


def _article(words: str) -> str:
    return "a " if words.startswith("folder") else ""


def _scheme(truth: Opened, options: Evaluating) -> LabelScheme:
    if truth.numbered_by is not None:
        return truth.numbered_by
    scheme = choose(options["labels"], truth.dataset, part(Labelling, options))
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
    return part(Reading, own | given) | {"keep_fields": options["tiles"] is not None}


def fails(result: Evaluation, wanted: str | None) -> Sequence[str]:
    """Which numbers are under those asked for by ``fail_under``, in words."""
    return result.below(least_of(wanted))


def _check_size(size: str | None) -> None:
    """Raises UsageError ``usage.size`` for what is neither a rule nor a size."""
    if size is not None and size not in _RULES and not re.fullmatch(r"\s*\d+\s*[x×]\s*\d+\s*", size.lower()):
        text = f"size is {show(size)}, expected error, nearest, or HEIGHTxWIDTH, as 256x1600"
        raise UsageError("usage.size", text)
