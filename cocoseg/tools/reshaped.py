"""How ``merge``, ``subset`` and ``split`` write: through the same runs as the conversions do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET

from cocoseg.errors import Problem, UsageError, show
from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.formats import FORMATS
from cocoseg.formats.coco.passing import PassedRows, Unread, can_pass, listed_ids
from cocoseg.formats.coco.reader import covers_all
from cocoseg.formats.coco.writer import Annotations
from cocoseg.formats.coco_json.document import coco_document
from cocoseg.formats.maps.writer import ClassMaps
from cocoseg.formats.panoptic.writer import DOCUMENT, PanopticFiles, output_categories
from cocoseg.formats.reading import opened
from cocoseg.labels import LabelClass, LabelScheme, label_scheme
from cocoseg.labels.presets import BACKGROUND
from cocoseg.labels.schemefile import scheme_dict, scheme_from
from cocoseg.model import Dataset
from cocoseg.model.loading import Chain
from cocoseg.options import Reading, Reshaping, check_choice, part
from cocoseg.runs.document import Document, Place
from cocoseg.runs.folder import Folder
from cocoseg.runs.folders import open_folder
from cocoseg.runs.report import Head, read_report
from cocoseg.runs.run import Work
from cocoseg.runs.tally import Tally
from cocoseg.runs.writer import Conversion, Converted
from cocoseg.tools import coco, panoptic, semantic
from cocoseg.tools.coco import AnnotationSummary
from cocoseg.tools.panoptic import PanopticSummary
from cocoseg.tools.sources import by_score, check_categories
from cocoseg.tools.summary import Summary

Kind = Literal["coco", "panoptic", "semantic"]

DETECTION = "instances.json"


class Opened(NamedTuple):
    """A source: its data set, the name of its format, and the kind of output that is like it, if there is one."""

    dataset: Dataset
    format: str
    kind: Kind | None


class Out(NamedTuple):
    """What is written: a data set, of which kind and where, what the report begins with, and what is to be said.

    ``passed`` says of each source whether its images are ``Unread``.
    """

    dataset: Dataset
    kind: Kind
    path: StrPath
    head: Head
    options: Reshaping
    notes: Sequence[str] = ()
    problems: Sequence[Problem] = ()
    about: Mapping[str, Any] = {}
    passed: Sequence[bool] = (False,)


def open_source(src: StrPath, options: Reading, to: Kind | None) -> Opened:
    """A source, with the rows of a JSON if they may be written again. Raises DocumentError, LabelError, UsageError."""
    return own_kind(*opened(src, part(Reading, {**options, "keep_fields": to != "semantic"})))


def own_kind(name: str, dataset: Dataset) -> Opened:
    """A data set that was read in the format ``name``, with the kind of output that is like it."""
    return Opened(dataset, name, _own_kind(name, dataset))


def _own_kind(name: str, dataset: Dataset) -> Kind | None:
    if name == "panoptic":
        return "panoptic"
    if FORMATS[name].module.startswith("cocoseg.formats.coco."):
        return "coco"
    return "semantic" if dataset.conventions.grouped else None


def kind_of(sources: Sequence[Opened], to: Kind | None) -> Kind:
    """What is asked for, or else the kind of all sources. Raises UsageError ``usage.to`` if there is none."""
    check_choice("to", to, (None, "coco", "panoptic", "semantic"))
    if to is not None:
        return to
    if silent := next((source for source in sources if source.kind is None), None):
        text = f"{silent.dataset.source} is {FORMATS[silent.format].what}, which cocoseg does not write"
        raise UsageError("usage.to", f"{text}; choose --to coco, panoptic or semantic")
    kinds = list(dict.fromkeys(source.kind for source in sources))
    if len(kinds) > 1:
        text = " and ".join(f"{source.dataset.source} is {FORMATS[source.format].what}" for source in sources[:2])
        raise UsageError(
            "usage.to", f"the sources are of several kinds ({text}); choose --to coco, panoptic or semantic"
        )
    assert kinds[0] is not None
    return kinds[0]


def passes(source: Opened, kind: Kind, options: Reshaping) -> bool:
    """Whether the rows of a source can be written as they are."""
    return kind == "coco" and options["segmentation"] is None and can_pass(source.dataset)


def check_out(kind: Kind, out: StrPath, options: Reshaping, folder: bool = False) -> None:
    """Raises UsageError for an OUT or an option that does not fit what is written.

    A detection JSON may be in a ``folder``, with the photos.
    """
    if kind == "coco":
        if not folder or place(out).lower().endswith(".json"):
            coco.check_name(place(out))
    elif place(out).lower().endswith(".json"):
        text = f"OUT is {show(place(out), 300)}, expected the name of a folder for {kind} output"
        raise UsageError("usage.out", text)
    wrong = {"segmentation": kind != "coco", "labels": kind != "semantic", "overlap": kind == "coco"}
    if name := next((name for name, unused in wrong.items() if unused and options[name] is not None), None):  # type: ignore[literal-required]
        shown = "as" if name == "segmentation" else name
        raise UsageError(f"usage.{shown}", f"{shown} means nothing where {kind} output is written")


def work(out: Out, parts: Sequence[Dataset] = ()) -> Work[Any]:
    """The run that writes a data set; ``parts`` are what its loaders load, where they follow several conventions."""
    make: dict[str, Callable[[Out, Sequence[Dataset]], Work[Any]]]
    make = {"coco": _detection, "panoptic": _panoptic, "semantic": _semantic}
    check_categories(out.dataset, out.kind)
    return make[out.kind](out, parts or [out.dataset])


@dataclass(frozen=True)
class DetectionRows:
    """Converts ``Unread`` to its rows, and samples to new ones."""

    passed: PassedRows
    made: Annotations

    def __call__(self, sample: Any) -> Converted:
        """The rows of an image. Raises SampleError."""
        return self.passed(sample) if isinstance(sample, Unread) else self.made(sample)

    def settings(self) -> bytes:
        """The settings of both."""
        return self.passed.settings() + self.made.settings()


class Of(NamedTuple):
    """A sample, and which of several conversions is for it."""

    part: int
    sample: Any

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Those of the sample."""
        return tuple(self.sample.problems)


@dataclass(frozen=True)
class _Tag:
    part: int

    def __call__(self, sample: Any) -> Any:
        return Of(self.part, sample)


@dataclass(frozen=True)
class _ByPart:
    """Converts each sample by the conversion of its part."""

    conversions: tuple[Conversion, ...]

    def __call__(self, sample: Of) -> Converted:
        return self.conversions[sample.part](sample.sample)

    def settings(self) -> bytes:
        return b"\0".join(conversion.settings() for conversion in self.conversions)


def _by_part(dataset: Dataset, conversions: Sequence[Conversion]) -> tuple[Dataset, Conversion]:
    """The data set and the conversion for it: one, where all parts have the same."""
    if len({conversion.settings() for conversion in conversions}) == 1:
        return dataset, conversions[0]
    assert isinstance(dataset.load, Chain)
    loaders = tuple(load.changed(_Tag(k)) for k, load in enumerate(dataset.load.loaders))
    return replace(dataset, load=Chain(loaders)), _ByPart(tuple(conversions))


def _detection(out: Out, _: Sequence[Dataset]) -> Work[AnnotationSummary]:
    listed, target = listed_ids(out.dataset.categories), place(out.path)
    passed = out.passed
    made = None if any(passed) else coco.written_ids(out.dataset, stuff=False)
    rows = Annotations(listed, out.options["segmentation"] or "rle", ids=made)
    convert = DetectionRows(PassedRows(listed, not all(passed)), rows)
    numbered = None if all(passed) or made == "annotation" else "annotations"

    alone = target.lower().endswith(".json")

    def document(folder: Folder) -> Document:
        beside = Place(open_folder(places.parent(target)), places.base_name(target), folder) if alone else None
        return coco_document(beside or Place(folder, DETECTION, folder), out.dataset.categories, out.about, numbered)

    tally, journal = _tally(out, AnnotationSummary), places.beside(target) if alone else None
    return Work(coco.COMMAND, out.dataset, convert, tally, target, out.head, document, journal)


def _panoptic(out: Out, parts: Sequence[Dataset]) -> Work[PanopticSummary]:
    listed, overlap = output_categories(out.dataset.categories), out.options["overlap"]
    conversions = [PanopticFiles(listed, overlap, part.conventions.ids == "picture") for part in parts]
    dataset, convert = _by_part(out.dataset, conversions)

    def document(folder: Folder) -> Document:
        return coco_document(Place(folder, DOCUMENT, folder), listed, out.about)

    tally = _tally(out, PanopticSummary, by_score(out.dataset, overlap))
    return Work(panoptic.COMMAND, dataset, convert, tally, out.path, out.head, document)


def _semantic(out: Out, parts: Sequence[Dataset]) -> Work[Summary]:
    scheme = _scheme(out, parts)
    kinds = {part.conventions.unlabelled == "background" for part in parts}
    schemes = [scheme if len(kinds) == 1 else _outside(scheme, part) for part in parts]
    dataset, convert = _by_part(out.dataset, [ClassMaps(row) for row in schemes])
    notes, problems = by_score(out.dataset, scheme.overlap), list(scheme.problems)
    tally = Summary(len(out.dataset), problems=[*out.problems, *problems], notes=[*out.notes, *notes], scheme=scheme)
    labels = scheme_dict(scheme) | {"void": scheme.void, "unlabelled": scheme.outside}
    head = replace(out.head, about=out.head.about | {"labels": labels})
    return Work(semantic.COMMAND, dataset, convert, tally, out.path, head)


def _outside(scheme: LabelScheme, dataset: Dataset) -> LabelScheme:
    """The scheme for a part of the data set, which says what its unlabelled pixels are."""
    return scheme if dataset.conventions.unlabelled == "background" else replace(scheme, unlabelled=None)


def _scheme(out: Out, parts: Sequence[Dataset]) -> LabelScheme:
    """The scheme of class maps: as asked for, or that of class maps that are read, else ``index``."""
    dataset, labels, overlap = out.dataset, out.options["labels"], out.options["overlap"]
    if labels is None and dataset.conventions.grouped:
        labels = _own_scheme(dataset, parts)
    scheme = label_scheme("index" if labels is None else labels, dataset)
    return scheme if overlap is None else replace(scheme, overlap=overlap)


def _own_scheme(dataset: Dataset, parts: Sequence[Dataset]) -> LabelScheme:
    """The numbers that class maps have: those of the runs that wrote them, or else the ids of their categories."""
    written = [_written(part.source) for part in parts]
    if written[0] is not None and all(scheme == written[0] for scheme in written):
        return written[0]
    classes = tuple(LabelClass(row.id, row.name, (row.id,), row.isthing, row.color) for row in dataset.categories)
    void = 255 if max((row.index for row in classes), default=0) < 255 else 65535
    if dataset.conventions.unlabelled != "background" or any(row.index == 0 for row in classes):
        return LabelScheme("source", classes, void)
    return LabelScheme("source", (BACKGROUND, *classes), void, 0)


def _written(folder: str) -> LabelScheme | None:
    """The scheme of the run that wrote class maps, if there was one."""
    report = read_report(folder)
    if report.command != semantic.COMMAND or report.labels is UNSET:
        return None
    return scheme_from(msgspec.json.decode(report.labels))


def _tally(out: Out, kind: type[Any], notes: Sequence[str] = ()) -> Any:
    found: Tally = kind(len(out.dataset), problems=list(out.problems), notes=[*out.notes, *notes])
    return found


def unlabelled_notes(before: Dataset, after: Dataset, kind: Kind) -> list[str]:
    """A note where a detection JSON would say of unlabelled pixels what its source does not."""
    was, now = (covers_all(dataset.categories) for dataset in (before, after))
    return ["without stuff, other tools take unlabelled pixels as background"] if kind == "coco" and was > now else []
