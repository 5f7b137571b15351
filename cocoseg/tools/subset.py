"""Some images and classes of a data set: the function behind ``cocoseg subset``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cocoseg.errors import UsageError
from cocoseg.files.places import StrPath
from cocoseg.formats.coco.passing import largest_id, passing, with_ids
from cocoseg.formats.reading import evaluated
from cocoseg.model import Dataset
from cocoseg.options import Reading, Reshaping, Subsetting, part, takes
from cocoseg.reshaping.changes import Keep, with_change
from cocoseg.reshaping.keeping import Kept, chosen, sampled, selected, without_empty
from cocoseg.runs.report import Head
from cocoseg.runs.run import run
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.reshaped import Out, check_out, kind_of, open_source, passes, unlabelled_notes, work
from cocoseg.tools.running import running
from cocoseg.tools.sources import Source, about

if TYPE_CHECKING:
    from typing_extensions import Unpack

_OWN = ("classes", "without_empty", "min_area", "max_images")


@takes(Subsetting)
def subset(src: StrPath, out: StrPath, **options: Unpack[Subsetting]) -> Tally:
    """Write some of the images and classes of ``src`` to ``out``; ids of images, annotations and classes stay.

    A detection JSON keeps its rows as they are, a panoptic JSON its ids, class maps their numbers. Pixels of classes
    that are left out become unlabelled. ``classes`` are names with commas.

    Raises DocumentError, LabelError, UsageError before anything is written, OutputError where nothing can be written.

    >>> subset("fixtures/panoptic.json", "some", classes="sky-other-merged", without_empty=True, dry_run=True).images
    2
    """
    how = running(options)
    source = Source(src, part(Reading, options))
    found = open_source(src, source.options, options["to"])
    kind = kind_of([found], options["to"])
    check_out(kind, out, options)
    whole, notes = evaluated(found.dataset) if kind != "semantic" else (found.dataset, [])
    passed = passes(found._replace(dataset=whole), kind, options)
    dataset = whole
    if passed:
        dataset, more = rows_kept(whole, options["min_area"])
        notes += more
    dataset = _with_classes(dataset, options, passed)
    dataset, said, problems = _with_images(dataset, options)
    shown = {name: options[name] for name in _OWN if options[name]} | shown_of(kind, options)  # type: ignore[literal-required]
    shown |= {"select": os.fspath(options["select"])} if options["select"] is not None else {}
    shown |= {"crowd": "drop"} if options["crowd"] == "drop" else {}
    head = Head(source.files(whole), shown | source.given, {"reshaped": {"by": "subset"}})
    done: Tally = run(
        work(
            Out(
                dataset,
                kind,
                out,
                head,
                part(Reshaping, options),
                [*notes, *said, *unlabelled_notes(whole, dataset, kind)],
                [*whole.problems, *problems],
                about(whole, src),
                (passed,),
            )
        ),
        how,
    )
    return done


def shown_of(kind: str, options: Reshaping) -> dict[str, Any]:
    """What is written, for the report."""
    scheme: Any = options["labels"]
    labels = getattr(scheme, "name", None) or (scheme and str(scheme))
    given = {"as": options["segmentation"], "labels": labels, "overlap": options["overlap"]}
    return {"to": kind} | {name: value for name, value in given.items() if value}


def rows_kept(dataset: Dataset, min_area: int | None = None) -> tuple[Dataset, list[str]]:
    """A detection JSON whose images are ``Unread``, with ids for annotations that lack one of their own."""
    _, table = with_ids(dataset, set(), largest_id(dataset) + 1, zero=False)
    notes = [f"{counted(len(table), 'annotation')} without an id of their own got a new one"] if table else []
    return passing(dataset, min_area), notes


def _with_classes(dataset: Dataset, options: Subsetting, passed: bool) -> Dataset:
    """The data set without the segments that are not wanted."""
    ids = None
    if options["classes"] is not None:
        ids = chosen(options["classes"], dataset.categories, dataset.source)
        rows = tuple(row for row in dataset.categories if row.id in ids)
        dataset = replace(dataset, categories=rows)
    keep = Keep(ids, options["crowd"] == "keep", None if passed else options["min_area"])
    return dataset if keep == Keep() else with_change(dataset, keep)


def _with_images(dataset: Dataset, options: Subsetting) -> Kept:
    """The data set without the images that are not wanted. Raises UsageError, DocumentError."""
    notes, problems = [], []
    steps: list[Callable[[Dataset], Kept]] = []
    wanted, most, empty = options["select"], options["max_images"], not options["without_empty"]
    if wanted is not None:
        steps.append(lambda found: selected(found, os.fspath(wanted)))
    if most is not None:
        steps.append(lambda found: sampled(found, most, empty))
    elif not empty:
        steps.append(without_empty)
    for step in steps:
        dataset, more, warned = step(dataset)
        notes += more
        problems += warned
    if not len(dataset):
        raise UsageError("usage.subset", f"{dataset.source}: nothing is left; ask for more classes or images")
    return Kept(dataset, notes, problems)
