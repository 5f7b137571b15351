"""Findings: what a careful person would want to know of a data set before training on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from cocoseg.errors import show
from cocoseg.model import Dataset
from cocoseg.stats.statistics import Statistics

T = TypeVar("T")

EXAMPLES = 5  # of a finding


class Kind(NamedTuple):
    """A kind of finding: whether it is an error, when it is found, and why it is an error, or none."""

    error: bool
    what: str
    why: str


def _error(what: str, why: str) -> Kind:
    return Kind(True, what, why)


def _warning(what: str, why: str) -> Kind:
    return Kind(False, what, why)


# The graver ones first; their order is that in which findings are shown.
KINDS: dict[str, Kind] = {
    "images.none": _error("no image can be used, or none has a labelled pixel", "there is nothing to train on"),
    "refused": _error("images can't be used; by the category of their error", "they would be missing in the training"),
    "id.unlisted": _error("segments have an id that no category has", "nobody knows what they are"),
    "split.shared": _error("images are in both sources", "a score on images that were trained on says nothing"),
    "split.names": _error("an id has different names in the sources", "one number would mean two things"),
    "photo.size": _error("a photo has another size than its label", "the label does not lie on its photo"),
    "picture.conflict": _error("the same photo has different labels", "at most one of them is right"),
    "photo.missing": _error("some images have a photo, and others have none", "a training would stop at them"),
    "photo.corrupt": _error("a photo can't be read", "a training would stop at it"),
    "seg.bbox": _error("a box shares less than half with that of its mask", "the box or the mask is wrong"),
    "seg.conflict": _warning("one mask has several categories", "some data sets mean it so"),
    "seg.twice": _warning("an annotation is there twice, with category and mask", "it is harmless if it is rare"),
    "picture.twice": _warning("a photo, or else a label, is there twice", "it is harmless if it is rare"),
    "seg.area": _warning(
        "an annotation states twice or half the area of its mask", "only the evaluation by size of objects takes it"
    ),
    "photo.orientation": _warning("EXIF turns a photo, and its label is not turned", "it depends on the loader"),
    "photo.none": _warning("no image has a photo where they should be", "they may lie elsewhere"),
    "photo.unlabelled": _warning("photos beside labelled ones have no label", "some data sets label a part only"),
    "split.name": _warning(
        "images have the name of one in the other source, and no photo tells if they are the same",
        "many data sets count their images from 1",
    ),
    "split.only": _warning("a class has pixels in one source only", "a rare one may miss a source by chance"),
    "image.empty": _warning("images have no labelled pixel", "they may show nothing that is looked for"),
    "image.void": _warning("at least 90 % of an image is void", "it is of little use, and harmless"),
    "void.high": _warning("more than a quarter of all pixels is void", "they are left out of training"),
    "overlap.high": _warning("more than a tenth of labelled pixels has several masks", "only class maps must choose"),
    "categories.none": _warning("the source lists no categories", "a preset with a class table needs none"),
    "class.unused": _warning("a class has no pixel", "lists of classes are often those of a larger data set"),
    "class.rare": _warning(
        "a class is in 10 images or fewer, and the most frequent one in 20 times as many", "it depends on the purpose"
    ),
    "seg.empty": _warning("annotations have no mask, or no pixel", "nothing is painted there"),
    "name.case": _warning("names of classes differ only in case or spaces", "they may be two classes"),
    "id.zero": _warning("a COCO JSON uses id 0, and not for background", "only some tools take 0 for background"),
    "label.unused_root": _warning("a category only groups others, as Roboflow's", "it gets no class unless asked for"),
    "warning": _warning("the reader warns; by the category of its warning", "the source was read in spite of it"),
}
_ORDER = {name: place for place, name in enumerate(KINDS)}


@dataclass(frozen=True)
class Finding:
    """One thing that was found, with how often, and where it was seen first.

    ``count`` is of what the message names: images, annotations, classes or pixels. ``examples`` are the first few, and
    ``left_out`` is how many more there are. ``kind`` is a row of ``KINDS``, ``category`` the same, or that of the
    problem that a reader found. ``source`` names which of two sources it is about, or is empty.

    >>> str(Finding("class.unused", "2 classes have no pixel", 2, ("'cat'", "'dog'")))
    "class.unused: 2 classes have no pixel: 'cat', 'dog'"
    """

    kind: str
    message: str
    count: int
    examples: tuple[str, ...] = ()
    left_out: int = 0
    category: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not self.category:
            object.__setattr__(self, "category", self.kind)

    def __str__(self) -> str:
        more = f": {', '.join(self.examples)}" if self.examples else ""
        return f"{self.category}: {self.message}{more}"

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
        return said | about | {"examples": list(self.examples), "left_out": self.left_out, "why": self.why}


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


def some(things: Sequence[T], say: Callable[[T], str] = str) -> tuple[tuple[str, ...], int]:
    """The first things in words, as the examples of a finding, and how many are left out.

    >>> some("abcdefg", str.upper)
    (('A', 'B', 'C', 'D', 'E'), 2)
    """
    return tuple(map(say, things[:EXAMPLES])), max(len(things) - EXAMPLES, 0)


def name_of(side: Side, number: int) -> str:
    """The name of a category, safe to print; its id if it is not listed."""
    return next((show(row.name) for row in side.dataset.categories if row.id == number), str(number))


def classes(number: int) -> str:
    """A number of classes.

    >>> classes(1), classes(2000)
    ('1 class', '2,000 classes')
    """
    return f"{number:,} class{'' if number == 1 else 'es'}"
