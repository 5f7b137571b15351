"""What conversions that paint class maps begin with: the data set, the scheme for it, and where all of it lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from cocoseg.errors import DocumentError, LabelError
from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.files.writing import Folder
from cocoseg.formats import read
from cocoseg.formats.writer import Conversion
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.labels.presets import PICTURES_ONLY
from cocoseg.labels.scheme import Overlap
from cocoseg.labels.schemefile import scheme_dict
from cocoseg.model import Dataset
from cocoseg.tools.conversion import Run, check_choice
from cocoseg.tools.sources import check_places, report_head
from cocoseg.tools.summary import Summary

Unlabelled = Literal["background", "void"]
S = TypeVar("S", bound=Summary)


@dataclass(frozen=True)
class Painting:
    """A data set and the scheme under which it is painted; the files that it is made from, and where it goes to."""

    dataset: Dataset
    scheme: LabelScheme
    unlabelled: Unlabelled | None
    sources: list[str]
    out: str

    @classmethod
    def begin(
        cls,
        src: StrPath,
        out: StrPath,
        labels: StrPath | LabelScheme,
        overlap: Overlap | None,
        unlabelled: Unlabelled | None,
        categories: StrPath | None,
        images: StrPath | None,
        png_dir: StrPath | None,
    ) -> Painting:
        """Read what is to be painted. Raises DocumentError, LabelError, UsageError."""
        check_choice("unlabelled", unlabelled, ("background", "void"))
        dataset = read(src, png_dir=png_dir, categories=categories, images=images)
        scheme = _scheme(labels, dataset, overlap, unlabelled)
        scheme_file = None if isinstance(labels, LabelScheme) or not places.is_file(place(labels)) else labels
        sources = [place(path) for path in (src, categories, images, scheme_file) if path is not None]
        check_places(dataset, sources, place(out))
        return cls(dataset, scheme, unlabelled, sources, place(out))

    def summary(self, kind: Callable[..., S]) -> S:
        """The summary of a kind, of nothing yet."""
        return kind(len(self.dataset), problems=[*self.dataset.problems, *self.scheme.problems], scheme=self.scheme)

    def convert(
        self,
        command: str,
        convert: Conversion,
        summary: S,
        how: Run[S],
        dry_run: bool,
        options: dict[str, Any],
        about: dict[str, Any],
    ) -> S:
        """Do the work; the report has the command's own ``options``, and says ``about`` its files what there is to."""
        places.check_shared([self.out, self.dataset.folder], 2 if how.executor else how.processes)
        if dry_run:
            return how.check(self.dataset, convert, summary)
        scheme = self.scheme
        painted = {"labels": scheme.name, "overlap": scheme.overlap, "unlabelled": self.unlabelled}
        head = report_head(command, painted | options, self.sources) | about
        head |= {"labels": scheme_dict(scheme) | {"void": scheme.void, "unlabelled": scheme.outside}}
        return how.write(self.dataset, convert, Folder.create(self.out), command, summary, head)


def _scheme(
    labels: StrPath | LabelScheme, dataset: Dataset, overlap: Overlap | None, unlabelled: Unlabelled | None
) -> LabelScheme:
    background = None if unlabelled is None else unlabelled == "background"
    try:
        if labels in PICTURES_ONLY and dataset.folder is None:
            raise DocumentError("doc.kind", f"labels {labels!r} are for panoptic files; use cocostuff-helper here")
        scheme = label_scheme(labels, dataset, background=background)
        if unlabelled is not None:
            scheme = scheme.with_unlabelled(unlabelled)
        return scheme if overlap is None else replace(scheme, overlap=overlap)
    except (LabelError, DocumentError) as error:
        raise error.at(dataset.source) from None
