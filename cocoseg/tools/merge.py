"""Several data sets as one: the function behind ``cocoseg merge``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
from msgspec import Raw

from cocoseg.errors import UsageError
from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.formats import FORMATS
from cocoseg.formats.coco.passing import largest_id, passing, with_ids
from cocoseg.formats.detect import recognise
from cocoseg.formats.reading import evaluated
from cocoseg.model import Conventions, Dataset
from cocoseg.options import Merging, Reading, Reshaping, check_is_path, flag, part, takes
from cocoseg.options import given as changed
from cocoseg.reshaping.changes import with_change
from cocoseg.reshaping.classes import Classes, read_new_names, united
from cocoseg.reshaping.photos import Photos, left_out, prefixed, together, words
from cocoseg.reshaping.renamed import licensed
from cocoseg.runs.report import Head
from cocoseg.runs.run import run
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.reshaped import Kind, Opened, Out, check_out, kind_of, open_source, passes, work
from cocoseg.tools.running import running
from cocoseg.tools.sources import Source, about
from cocoseg.tools.subset import shown_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

_ANY = ("all_classes", "crowd_as_things", "max_pixels", "source_format")  # of every format


@takes(Merging)
def merge(sources: Sequence[StrPath], out: StrPath, **options: Unpack[Merging]) -> Tally:
    """Write the images of several ``sources`` of any formats as one data set to ``out``.

    Classes are the same by name. Ids of images, classes and annotations stay where they are free; what became of the
    others is in ``cocoseg.json``. A reading option is for those sources whose format has it.

    Raises DocumentError, LabelError, UsageError before anything is written, OutputError where nothing can be written.

    >>> merge(["fixtures/panoptic.json"] * 2, "merged", same="join", dry_run=True).images
    3
    """
    how = running(options)
    if isinstance(sources, str) or len(sources) < 2:
        raise UsageError("usage.sources", "there is one source, expected at least two to merge")
    for source in sources:
        check_is_path("sources", source)
    given = _reading(sources, part(Reading, options))
    found = [open_source(src, own, options["to"]) for src, own in zip(sources, given, strict=True)]
    kind = kind_of(found, options["to"])
    check_out(kind, out, options)
    merged = _Merged.of(found, kind, options)
    read = [Source(src, own) for src, own in zip(sources, given, strict=True)]
    files = [path for source, own in zip(read, found, strict=True) for path in source.files(own.dataset)]
    files += [place(options["classes"])] if options["classes"] is not None else []
    shown = {name: options[name] for name in ("prefix", "same") if options[name] not in (False, "error")}
    reading = {name: value for source in read for name, value in source.given.items()}
    head = Head(files, shown_of(kind, options) | shown | reading, {"reshaped": {"by": "merge"} | merged.table})
    described = about(replace(merged.dataset, about=merged.about), *sources)
    done: Tally = run(
        work(
            Out(
                merged.dataset,
                kind,
                out,
                head,
                part(Reshaping, options),
                merged.notes,
                merged.dataset.problems,
                described,
                merged.passed,
            ),
            merged.parts,
        ),
        how,
    )
    return done


def _reading(sources: Sequence[StrPath], options: Reading) -> list[Reading]:
    """The reading options of each source: those that its format has. Raises UsageError for one that none has."""
    given = changed(Reading, options)
    special = [name for name in given if name not in _ANY]
    if not special:
        return [options for _ in sources]
    formats = [options["source_format"] or recognise(src).format or "coco" for src in sources]
    known = [FORMATS[name].options if name in FORMATS else () for name in formats]
    if unused := next((name for name in special if not any(name in row for row in known)), None):
        text = f"{flag(Reading, unused)} means nothing for any of the sources ({', '.join(dict.fromkeys(formats))})"
        raise UsageError("usage.sources", text)
    return [part(Reading, {name: given[name] for name in given if name in (*row, *_ANY)}) for row in known]


class _Merged(NamedTuple):
    """The data set of all sources, what its loaders load, and what is to be said of it."""

    dataset: Dataset
    parts: list[Dataset]
    passed: tuple[bool, ...]
    table: dict[str, Any]
    notes: list[str]
    about: dict[str, bytes]

    @classmethod
    def of(cls, found: Sequence[Opened], kind: Kind, options: Merging) -> _Merged:
        """Raises DocumentError, UsageError."""
        datasets, notes = _without_ignored([source.dataset for source in found], kind)
        new_names = read_new_names(options["classes"]) if options["classes"] is not None else {}
        classes = united(datasets, new_names)
        if kind == "coco":
            _check_unlabelled(datasets, classes)
        passed = [
            passes(source._replace(dataset=own), kind, options) for source, own in zip(found, datasets, strict=True)
        ]
        made = [passing(own) if as_is else own for own, as_is in zip(datasets, passed, strict=True)]
        made = [_with_classes(own, classes, k) for k, own in enumerate(made)]
        made, licences = _with_licences(made)
        photos = together(prefixed(made, options["prefix"]), options["same"])
        numbers = _own_ids(made, left_out(photos)) if all(passed) else []
        names = [dataset.source for dataset in datasets]
        dataset = replace(
            made[0],
            categories=tuple(classes.categories),
            entries=photos.entries,
            load=photos.load,
            conventions=_conventions(made),
            problems=tuple(dict.fromkeys([row for own in datasets for row in own.problems] + classes.problems)),
            read_as="",
            photos="",
        )
        guessed = [f"{own.source} was read as {own.read_as}" for own in datasets if own.read_as]
        notes = [*guessed, *notes, *words(photos, len(datasets)), *_class_words(classes, datasets, numbers)]
        parts = _parts(photos, made, classes)
        return cls(dataset, parts, tuple(passed), _table(names, datasets, classes, photos, numbers), notes, licences)


def _without_ignored(datasets: Sequence[Dataset], kind: Kind) -> tuple[list[Dataset], list[str]]:
    """The data sets without what their own evaluations ignore; label schemes do that for class maps."""
    if kind == "semantic":
        return list(datasets), []
    pairs = [evaluated(dataset) for dataset in datasets]
    return [dataset for dataset, _ in pairs], list(dict.fromkeys(note for _, notes in pairs for note in notes))


def _check_unlabelled(datasets: Sequence[Dataset], classes: Classes) -> None:
    """Raises UsageError ``merge.unlabelled`` where one detection JSON can't say what unlabelled pixels are."""
    background = [dataset for dataset in datasets if dataset.conventions.unlabelled == "background"]
    others = [dataset for dataset in datasets if dataset.conventions.unlabelled != "background"]
    if background and others:
        text = f"unlabelled pixels are background in {background[0].source}, but not known in {others[0].source}"
        advice = "leave out its stuff first (to-coco --things-only), or write --to semantic or panoptic"
        raise UsageError("merge.unlabelled", f"{text}, and one detection JSON can't hold both; {advice}")


def _with_classes(dataset: Dataset, classes: Classes, number: int) -> Dataset:
    ids = dataset.conventions.ids
    if classes.joins(number) and ids == "picture":  # stuff has one segment for a class
        dataset = replace(dataset, conventions=dataset.conventions._replace(ids="none"))
    return with_change(dataset, classes.change(number))


def _own_ids(datasets: Sequence[Dataset], dropped: set[int]) -> list[list[tuple[Any, int]]]:
    """Give all annotations ids of their own, from 1, but for those that are ``dropped``, by Python's ``id``.

    Returns old and new ids of each data set.
    """
    tables = []
    taken: set[Any] = set()
    free = max(map(largest_id, datasets)) + 1
    for dataset in datasets:
        free, table = with_ids(dataset, taken, free, zero=True, dropped=dropped)
        tables.append(table)
    return tables


_ROWS = msgspec.json.Decoder(list[dict[str, Raw]])


def _with_licences(datasets: Sequence[Dataset]) -> tuple[list[Dataset], dict[str, bytes]]:
    """The data sets, whose images name licences of one list, and that list as JSON, if there is one."""
    listed: dict[bytes, dict[str, Raw]] = {}  # by id
    made = []
    for dataset in datasets:
        moved: dict[bytes, int] = {}
        for row in _licences(dataset):
            id = bytes(row["id"])
            if id in listed and not _equal(listed[id], row):
                moved[id] = max([0, *(int(known) for known in listed if known.isdigit())]) + 1
                id = b"%d" % moved[id]
            listed[id] = row | {"id": Raw(id)}
        made.append(licensed(dataset, moved))
    return made, {"licenses": msgspec.json.encode(list(listed.values()))} if listed else {}


def _licences(dataset: Dataset) -> list[dict[str, Raw]]:
    try:
        rows = _ROWS.decode(dataset.about.get("licenses", b"[]"))
    except msgspec.MsgspecError:
        return []
    return [row for row in rows if "id" in row]


def _equal(one: dict[str, Raw], other: dict[str, Raw]) -> bool:
    return {k: bytes(v) for k, v in one.items()} == {k: bytes(v) for k, v in other.items()}


def _conventions(datasets: Sequence[Dataset]) -> Conventions:
    """What holds for all images."""
    own = [dataset.conventions for dataset in datasets]
    kinds = {row.unlabelled for row in own}
    unlabelled = kinds.pop() if len(kinds) == 1 else "background" if "background" in kinds else "unknown"
    ids = "picture" if all(row.ids == "picture" for row in own) else "none"
    every = (all(row.grouped for row in own), all(row.scored for row in own))
    return Conventions(cast("Any", unlabelled), cast("Any", ids), *every)


def _parts(photos: Photos, datasets: Sequence[Dataset], classes: Classes) -> list[Dataset]:
    """What each loader of the images loads: a data set, or several, of which the first says how."""
    loaders = cast("Any", photos.load).loaders
    return [
        *datasets,
        *(replace(datasets[0], conventions=_conventions(datasets)) for _ in loaders[len(datasets) :]),
    ]


def _class_words(
    classes: Classes, datasets: Sequence[Dataset], numbers: Sequence[Sequence[tuple[Any, int]]]
) -> list[str]:
    listed = " and ".join(f"{len(dataset.categories):,}" for dataset in datasets)
    moved = sum(before != after for ids in classes.ids for before, after in ids.items())
    said = [f"{listed} classes became {len(classes.categories):,} by name"]
    said += [f"{counted(moved, 'class id')} renumbered"] if moved else []
    rows = sum(map(len, numbers))
    said += [f"{counted(rows, 'annotation id')} renumbered"] if rows else []
    return ["; ".join(said)]


def _table(
    names: Sequence[str],
    datasets: Sequence[Dataset],
    classes: Classes,
    photos: Photos,
    numbers: Sequence[Sequence[tuple[Any, int]]],
) -> dict[str, Any]:
    """What became of classes, of images and of annotations; of the last two, those that changed."""
    called = [places.base_name(name) for name in names]
    images = [
        {"source": called[row.source], "id": row.id, "name": row.name, "new_id": row.new_id, "new_name": row.new_name}
        for row in photos.moved
    ]
    stretches = [
        {"source": name, "ids": list(_stretches(table))} for name, table in zip(called, numbers, strict=False) if table
    ]
    return {"classes": classes.table(called, datasets), "images": images, "annotations": stretches}


def _stretches(table: Iterable[tuple[Any, int]]) -> Iterator[list[Any]]:
    """Old and new ids as [first, first new one, how many follow one another].

    >>> list(_stretches([(7, 101), (8, 102), (3, 103)]))
    [[7, 101, 2], [3, 103, 1]]
    """
    rows = list(table)
    steps = [k for k, (one, other) in enumerate(pairwise(rows), 1) if not _follows(one, other)]
    for start, stop in pairwise([0, *steps, len(rows)]) if rows else ():
        yield [*rows[start], stop - start]


def _follows(one: tuple[Any, int], other: tuple[Any, int]) -> bool:
    return isinstance(one[0], int) and isinstance(other[0], int) and other[0] == one[0] + 1
