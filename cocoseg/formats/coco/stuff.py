"""Two detection files about the same images as one: stuff masks below, instances over them.

COCO comes so: ``instances_*.json`` has the things, ``stuff_*.json`` the stuff. Images are joined by their id; one that
only a single file has keeps what it has there. The category 183, "other", by which a stuff file means "some thing", is
left out, for the instances say which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.codecs.rle import Runs, concatenate
from cocoseg.errors import DocumentError, SampleError, show
from cocoseg.labels.presets import OTHER, is_thing
from cocoseg.model import Category, Dataset, ImageId, Loader, Refused, Sample


@dataclass(frozen=True)
class Pair:
    """An image's entries, ``over`` that of the instances and ``under`` that of the stuff, at least one of them."""

    over: Any = None
    under: Any = None
    place: str = ""

    @property
    def key(self) -> str:
        """That of the instances, if they have the image."""
        return str(self._first.key)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        height, width = self._first.size
        return height, width

    def content(self, exact: bool) -> bytes:
        """All that the sample is made from."""
        parts = [None if entry is None else entry.content(exact) for entry in (self.over, self.under)]
        return msgspec.json.encode((self.place if exact else "", *parts))

    @property
    def _first(self) -> Any:
        return self.under if self.over is None else self.over


@dataclass(frozen=True)
class _Decoder:
    """What makes a sample of a pair: the decoders of both files, and the categories of the lower that are left out."""

    over: Loader
    under: Loader
    left_out: tuple[int, ...]

    def __call__(self, pair: Pair, picture: bytes, place: str) -> Sample:
        if pair.over is None:
            alone = self._under(pair, place)
            return replace(alone, scores=_below(alone))
        over = replace(self.over.makes(pair.over, picture, place), place=place)
        if pair.under is None:
            return over
        if pair.under.size != pair.over.size:
            raise SampleError("size.mismatch", _sizes(pair, self.under.place(pair.under)))
        return _over(over, self._under(pair, self.under.place(pair.under)))

    def _under(self, pair: Pair, place: str) -> Sample:
        try:
            sample = self.under.makes(pair.under, b"", self.under.place(pair.under))
        except SampleError as error:
            raise error.at(self.under.source) from None
        return replace(sample.without(self.left_out), place=place)


def join(instances: Dataset, stuff: Dataset) -> Dataset:
    """Two detection files as one Dataset, in the order of the instances, then images that only ``stuff`` has.

    A category of ``stuff`` alone is stuff, unless it says otherwise. Raises DocumentError: ``id.collision`` for one id
    with two names, ``doc.missing_key`` where nobody knows whether a category of both is a thing, ``id.unknown`` where
    the files have no image in common.

    >>> import cocoseg
    >>> joined = join(cocoseg.read("fixtures/instances.json"), cocoseg.read("fixtures/stuff.json"))
    >>> [(sample.key, len(sample.ids)) for sample in joined]
    [('overlap.png', 7), ('empty.png', 1), ('thin/row.png', 2), ('sky.png', 1)]
    """
    left_out = tuple(row.id for row in stuff.categories if (row.id, row.name) == (OTHER, "other"))
    known = tuple(row for row in stuff.categories if row.id not in left_out)
    load = Loader(instances.source, None, _no_picture, _Decoder(instances.load, stuff.load, left_out))
    return Dataset(
        _categories(instances, replace(stuff, categories=known)),
        _pairs(instances, stuff),
        load,
        instances.source,
        problems=(*instances.problems, *stuff.problems),
        about={**stuff.about, **instances.about},
    )


def _no_picture(folder: str | None, entry: Pair) -> bytes:
    return b""


def _categories(instances: Dataset, stuff: Dataset) -> tuple[Category, ...]:
    under = {row.id: row for row in stuff.categories}
    both = [_agreed(row, under[row.id], instances, stuff) if row.id in under else row for row in instances.categories]
    known = {row.id for row in instances.categories}
    return (*both, *(replace(row, isthing=bool(row.isthing)) for row in stuff.categories if row.id not in known))


def _agreed(over: Category, under: Category, instances: Dataset, stuff: Dataset) -> Category:
    """What is known of a category that both files list, as they do where one tool wrote them."""
    if over.name != under.name:
        names = f"{show(over.name)} in {instances.source} and {show(under.name)} in {stuff.source}"
        raise DocumentError("id.collision", f"category {over.id} is {names}; renumber one of them")
    isthing = under.isthing if over.isthing is None else over.isthing
    found = is_thing(replace(over, isthing=isthing))
    if found is None:
        text = f"both {instances.source} and {stuff.source} list category {over.id} ({show(over.name)})"
        raise DocumentError("doc.missing_key", f"{text}, and neither says whether it is a thing; give it 'isthing'")
    return replace(over, isthing=found, color=over.color or under.color)


def _pairs(instances: Dataset, stuff: Dataset) -> list[Pair | Refused]:
    below = {_image(entry): entry for entry in stuff.entries if _image(entry) is not None}
    above = {_image(entry) for entry in instances.entries} - {None}
    if not above & set(below):
        raise DocumentError("id.unknown", _no_common(instances, stuff))
    pairs = [_pair(entry, below.get(_image(entry))) for entry in instances.entries]
    keys = {entry.key for entry in pairs}
    alone = [_alone(entry, stuff, keys) for entry in stuff.entries if _image(entry) not in above]
    return [*pairs, *alone]


def _image(entry: Any) -> ImageId | None:
    image: ImageId | None = entry.image_id
    return image


def _pair(over: Any, under: Any) -> Pair | Refused:
    """An image of which one file's part can't be used can't be used."""
    refused = next((entry for entry in (over, under) if isinstance(entry, Refused)), None)
    return refused or Pair(over, under, over.place)


def _alone(entry: Any, stuff: Dataset, keys: set[str]) -> Pair | Refused:
    if isinstance(entry, Refused):
        return entry
    place = f"not listed, but in {stuff.source}: {entry.place}"
    if entry.key in keys:
        text = f"{show(entry.key)} is made from an image with another id in the instances; is image_id right?"
        return Refused(place, SampleError("path.collision", f"{stuff.load.place(entry)}: {text}").problem)
    return Pair(None, entry, place)


def _no_common(instances: Dataset, stuff: Dataset) -> str:
    def some(entries: Sequence[Any]) -> str:
        return ", ".join(show(_image(entry)) for entry in entries[:3]) or "none"

    found = f"image ids {some(instances.entries)} ... here, {some(stuff.entries)} ... there"
    return (
        f"{instances.source}: {stuff.source} has none of its images ({found}); name the stuff file of the same images"
    )


def _sizes(pair: Pair, other: str) -> str:
    here, there = ("{}×{}".format(*size) for size in (pair.over.size, pair.under.size))
    return f"the image is {here} (height×width), but {there} at {other}; one of the two belongs to another image"


def _over(over: Sample, under: Sample) -> Sample:
    """One sample's masks after, and so over, the other's."""
    assert isinstance(over.shapes, Runs)
    assert isinstance(under.shapes, Runs)
    return replace(
        over,
        ids=np.concatenate([under.ids, over.ids]),
        category_ids=np.concatenate([under.category_ids, over.category_ids]),
        iscrowd=np.concatenate([under.iscrowd, over.iscrowd]),
        shapes=concatenate([under.shapes, over.shapes]),
        problems=(*over.problems, *under.problems),
        scores=_scores(over, under),
    )


def _scores(over: Sample, under: Sample) -> npt.NDArray[np.float64] | None:
    """Stuff without scores is below all that has one."""
    if over.scores is None:
        return None
    return np.concatenate([_below(under), over.scores])


def _below(under: Sample) -> npt.NDArray[np.float64]:
    return np.full(len(under.ids), -np.inf) if under.scores is None else under.scores
