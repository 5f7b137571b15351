"""``cocoseg evaluate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cocoseg.cli import options
from cocoseg.options import Evaluating

if TYPE_CHECKING:
    from cocoseg.evaluation.evaluation import Evaluation
    from cocoseg.metrics.average_precision import PrecisionResult
    from cocoseg.metrics.confusion import Ints
    from cocoseg.metrics.conventions import Convention, SemanticResult
    from cocoseg.metrics.panoptic_quality import PanopticResult

Truth = Annotated[str, typer.Argument(metavar="TRUTH", help="The labels: a file or a folder.", show_default=False)]
Prediction = Annotated[
    str,
    typer.Argument(
        metavar="PREDICTION",
        help="What a model predicts: class maps, arrays of scores, results, or any labels.",
        show_default=False,
    ),
]
_WIDE = 30  # letters of a name in a table
_COUNTS = ("index", "id", "pixels", "TP", "FP", "FN")


@options.command(Evaluating, options.OnCluster, options.Printing)
def command(
    truth: Truth, prediction: Prediction, *, json: bool, quiet: bool, verbose: bool, dask: str | None, **given: Any
) -> None:
    """Compare a prediction with the truth: mIoU as every tool counts it, PQ, mask AP.

    Both may be of any format, and of different ones. The exit code is 1 if a pair could not be compared, or a number is
    lower than --fail-under allows.

    Example: cocoseg evaluate truth/ predictions/
    """
    from cocoseg import parallel
    from cocoseg.cli.cluster import cluster
    from cocoseg.cli.printing import as_json
    from cocoseg.cli.progress import progress
    from cocoseg.tools.evaluate import evaluate, fails

    parallel.tune_memory()
    with cluster(dask) as found, progress(quiet) as on_done:
        given["workers"] = given["workers"] or (found.workers if found.executor else options.cores())
        result = evaluate(truth, prediction, **given, executor=found.executor, on_done=on_done)
    failed = fails(result, given["fail_under"])
    if json:
        typer.echo(as_json(result.as_dict() | result.about_run() | {"too_low": failed}))
    else:
        _print(result, failed, quiet, verbose)
    raise typer.Exit(1 if result.failures or failed else 0)


def _print(result: Evaluation, failed: Sequence[str], quiet: bool, verbose: bool) -> None:
    from cocoseg.cli.printing import MOST, print_lines, problem_lines

    most = None if verbose else MOST
    problems = problem_lines("Warnings", result.problems, most=most)
    problems += problem_lines("Refused", result.failures, most=most)
    problems += [f"Too low: {text}" for text in failed]
    print_lines(problems if quiet else [*_lines(result, verbose), *problems])


def _lines(result: Evaluation, verbose: bool) -> list[str]:
    lines = [*result.notes, _compared(result)]
    if not result.images:
        return lines
    if result.semantic:
        lines += ["", *_semantic(result, verbose)]
    for title, found in (("panoptic", result.panoptic), ("boundary panoptic", result.boundary_panoptic)):
        if found:
            lines += ["", _title(title, result), *_panoptic(found, verbose)]
    if result.instances:
        lines += ["", *_instances(result, result.instances, verbose)]
    return lines


def _title(what: str, result: Evaluation) -> str:
    """What the tables below are, and how much of the truth they are about."""
    partly = f", over {result.images:,} of {result.listed:,} pairs" if result.images < result.listed else ""
    return f"{what}{partly}:"


def _panoptic(found: PanopticResult, verbose: bool) -> list[str]:
    kinds = {"all": "", "things": " things", "stuff": " stuff"}
    means = [
        {"": kind, **{name: found.headlines[f"{name}{end}"] for name in ("PQ", "SQ", "RQ")}}
        for kind, end in kinds.items()
    ]
    columns: Mapping[str, Sequence[Any]] = {**found.columns, **found.counts}
    rows = [
        {"id": row.id, "name": row.name, **{title: column[k] for title, column in columns.items()}}
        for k, row in enumerate(found.categories)
    ]
    return [*_classes(rows, "PQ", verbose), "", *_table(means)]


_AREAS = {"all": "", "small": "s", "medium": "m", "large": "l"}


def _instances(result: Evaluation, found: PrecisionResult, verbose: bool) -> list[str]:
    names = {row.id: row.name for row in result.categories}
    rows = [{"id": id, "name": names.get(id, ""), **row} for id, row in found.per_class.items()]
    counts = f"{found.truths:,} masks in the truth, {found.results:,} predicted, areas by pixels"
    title = _title(f"instances, by {found.library} ({counts})", result)
    numbers = found.headlines
    most = [name for name in numbers if name.startswith("AR") and name[2:].isdigit()][-1]
    by_area = [
        {"": area, "AP": numbers[f"AP{end}"], "AR": numbers[f"AR{end}" if end else most]}
        for area, end in _AREAS.items()
    ]
    others = {name: value for name, value in numbers.items() if name != "AP" and name[2:] not in _AREAS.values()}
    return [title, *_classes(rows, "AP", verbose), "", *_table(by_area), _numbers(others)]


def _classes(rows: Sequence[Mapping[str, Any]], telling: str, verbose: bool) -> list[str]:
    """A table of classes, without those that are on neither side."""
    there = [row for row in rows if verbose or row[telling] is not None]
    left = len(rows) - len(there)
    classes = "1 class" if left == 1 else f"{left:,} classes"
    return [*_table(there), *([f"  {classes} without a number left out; --verbose shows all"] if left else [])]


def _compared(result: Evaluation) -> str:
    from cocoseg.runs.tally import counted

    refused = f", {result.failed:,} refused" if result.failed else ""
    rate = f" ({result.images_per_second:,.0f} pairs/s)" if result.made else ""
    kept = f", {result.kept:,} of them compared before" if result.kept else ""
    done = f"{result.images:,} of {counted(result.listed, 'pair')} compared in {result.seconds:.1f} s"
    return f"{done}{rate}{kept}{refused}"


def _semantic(result: Evaluation, verbose: bool) -> list[str]:
    assert result.semantic
    headlines = {"mIoU": result.semantic.headlines.get("mIoU")} | dict(result.semantic.headlines)
    for extra in (result.boundary, result.weighted):
        headlines |= dict(extra.headlines) if extra else {}
    lines = [_title(f"semantic, as {result.convention}", result), *_classes(_short(result), "IoU", verbose), ""]
    if groups := result.semantic.groups:
        weighted = {"iIoU": result.weighted.groups} if result.weighted else {}
        rows = [
            {"group": name, "IoU": value, **{title: column.get(name) for title, column in weighted.items()}}
            for name, value in groups.items()
        ]
        lines += [*_table(rows), ""]
    if result.every:
        lines += [*_table([_of_tool(name, row) for name, row in result.conventions.items()]), ""]
    return [*lines, _void(result), _numbers(headlines)]


def _short(result: Evaluation) -> list[dict[str, Any]]:
    """The rows of classes, with what each is mostly taken for. What stands there twice is left out.

    mmseg's Acc is its Recall, and its Fscore is Dice wherever both are defined.
    """
    left = {"Acc", "Fscore"} if result.convention == "mmseg" else set()
    left |= {"name"} if result.numbers_only else set()
    rows = [{title: value for title, value in row.items() if title not in left} for row in result.classes()]
    assert result.confusion
    matrix, names = result.confusion.matrix, [*result.class_names, "void"]
    return [row | {"taken for": _taken_for(matrix[row["index"]], row["index"], names)} for row in rows]


def _taken_for(pixels: Ints, index: int, names: Sequence[str]) -> str:
    """The class that most wrong pixels of a class are predicted as, and their share of the class."""
    wrong = pixels.copy()
    wrong[index] = 0
    to = int(wrong.argmax())
    return f"{_cut(names[to])} {percent(wrong[to] / pixels.sum())}" if wrong[to] else ""


def _void(result: Evaluation) -> str:
    assert result.confusion
    missed = result.confusion.predicted_void
    text = f"  void: {percent(result.void_share)} of the truth's pixels don't count"
    return f"{text}; {percent(missed)} of the others were predicted void"


_SAME = {
    "mIoU": ("mIoU",),
    "accuracy": ("aAcc", "pAcc", "PA"),
    "class accuracy": ("mAcc", "MPA"),
    "fwIoU": ("fwIoU", "FWIoU"),
    "Dice": ("mDice",),
}


def _of_tool(name: Convention, result: SemanticResult) -> dict[str, Any]:
    """The headlines of a tool under common names, and why they differ."""
    from cocoseg.evaluation.evaluation import WHY

    found = result.headlines
    numbers = {title: next((found[own] for own in names if own in found), None) for title, names in _SAME.items()}
    return {"as": name, **numbers, "because": WHY[name]}


def _numbers(headlines: Mapping[str, Any]) -> str:
    return "  " + "  ".join(f"{name} {percent(value, '')}" for name, value in headlines.items())


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows as lines, the names of the columns first; numbers in percent."""
    from cocoseg.cli.printing import table

    if not rows:
        return []
    titles = list(rows[0])
    cells = [[_cell(title, row[title]) for title in titles] for row in rows]
    right = [k for k, title in enumerate(titles) if not isinstance(rows[0][title], str)]
    return table([titles, *cells], right)


def _cell(title: str, value: Any) -> str:
    if isinstance(value, str):
        return value if title == "because" else _cut(value)
    return f"{value:,}" if title in _COUNTS and value is not None else percent(value, "")


def _cut(name: str) -> str:
    return name if len(name) <= _WIDE else f"{name[: _WIDE - 1]}…"


def percent(value: float | None, sign: str = "%") -> str:
    """A share in percent, as tools print it; a dash where it is not defined.

    >>> percent(0.61234), percent(None)
    ('61.23%', '–')
    """
    return "–" if value is None else f"{100 * value:.2f}{sign}"
