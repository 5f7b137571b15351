"""The beginning of conversions that paint class maps: the data set, and its label scheme."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from cocoseg import options
from cocoseg.errors import DocumentError, LabelError
from cocoseg.files.places import StrPath, place
from cocoseg.formats.reading import ignored_note
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.labels.choose import names_file
from cocoseg.labels.presets import PICTURES_ONLY
from cocoseg.labels.schemefile import name_of, scheme_dict
from cocoseg.model import Category, Dataset
from cocoseg.runs.report import Head
from cocoseg.tools.sources import Source, by_score, labels_file
from cocoseg.tools.summary import Summary

_CHOICES: tuple[Literal["crowd", "things", "unknown", "keep_unused_roots"], ...]
_CHOICES = ("crowd", "things", "unknown", "keep_unused_roots")

S = TypeVar("S", bound=Summary)
P = TypeVar("P", bound="Painting")


@dataclass(frozen=True)
class Painting:
    """A data set and the scheme that paints it, with the source files and the options for the report."""

    dataset: Dataset
    scheme: LabelScheme
    sources: list[str]
    shown: dict[str, Any]

    @classmethod
    def begin(cls: type[P], source: Source, given: options.Painting) -> P:
        """Read the source and choose its scheme. Raises DocumentError, LabelError, UsageError."""
        labels, unlabelled = given["labels"], given["unlabelled"]
        dataset = source.read()
        scheme = _scheme(given, dataset)
        scheme_file = labels_file(labels)
        shown = {"labels": scheme.name, "overlap": scheme.overlap, "unlabelled": unlabelled} | source.given
        shown |= {name: given[name] for name in _CHOICES if given[name]}
        return cls(dataset, scheme, [*source.files(dataset), *([scheme_file] if scheme_file else ())], shown)

    def summary(self, kind: Callable[..., S]) -> S:
        """An empty summary of this kind."""
        problems = [*self.dataset.problems, *self.scheme.problems]
        return kind(len(self.dataset), problems=problems, scheme=self.scheme, notes=self.notes)

    @property
    def notes(self) -> list[str]:
        """What is decided without being asked: categories that are ignored, and which mask is on top."""
        ignored = {row.id for row in self.dataset.categories if row.ignored} & set(self.scheme.ignored)
        return [*(ignored_note(self.dataset) if ignored else ()), *by_score(self.dataset, self.scheme.overlap)]

    def head(self, own: dict[str, Any], about: dict[str, Any]) -> Head:
        """The head of the report, with the command's ``own`` options and facts ``about`` its files."""
        scheme = self.scheme
        labels = scheme_dict(scheme) | {"void": scheme.void, "unlabelled": scheme.outside}
        return Head(self.sources, self.shown | own, about | {"labels": labels})


def choose(
    labels: StrPath | LabelScheme, categories: Dataset | Sequence[Category], given: options.Labelling
) -> LabelScheme:
    """The scheme of a data set with the given options. Raises LabelError, UsageError."""
    unlabelled = given["unlabelled"]
    scheme = label_scheme(
        labels,
        categories,
        background=None if unlabelled is None else unlabelled == "background",
        keep_unused_roots=given["keep_unused_roots"],
        crowd=given["crowd"],
        things=given["things"],
        unknown=given["unknown"],
    )
    return scheme if unlabelled is None else scheme.with_unlabelled(unlabelled)


def _scheme(given: options.Painting, dataset: Dataset) -> LabelScheme:
    labels, overlap = given["labels"], given["overlap"]
    try:
        if labels in PICTURES_ONLY and not dataset.folders:
            raise DocumentError("doc.kind", f"labels {labels!r} are for panoptic files; use cocostuff-helper here")
        scheme = choose(labels, dataset, options.part(options.Labelling, given))
        return scheme if overlap is None else replace(scheme, overlap=overlap)
    except (LabelError, DocumentError) as error:
        where = name_of(place(labels)) if names_file(labels) else dataset.source
        raise (error if where in error.message else error.at(where)) from None
