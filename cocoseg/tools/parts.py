"""The parts of a data set for training: train, val, test, as the source has them or by a hash of the names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import filterfalse
from typing import NamedTuple

from msgspec.structs import replace as with_fields

from cocoseg.errors import UsageError, show
from cocoseg.files import places
from cocoseg.files.listing import is_hidden, names
from cocoseg.files.names import stem
from cocoseg.formats.yolo.writer import stem as yolo_stem
from cocoseg.model import Dataset
from cocoseg.model.parts import fraction, part_at, photo_name, read_shares
from cocoseg.model.splits import usual

PARTS = ("train", "val", "test")


class _Placed(NamedTuple):
    """The part of an image, and its key there."""

    part: str
    key: str


def parted(dataset: Dataset, parts: str | None, split: object = None, whole: bool = False) -> tuple[Dataset, list[str]]:
    """The data set part by part, keys beginning with their part, and what was decided, in words.

    ``parts`` are shares, as ``train=.9,val=.1``, or one name for all images. Without it, the first folder of the
    images' names tells it, if it is called as a part in all of them; else they are of the ``split`` that was chosen, or
    ``train``. Shares go by a hash of the name, so that adding images moves none. A folder that tells the part is left
    out of the names, unless these stay ``whole``. Raises UsageError ``usage.parts``.
    """
    keys = [entry.key for entry in dataset.entries if entry.key]
    place, how = _rule(keys, parts, split)
    placed = [place(entry.key)._replace(**({"key": entry.key} if whole else {})) for entry in dataset.entries]
    ranked = sorted(range(len(placed)), key=lambda k: PARTS.index(placed[k].part))
    entries = [with_fields(dataset.entries[k], key="/".join(placed[k]) if placed[k].key else "") for k in ranked]
    counts = Counter(row.part for row in placed if row.key)
    said = ", ".join(f"{part} {counts[part]:,}" for part in PARTS if counts[part])
    return replace(dataset, entries=entries), [f"{said}: {how}"] if how else []


def parts_of(dataset: Dataset) -> list[str]:
    """The parts that have images, in their order."""
    return list(dict.fromkeys(entry.key.partition("/")[0] for entry in dataset.entries if entry.key))


def check_earlier(out: str, dataset: Dataset) -> None:
    """Raises UsageError ``out.parts`` if an image is in another part in OUT, where a stack would find it too."""
    written = _written(out) if places.is_folder(out) else {}
    for key in (entry.key for entry in dataset.entries if entry.key):
        part, _, name = key.partition("/")
        if others := set().union(*(written.get(one, set()) for one in (stem(name), yolo_stem(name)))) - {part}:
            text = f"OUT {show(out, 300)} has the image {show(name)} in {sorted(others)[0]}, which is in {part} now"
            raise UsageError("out.parts", f"{text}; delete OUT, or choose another one")


def _written(out: str) -> dict[str, set[str]]:
    """The parts in which images lie, by their names: ``images/train/a.jpg`` and ``train/images/a.jpg`` are of train."""
    found: dict[str, set[str]] = {}
    for path in filterfalse(is_hidden, names(out)):
        first, second, name = (*path.split("/", 2), "", "")[:3]
        if part := next((word for word in (first, second) if word in PARTS), ""):
            found.setdefault(stem(name), set()).add(part)
    return found


def _rule(keys: list[str], parts: str | None, split: object) -> tuple[Callable[[str], _Placed], str]:
    """What gives the part of a key, and what to say of it. Raises UsageError ``usage.parts``."""
    if parts:
        shares = _shares(parts)
        how = "by a hash of their names" if len(shares) > 1 else ""
        return lambda key: _Placed(part_at(shares, fraction(photo_name(stem(key)))), key), how
    if keys and all(map(_own_part, keys)) and len(set(map(_own, keys))) == len(keys):
        return _own, "as their folders are called"
    named = _part(str(split))
    advice = "" if named else "the source has no parts; --parts train=.9,val=.1 makes some"
    return lambda key: _Placed(named or PARTS[0], key), advice


def _shares(text: str) -> dict[str, float]:
    """The shares of parts that stacks know, of which one may have all. Raises UsageError ``usage.parts``."""
    found = read_shares(text) if "=" in text or "," in text else {text.strip(): 1.0}
    if (name := next((name for name in found if name not in PARTS), None)) is not None:
        expected = f"expected {', '.join(PARTS)} with shares, as train=.9,val=.1, or one of them for all images"
        raise UsageError("usage.parts", f"parts has {show(name)}, {expected}")
    return found


def _own_part(key: str) -> str:
    first, slash, _ = key.partition("/")
    return _part(first) if slash else ""


def _part(name: str) -> str:
    return found if (found := usual(name)) in PARTS else ""


def _own(key: str) -> _Placed:
    return _Placed(_own_part(key) or PARTS[0], key.partition("/")[2])  # what belongs to no image has no key
