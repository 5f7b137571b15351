"""Pairs the images of two data sets: by their ids where both have the same list of images, else by their names."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, cast

from msgspec.structs import replace as with_fields

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.model import Dataset, Entry, Pair, Refused, Sample
from cocoseg.model.loading import Loads
from cocoseg.model.photos import WithPhotos
from cocoseg.runs.tally import counted
from cocoseg.targets.resized import resized

AnyEntry = Entry | Refused

_FEW = 3
_Naming = Callable[[AnyEntry, bool], set[str]]
_SEPARATORS = "_.-"


class Paired(NamedTuple):
    """The samples of an image; the prediction is None where it is missing and that is allowed."""

    truth: Sample
    prediction: Sample | None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The harmless problems of both."""
        return (*self.truth.problems, *(self.prediction.problems if self.prediction else ()))

    def of_one_size(self, nearest: bool) -> Paired:
        """The prediction in the size of the truth. Raises SampleError ``size.mismatch`` unless ``nearest``."""
        truth, prediction = self
        if prediction is None or prediction.size == truth.size:
            return self
        if nearest:
            return Paired(truth, resized(prediction, truth.size))
        sizes = ["{}×{}".format(*sample.size) for sample in (prediction, truth)]
        text = f"the prediction is {sizes[0]} (height×width), the truth {sizes[1]}"
        advice = "give both one size, or scale predictions by --size nearest"
        error = SampleError("size.mismatch", f"{text}; {advice}")
        raise error.at(truth.place) if truth.place else error


class Pairing(NamedTuple):
    """A data set of pairs, what is to be said of how they were found, and predictions that belong to none."""

    dataset: Dataset
    notes: list[str]
    problems: list[Problem]


def paired(truth: Dataset, prediction: Dataset, by_id: bool, missing: Literal["error", "empty"]) -> Pairing:
    """Both data sets as one of ``Paired``, in the order of the truth.

    With ``by_id``, both have the same ids of images. A truth that is refused, or whose prediction is refused, missing
    or one of several, is refused itself; ``missing="empty"`` takes a missing prediction as one without segments.
    Raises DocumentError ``pair.none`` where no prediction belongs to an image of the truth.
    """
    found = _by_id(truth, prediction) if by_id else _by_name(truth.entries, prediction.entries)
    if not found.own:
        raise _nothing_paired(truth, prediction)
    owners = Counter(k for own in found.own.values() for k in own)
    entries = [_pair(truth, prediction, k, found, owners, missing) for k in range(len(truth))]
    load = cast("Loads", Pair(truth.load, prediction.load, _joined, apart=True))  # a run asks no more of a loader
    lonely = [entry for k, entry in enumerate(prediction.entries) if k not in owners]
    return Pairing(Dataset(truth.categories, entries, load), found.notes, _lonely(prediction, lonely))


class _Found(NamedTuple):
    """The predictions of each truth, as numbers of entries, what is to be said of it, and those of the same name in
    another folder for each truth that has none.
    """

    own: Mapping[int, Sequence[int]]
    notes: list[str]
    near: Mapping[int, Sequence[int]]


def with_photos(pairs: Dataset, folder: str) -> Dataset:
    """The pairs, whose truths bring their photos along where the ``folder`` of photos is known."""
    load: Any = pairs.load
    return replace(pairs, load=replace(load, first=WithPhotos(load.first, folder))) if folder else pairs


def _joined(truth: Sample | None, prediction: Sample | None) -> Any:
    assert truth is not None
    return Paired(truth, prediction)


def _pair(
    truth: Dataset, prediction: Dataset, number: int, found: _Found, owners: Mapping[int, int], missing: str
) -> AnyEntry:
    entry = truth.entries[number]
    if isinstance(entry, Refused):
        return entry
    own, near = ([prediction.entries[k] for k in rows.get(number, ())] for rows in (found.own, found.near))
    try:
        other = _the_one(own, near, missing)
        if other is not None and (images := owners[found.own[number][0]]) > 1:
            text = f"the prediction {show(other.key)} belongs to {images} images of the truth by its name"
            raise SampleError("pair.several", f"{text}; name predictions with their folders")
    except SampleError as error:
        return Refused(entry.where, error.at(truth.load.place(entry)).problem, entry.key, entry.image_id)
    if isinstance(other, Refused):
        return with_fields(other, key=entry.key, image_id=entry.image_id)
    return Entry(entry.key, entry.image_id, entry.place, (), entry.size, entry.file_name, entry.row, (entry, other))


def _the_one(own: Sequence[AnyEntry], near: Sequence[AnyEntry], missing: str) -> AnyEntry | None:
    """The prediction of an image, of its ``own`` and those ``near``. Raises SampleError ``pair.*``."""
    found = own or near
    if len(found) > 1:
        some = " and ".join(show(entry.key or entry.where) for entry in found[:2])
        raise SampleError("pair.several", f"{len(found)} predictions belong to it, such as {some}; leave one of them")
    if near and not own:
        text = f"it has no prediction, but {show(near[0].key)} is called like it in another folder"
        raise SampleError("pair.missing", f"{text}; move it, or take it away")
    if not own and missing == "error":
        raise SampleError("pair.missing", "it has no prediction; add it, or use --missing empty to count it as empty")
    return own[0] if own else None


def _by_id(truth: Dataset, prediction: Dataset) -> _Found:
    found: dict[Any, list[int]] = {}
    for k, entry in enumerate(prediction.entries):
        if entry.image_id is not None:
            found.setdefault(entry.image_id, []).append(k)
    rows = enumerate(truth.entries)
    return _Found({k: found[entry.image_id] for k, entry in rows if entry.image_id in found}, [], {})


def _by_name(truth: Sequence[AnyEntry], prediction: Sequence[AnyEntry]) -> _Found:
    """Which predictions belong to each truth: by the whole name, else the name of the file, else what is telling.

    One way serves all: where some images have the same name with their folders, none is found without them.
    """
    namings = _namings(truth, prediction)
    for words, name_of in namings:
        if own := _matched(truth, prediction, name_of):
            notes = [f"{counted(len(own), 'prediction')} found by {words}"] if words else []
            return _Found(own, notes, _near(truth, prediction, own, namings[1][1]))
    return _Found({}, [], {})


def _near(
    truth: Sequence[AnyEntry], prediction: Sequence[AnyEntry], own: Mapping[int, Sequence[int]], name_of: _Naming
) -> dict[int, list[int]]:
    """The predictions of no image that are called like a truth without one."""
    taken = {k for rows in own.values() for k in rows}
    found = _matched(truth, prediction, name_of)
    free = {k: [row for row in rows if row not in taken] for k, rows in found.items() if k not in own}
    return {k: rows for k, rows in free.items() if rows}


def _namings(truth: Sequence[AnyEntry], prediction: Sequence[AnyEntry]) -> list[tuple[str, _Naming]]:
    """Ways to name an image, the surest first, each with its words where it is a guess."""
    ends = [_common_end(*both) for both in ((truth, prediction), (prediction, truth))]

    def telling(entry: AnyEntry, is_truth: bool) -> set[str]:
        return {posixpath.basename(stem).removesuffix(ends[not is_truth]) for stem in _stems(entry)}

    shown = " and ".join(
        f"{side}'s {show(f'*{end}')}" for side, end in zip(("TRUTH", "PREDICTION"), ends, strict=True) if end
    )
    return [
        ("", lambda entry, _: _stems(entry)),
        ("the names of files alone, not their folders", lambda entry, _: set(map(posixpath.basename, _stems(entry)))),
        (f"what is before the common end of the names ({shown})", telling),
    ]


def _matched(truth: Sequence[AnyEntry], prediction: Sequence[AnyEntry], name_of: _Naming) -> dict[int, list[int]]:
    named: dict[str, list[int]] = {}
    for k, entry in enumerate(prediction):
        for name in name_of(entry, False):
            named.setdefault(name, []).append(k)
    own = {
        k: sorted({p for name in name_of(entry, True) for p in named.get(name, ())}) for k, entry in enumerate(truth)
    }
    return {k: rows for k, rows in own.items() if rows}


def _stems(entry: AnyEntry) -> set[str]:
    """The names of an entry without endings: that of its output, and that of its photo."""
    names = (entry.key, getattr(entry, "file_name", ""))
    return {posixpath.splitext(name)[0] for name in names if name}


def _common_end(entries: Sequence[AnyEntry], others: Sequence[AnyEntry]) -> str:
    """What all names end with, from a separator on, as ``_leftImg8bit``; of one name, what the other side lacks."""
    stems, against = (_file_stems(side) for side in (entries, others))
    if len(stems) != 1:
        return _end_of(stems)
    if len(against) == 1:
        rest = stems[0][len(posixpath.commonprefix([*stems, *against]).rstrip(_SEPARATORS)) :]
        return rest if _may_end(rest) else ""
    end = _end_of(against)
    short = {stem.removesuffix(end) for stem in against}
    rests = [stems[0][len(stem) :] for stem in short if stems[0].startswith(stem)]
    return next(filter(_may_end, sorted(rests, key=len)), "")


def _may_end(rest: str) -> bool:
    """Whether what is left of a name does not tell images apart, as the number in ``_000012`` does."""
    return len(rest) > 1 and rest[0] in _SEPARATORS and not rest[1].isdigit()


def _end_of(stems: Sequence[str]) -> str:
    end = posixpath.commonprefix([stem[::-1] for stem in stems])[::-1]
    starts = (k for k in range(len(end)) if _may_end(end[k:]))
    start = next(starts, None)
    return "" if start is None else end[start:]


def _file_stems(entries: Sequence[AnyEntry]) -> list[str]:
    return [posixpath.basename(posixpath.splitext(entry.key)[0]) for entry in entries if entry.key]


def _nothing_paired(truth: Dataset, prediction: Dataset) -> DocumentError:
    def some(entries: Sequence[AnyEntry]) -> str:
        names = [entry.key or entry.where for entry in entries]
        return ", ".join(map(show, names[:_FEW])) + (", ..." if len(names) > _FEW else "")

    what = f"no prediction belongs to an image of the truth {show(truth.source, 300)}"
    found = f"predictions are called {some(prediction.entries)}, the truth {some(truth.entries)}"
    advice = "name them alike, or say what prediction names end with (--prediction-suffix _pred)"
    why = f"{found}; {advice}" if prediction.entries else "it lists no image"
    return DocumentError("pair.none", f"{prediction.source}: {what}: {why}")


def _lonely(prediction: Dataset, entries: Sequence[AnyEntry]) -> list[Problem]:
    """Warnings about predictions of no image: those that are refused by their reason, the others by number."""
    problems = [entry.problem for entry in entries if isinstance(entry, Refused)]
    rest = [entry for entry in entries if isinstance(entry, Entry)]
    if rest:
        some = ", ".join(show(entry.key) for entry in rest[:_FEW]) + (", ..." if len(rest) > _FEW else "")
        text = f"{counted(len(rest), 'prediction')} of no image of the truth left out: {some}"
        problems.append(Problem("pair.extra", f"{prediction.source}: {text}"))
    return problems
