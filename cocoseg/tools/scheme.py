"""What conversions that paint class maps begin with: the data set, and the scheme for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from cocoseg.errors import DocumentError, LabelError
from cocoseg.files.places import StrPath
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.labels.presets import PICTURES_ONLY
from cocoseg.labels.scheme import Overlap
from cocoseg.labels.schemefile import scheme_dict
from cocoseg.model import Dataset
from cocoseg.runs.report import Head
from cocoseg.runs.run import check_choice
from cocoseg.tools.sources import Source, labels_file
from cocoseg.tools.summary import Summary

Unlabelled = Literal["background", "void"]
S = TypeVar("S", bound=Summary)


@dataclass(frozen=True)
class Painting:
    """A data set and the scheme under which it is painted; the files that it is made from, and the options told."""

    dataset: Dataset
    scheme: LabelScheme
    sources: list[str]
    options: dict[str, Any]

    @classmethod
    def begin(
        cls, source: Source, labels: StrPath | LabelScheme, overlap: Overlap | None, unlabelled: Unlabelled | None
    ) -> Painting:
        """Read what is to be painted. Raises DocumentError, LabelError, UsageError."""
        check_choice("unlabelled", unlabelled, (None, "background", "void"))
        dataset = source.read()
        scheme = _scheme(labels, dataset, overlap, unlabelled)
        scheme_file = labels_file(labels)
        options = {"labels": scheme.name, "overlap": scheme.overlap, "unlabelled": unlabelled} | source.told
        return cls(dataset, scheme, [*source.files, *([scheme_file] if scheme_file else ())], options)

    def summary(self, kind: Callable[..., S]) -> S:
        """The summary of a kind, of nothing yet."""
        return kind(len(self.dataset), problems=[*self.dataset.problems, *self.scheme.problems], scheme=self.scheme)

    def head(self, options: dict[str, Any], about: dict[str, Any]) -> Head:
        """The report's head, with the command's own ``options``, and what there is to say ``about`` its files."""
        scheme = self.scheme
        labels = scheme_dict(scheme) | {"void": scheme.void, "unlabelled": scheme.outside}
        return Head(self.sources, self.options | options, about | {"labels": labels})


def _scheme(
    labels: StrPath | LabelScheme, dataset: Dataset, overlap: Overlap | None, unlabelled: Unlabelled | None
) -> LabelScheme:
    background = None if unlabelled is None else unlabelled == "background"
    try:
        if labels in PICTURES_ONLY and not dataset.folders:
            raise DocumentError("doc.kind", f"labels {labels!r} are for panoptic files; use cocostuff-helper here")
        scheme = label_scheme(labels, dataset, background=background)
        if unlabelled is not None:
            scheme = scheme.with_unlabelled(unlabelled)
        return scheme if overlap is None else replace(scheme, overlap=overlap)
    except (LabelError, DocumentError) as error:
        raise error.at(dataset.source) from None
