"""Pairs the images of two data sets: by their ids where both have the same list of images, else by their names."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast

from msgspec.structs import replace

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.model import Dataset, Entry, Pair, Refused, Sample
from cocoseg.model.loading import Loads
from cocoseg.runs.tally import counted

AnyEntry = Entry | Refused

_FEW = 3
_SEPARATORS = "_.-"


class Paired(NamedTuple):
    """The samples of an image; the prediction is None where it is missing and that is allowed."""

    truth: Sample
    prediction: Sample | None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The harmless problems of both."""
        return (*self.truth.problems, *(self.prediction.problems if self.prediction else ()))


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
    found, notes = _by_id(truth, prediction) if by_id else _by_name(truth.entries, prediction.entries)
    if not found:
        raise _nothing_paired(truth, prediction)
    owners = Counter(k for own in found.values() for k in own)
    rows = enumerate(truth.entries)
    entries = [_pair(truth, prediction, entry, found.get(k, ()), owners, missing) for k, entry in rows]
    load = cast("Loads", Pair(truth.load, prediction.load, _joined))  # a run asks no more of a loader
    lonely = [entry for k, entry in enumerate(prediction.entries) if k not in owners]
    return Pairing(Dataset(truth.categories, entries, load), notes, _lonely(prediction, lonely))


def _joined(truth: Sample | None, prediction: Sample | None) -> Any:
    assert truth is not None
    return Paired(truth, prediction)


def _pair(
    truth: Dataset,
    prediction: Dataset,
    entry: AnyEntry,
    own: Sequence[int],
    owners: Mapping[int, int],
    missing: str,
) -> AnyEntry:
    if isinstance(entry, Refused):
        return entry
    try:
        other = _the_one([prediction.entries[k] for k in own], [owners[k] for k in own], missing)
    except SampleError as error:
        return Refused(entry.where, error.at(truth.load.place(entry)).problem, entry.key, entry.image_id)
    if isinstance(other, Refused):
        return replace(other, key=entry.key, image_id=entry.image_id)
    return Entry(entry.key, entry.image_id, entry.place, (), entry.size, entry.file_name, entry.row, (entry, other))


def _the_one(own: Sequence[AnyEntry], owners: Sequence[int], missing: str) -> AnyEntry | None:
    """The prediction of an image. Raises SampleError ``pair.*``."""
    if len(own) > 1:
        some = " and ".join(show(entry.key or entry.where) for entry in own[:2])
        raise SampleError("pair.several", f"{len(own)} predictions belong to it, such as {some}; leave one of them")
    if own and owners[0] > 1:
        text = f"the prediction {show(own[0].key)} belongs to {owners[0]} images of the truth by its name"
        raise SampleError("pair.several", f"{text}; name predictions with their folders")
    if not own and missing == "error":
        raise SampleError("pair.missing", "it has no prediction; add it, or use --missing empty to count it as empty")
    return own[0] if own else None


def _by_id(truth: Dataset, prediction: Dataset) -> tuple[dict[int, list[int]], list[str]]:
    found: dict[Any, list[int]] = {}
    for k, entry in enumerate(prediction.entries):
        if entry.image_id is not None:
            found.setdefault(entry.image_id, []).append(k)
    rows = enumerate(truth.entries)
    return {k: found[entry.image_id] for k, entry in rows if entry.image_id in found}, []


def _by_name(truth: Sequence[AnyEntry], prediction: Sequence[AnyEntry]) -> tuple[dict[int, list[int]], list[str]]:
    """Which predictions belong to each truth: by the whole name, else the name of the file, else what is telling."""
    found: dict[int, list[int]] = {}
    notes: list[str] = []
    taken: set[int] = set()
    for words, name_of in _namings(truth, prediction):
        left = [k for k in range(len(truth)) if k not in found]
        free = [k for k in range(len(prediction)) if k not in taken]
        if not left or not free:
            break
        more = _matched(left, free, truth, prediction, name_of)
        taken.update(k for own in more.values() for k in own)
        found |= more
        if more and words:
            notes.append(f"{counted(len(more), 'prediction')} found by {words}")
    return found, notes


_Naming = Callable[[AnyEntry, bool], set[str]]


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


def _matched(
    left: Sequence[int],
    free: Sequence[int],
    truth: Sequence[AnyEntry],
    prediction: Sequence[AnyEntry],
    name_of: _Naming,
) -> dict[int, list[int]]:
    named: dict[str, list[int]] = {}
    for k in free:
        for name in name_of(prediction[k], False):
            named.setdefault(name, []).append(k)
    own = {k: sorted({p for name in name_of(truth[k], True) for p in named.get(name, ())}) for k in left}
    return {k: rows for k, rows in own.items() if rows}


def _stems(entry: AnyEntry) -> set[str]:
    """The names of an entry without endings: that of its output, and that of its photo."""
    names = (entry.key, getattr(entry, "file_name", ""))
    return {posixpath.splitext(name)[0] for name in names if name}


def _common_end(entries: Sequence[AnyEntry], others: Sequence[AnyEntry]) -> str:
    """What all names end with, from a separator on, as ``_leftImg8bit_pred``; of one name, what the other lacks."""
    stems, against = (_file_stems(side) for side in (entries, others))
    if len(stems) == 1 == len(against):
        rest = stems[0].removeprefix(against[0])
        return rest if rest != stems[0] and rest[:1] in _SEPARATORS else ""
    end = posixpath.commonprefix([stem[::-1] for stem in stems])[::-1] if len(stems) > 1 else ""
    starts = (k for k, letter in enumerate(end) if letter in _SEPARATORS and not end[k + 1 : k + 2].isdigit())
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
    why = f"{found}; name them alike" if prediction.entries else "it lists no image"
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
