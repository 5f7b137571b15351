"""Findings: what a careful person would want to know of a data set before training on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from cocoseg.errors import show
from cocoseg.model import Dataset
from cocoseg.stats.statistics import Statistics

EXAMPLES = 5  # of a finding


class Kind(NamedTuple):
    """A kind of finding: whether it is an error, and why, or why not."""

    error: bool
    why: str


KINDS: dict[str, Kind] = {
    "images.none": Kind(True, "there is nothing to train on"),
    "refused": Kind(True, "these images would be missing from the training"),
    "id.unlisted": Kind(True, "nobody knows what these segments are"),
    "split.shared": Kind(True, "scores on images that were trained on say nothing"),
    "split.names": Kind(True, "one number would mean two things"),
    "photo.size": Kind(True, "the label does not lie on its photo"),
    "picture.conflict": Kind(True, "the same picture can't be both"),
    "photo.missing": Kind(True, "there is nothing to train on for these labels"),
    "photo.corrupt": Kind(True, "a training would stop at them"),
    "seg.bbox": Kind(True, "either the box or the mask is wrong"),
    "seg.conflict": Kind(False, "some data sets give an object two categories on purpose"),
    "seg.twice": Kind(False, "a training takes it, but counts the object twice"),
    "picture.twice": Kind(False, "a training takes it, but sees the picture more often"),
    "photo.orientation": Kind(False, "it depends on the loader whether photos are turned"),
    "photo.none": Kind(False, "they may lie elsewhere"),
    "photo.unlabelled": Kind(False, "some data sets label only some photos"),
    "split.only": Kind(False, "rare classes may miss a split by chance"),
    "image.empty": Kind(False, "images that show nothing can be meant so"),
    "image.void": Kind(False, "there is little to learn from them, and no harm"),
    "void.high": Kind(False, "these pixels are left out of training"),
    "overlap.high": Kind(False, "masks may overlap; only class maps have to choose"),
    "categories.none": Kind(False, "a preset with a class table needs none"),
    "class.unused": Kind(False, "a list of classes is often that of a larger data set"),
    "class.rare": Kind(False, "it depends on the purpose what is rare"),
    "seg.empty": Kind(False, "nothing is painted there"),
    "name.case": Kind(False, "they may be meant as two classes"),
    "id.zero": Kind(False, "only some tools take 0 for background"),
    "label.unused_root": Kind(False, "it gets no class unless it is asked for"),
    "warning": Kind(False, "the source was read in spite of it"),
}
_ORDER = {name: place for place, name in enumerate(KINDS)}


@dataclass(frozen=True)
class Finding:
    """One thing that was found, with how often, and where it was seen first.

    ``count`` is of what the message names: images, annotations, classes or pixels. ``kind`` is a row of ``KINDS``.
    ``category`` is the kind, or that of the problem that a reader found. ``source`` names which of two sources it is
    about, or is empty.

    >>> str(Finding("class.unused", "2 classes have no pixel", 2, ("'cat'", "'dog'")))
    "class.unused: 2 classes have no pixel: 'cat', 'dog'"
    """

    kind: str
    message: str
    count: int
    examples: tuple[str, ...] = ()
    category: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not self.category:
            object.__setattr__(self, "category", self.kind)

    def __str__(self) -> str:
        more = f": {', '.join(self.examples)}" if self.examples else ""
        return f"{self.category}: {self.message}{more}"

    @property
    def has_more(self) -> bool:
        """Whether it was seen elsewhere too."""
        return self.count > len(self.examples) == EXAMPLES

    @property
    def is_error(self) -> bool:
        """Whether something must be mended before training."""
        return KINDS[self.kind].error

    @property
    def why(self) -> str:
        """Why it is an error, or none."""
        return KINDS[self.kind].why

    def as_dict(self) -> dict[str, Any]:
        """The finding for JSON."""
        severity = "error" if self.is_error else "warning"
        said = {"severity": severity, "category": self.category, "message": self.message, "count": self.count}
        about = {"source": self.source} if self.source else {}
        return said | about | {"examples": list(self.examples), "why": self.why}


@dataclass(frozen=True)
class Side:
    """A data set, what was counted in it, and what it is called where there are two.

    ``format`` is that of its source. ``photos`` is the folder where its photos were looked for, or "". ``unlabelled``
    are photos there that no label belongs to.
    """

    dataset: Dataset
    statistics: Statistics
    name: str = ""
    format: str = ""
    photos: str = ""
    unlabelled: Sequence[str] = field(default=(), repr=False)

    def keys(self, positions: Sequence[int]) -> list[str]:
        """The names of images at these positions."""
        return [self.dataset.entries[position].key for position in positions]


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Findings as they are shown: errors first, and the graver kinds first among them."""
    return sorted(findings, key=lambda row: (not row.is_error, _ORDER[row.kind], row.source, -row.count, row.category))


def some(names: Iterable[object]) -> tuple[str, ...]:
    """The first names, as the examples of a finding."""
    return tuple(map(str, islice(names, EXAMPLES)))


def name_of(side: Side, number: int) -> str:
    """The name of a category, safe to print; its id if it is not listed."""
    return next((show(row.name) for row in side.dataset.categories if row.id == number), str(number))


def classes(number: int) -> str:
    """A number of classes.

    >>> classes(1), classes(2000)
    ('1 class', '2,000 classes')
    """
    return f"{number:,} class{'' if number == 1 else 'es'}"
