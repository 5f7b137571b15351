"""Joins two detection files of the same images: stuff masks below, instances on top.

COCO is published like this: ``instances_*.json`` has the things, ``stuff_*.json`` the stuff. Images are joined by id.
An image that is in only one file keeps its segments. In a stuff file, category 183, "other", marks the pixels of all
things. It is left out, because the instances say which thing each pixel shows.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace as with_fields

from cocoseg.codecs.rle import Runs, concatenate
from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files.names import stem
from cocoseg.formats.coco_json.scalars import whole
from cocoseg.labels.presets import OTHER, is_thing
from cocoseg.model import Category, Conventions, Dataset, Entry, ImageId, Refused, Sample

_ABOVE = 1e6  # more than any score


@dataclass(frozen=True)
class _Below:
    """Joins the samples of an image: stuff masks below instances, without the ``left_out`` categories."""

    left_out: tuple[int, ...]

    def __call__(self, over: Sample | None, under: Sample | None) -> Sample:
        if under is None:
            assert over is not None
            return over
        under = under.without(self.left_out)
        if over is None:
            return replace(under, scores=_below(under))
        if over.size != under.size:
            raise SampleError("size.mismatch", _sizes(over, under))
        return _over(over, under)


def join(instances: Dataset, stuff: Dataset) -> Dataset:
    """Two detection files as one Dataset, in the order of the instances, then images that only ``stuff`` has.

    Images are the same by id. Names that contradict the ids are refused.
    A category that only ``stuff`` lists is stuff, unless its ``isthing`` is 1. Raises DocumentError: ``id.collision``
    if an id has two names, ``doc.missing_key`` if a category is in both files and neither the files nor COCO's tables
    say whether it is a thing, ``id.unknown`` if the files have no image in common.

    >>> import cocoseg
    >>> joined = join(cocoseg.read("fixtures/instances.json"), cocoseg.read("fixtures/stuff.json"))
    >>> [(sample.key, len(sample.ids)) for sample in joined]
    [('overlap.png', 7), ('empty.png', 1), ('thin/row.png', 2), ('sky.png', 1)]
    """
    left_out = tuple(row.id for row in stuff.categories if (row.id, row.name) == (OTHER, "other"))
    known = tuple(row for row in stuff.categories if row.id not in left_out)
    stuff = _with_ids_of(instances, stuff)
    if not {entry.image_id for entry in instances.entries} & {entry.image_id for entry in stuff.entries} - {None}:
        raise DocumentError("id.unknown", _no_common(instances, stuff))
    stuff = _checked(instances, stuff)
    joined = instances.paired(stuff, _Below(left_out))
    categories = _categories(instances, replace(stuff, categories=known))
    return replace(joined, categories=categories, conventions=Conventions(scored=instances.conventions.scored))


def _with_ids_of(instances: Dataset, stuff: Dataset) -> Dataset:
    """The stuff with the image ids of the instances, where they differ only in type and are not ambiguous."""
    above, below = _by_number(instances), _by_number(stuff)
    same = {below[n][0]: above[n][0] for n in below.keys() & above.keys() if len(below[n]) == len(above[n]) == 1}
    meant = {image: other for image, other in same.items() if image != other}
    if not meant:
        return stuff
    entries = [
        with_fields(entry, image_id=meant[entry.image_id]) if entry.image_id in meant else entry
        for entry in stuff.entries
    ]
    image, other = next(iter(meant.items()))
    text = f"image id {show(image)} and {show(other)} in {instances.source} differ in type; they were joined"
    more = f" (and {len(meant) - 1:,} more)" if len(meant) > 1 else ""
    problem = Problem("id.type", f"{stuff.source}: {text}{more}")
    return replace(stuff, entries=entries, problems=(*stuff.problems, problem))


def _checked(instances: Dataset, stuff: Dataset) -> Dataset:
    """The stuff, with a problem if images have other names. Raises DocumentError if names contradict the ids."""
    names = {entry.image_id: _name(entry) for entry in instances.entries if _name(entry)}
    pairs = [
        (entry.image_id, names[entry.image_id], _name(entry)) for entry in stuff.entries if entry.image_id in names
    ]
    other = [(image, above, below) for image, above, below in pairs if below and above != below]
    if not other:
        return stuff
    known = set(names.values())
    image, above, below = next((row for row in other if row[2] in known), other[0])
    text = f"image {show(image)} is {show(above)} in {instances.source}, but {show(below)} here"
    if below in known:
        raise DocumentError("id.ambiguous", f"{stuff.source}: {text}; give an image the same id in both files")
    more = f" (and {len(other) - 1:,} more)" if len(other) > 1 else ""
    problem = Problem("id.ambiguous", f"{stuff.source}: {text}{more}; they were joined by id")
    return replace(stuff, problems=(*stuff.problems, problem))


def _name(entry: Entry | Refused) -> str:
    """The file_name of an image without folders and ending; empty if it has none."""
    return "" if isinstance(entry, Refused) else stem(posixpath.basename(entry.file_name))


def _by_number(dataset: Dataset) -> dict[int, list[ImageId]]:
    """The image ids that are numbers, or strings of digits, by their value."""
    found: dict[int, list[ImageId]] = {}
    for entry in dataset.entries:
        if entry.image_id is not None and isinstance(number := whole(entry.image_id), int):
            found.setdefault(number, []).append(entry.image_id)
    return found


def _categories(instances: Dataset, stuff: Dataset) -> tuple[Category, ...]:
    under = {row.id: row for row in stuff.categories}
    both = [_agreed(row, under[row.id], instances, stuff) if row.id in under else row for row in instances.categories]
    known = {row.id for row in instances.categories}
    return (*both, *(replace(row, isthing=bool(row.isthing)) for row in stuff.categories if row.id not in known))


def _agreed(over: Category, under: Category, instances: Dataset, stuff: Dataset) -> Category:
    """Combines the rows of a category that both files list, as files from one tool do."""
    if over.name != under.name:
        names = f"{show(over.name)} in {instances.source} and {show(under.name)} in {stuff.source}"
        raise DocumentError("id.collision", f"category {over.id} is {names}; renumber one of them")
    isthing = under.isthing if over.isthing is None else over.isthing
    found = is_thing(replace(over, isthing=isthing))
    if found is None:
        text = f"both {instances.source} and {stuff.source} list category {over.id} ({show(over.name)})"
        raise DocumentError("doc.missing_key", f"{text}, and neither says whether it is a thing; give it 'isthing'")
    return replace(over, isthing=found, color=over.color or under.color)


def _no_common(instances: Dataset, stuff: Dataset) -> str:
    def some(entries: Sequence[Any]) -> str:
        return ", ".join(show(entry.image_id) for entry in entries[:3]) or "none"

    found = f"image ids {some(instances.entries)} ... here, {some(stuff.entries)} ... there"
    return (
        f"{instances.source}: {stuff.source} has none of its images ({found}); name the stuff file of the same images"
    )


def _sizes(over: Sample, under: Sample) -> str:
    here, there = ("{}×{}".format(*sample.size) for sample in (over, under))
    return f"the image is {here} (height×width), but {there} in {under.place}; one of the two belongs to another image"


def _over(over: Sample, under: Sample) -> Sample:
    """The masks of both samples; those of ``over`` come last, so they lie on top."""
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
        rows=None,
    )


def _scores(over: Sample, under: Sample) -> npt.NDArray[np.float64] | None:
    """The scores of both. Stuff ranks below every scored instance, and keeps its own order."""
    if over.scores is None:
        return None
    return np.concatenate([_below(under) - _ABOVE, over.scores])


def _below(under: Sample) -> npt.NDArray[np.float64]:
    return np.full(len(under.ids), -np.inf) if under.scores is None else under.scores
