"""Divides images into parts by their names, so that an image stays in its part whatever images come or go."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence

from cocoseg.errors import UsageError, show
from cocoseg.files.names import stem
from cocoseg.model.records import Entry, Refused

_TILE = re.compile(r"(_y\d+_x\d+)+$")


def name_of(entry: Entry | Refused) -> str:
    """The name of an image without the ending of a picture; its position if it has none."""
    name = getattr(entry, "file_name", "") or entry.key
    return stem(name) or entry.where


def photo_name(name: str) -> str:
    """The name of the photo that a tile is of, or a tile of a tile, as ``cocoseg tile`` calls them; else the name.

    >>> photo_name("a_y0_x896"), photo_name("a_y0_x896_y0_x448"), photo_name("b")
    ('a', 'a', 'b')
    """
    return _TILE.sub("", name)


def fraction(name: str) -> float:
    """A number from 0 to 1 that a name alone decides, as if by chance.

    >>> round(fraction("a"), 3), round(fraction("b"), 3)
    (0.791, 0.243)
    """
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8], "big") / 2**64


def read_shares(text: str) -> dict[str, float]:
    """``NAME=SHARE`` with commas as a table. Raises UsageError ``usage.parts``.

    >>> read_shares("train=.8, val=.2")
    {'train': 0.8, 'val': 0.2}
    """
    found: dict[str, float] = {}
    for word in text.split(","):
        name, _, value = (part.strip() for part in word.partition("="))
        try:
            share = float(value)
        except ValueError:
            raise UsageError("usage.parts", f"parts is {show(text)}, expected NAME=SHARE as train=.8,val=.2") from None
        if name in found:
            raise UsageError("usage.parts", f"parts names {show(name)} twice; give each part a name of its own")
        found[name] = share
    check_shares(found)
    return found


def check_shares(shares: Mapping[str, float]) -> None:
    """Raises UsageError ``usage.parts`` unless there are parts, none is negative, and all add up to 1."""
    if not shares:
        raise UsageError("usage.parts", "parts is empty, expected shares such as train=.8,val=.2")
    if wrong := next((name for name, share in shares.items() if not 0 < share <= 1), None):
        raise UsageError("usage.parts", f"part {show(wrong)} is {shares[wrong]:g}, expected a share from 0 to 1")
    if not math.isclose(total := sum(shares.values()), 1, abs_tol=1e-6):
        text = f"the shares add up to {total:g} ({', '.join(f'{n}={s:g}' for n, s in shares.items())}), expected 1"
        raise UsageError("usage.parts", text)


def part_at(shares: Mapping[str, float], number: float) -> str:
    """The part at a number from 0 to 1.

    >>> part_at({"train": 0.8, "val": 0.2}, 0.79), part_at({"train": 0.8, "val": 0.2}, 0.81)
    ('train', 'val')
    """
    end = 0.0
    for name, share in shares.items():
        end += share
        if number < end:
            return name
    return name


def groups(entries: Sequence[Entry | Refused], by: str | None) -> list[str]:
    """The group of each image: what ``by``, a regular expression, finds in its name, or else the name of its photo.

    Of an expression with a group of its own, that is meant. Raises UsageError ``usage.by`` if it is not one, or is not
    found in the name of an image.
    """
    names = [name_of(entry) for entry in entries]
    if by is None:
        return [photo_name(name) for name in names]
    try:
        pattern = re.compile(by)
    except re.error as error:
        raise UsageError("usage.by", f"by is {show(by)}, which is not a regular expression ({error})") from None
    found = [pattern.search(name) for name in names]
    if missing := [name for name, match in zip(names, found, strict=True) if not match]:
        more = f", nor in {len(missing) - 1:,} other names" if len(missing) > 1 else ""
        text = f"by {show(by)} is not found in {show(missing[0])}{more}; every image needs a group"
        raise UsageError("usage.by", text)
    return [(match[1] if pattern.groups else match[0]) or "" for match in found if match]
