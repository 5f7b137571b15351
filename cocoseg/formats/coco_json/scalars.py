"""Scalars as data frames and careless writers leave them: ``"category_id": "0"``, ``iscrowd: 0.0``, ``id: 1.0``.

A value that can only mean one thing is taken for it. ``Taken`` counts such values and reports each kind once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from cocoseg.errors import Problem, SampleError, show
from cocoseg.files.documents import describe, parse_part

T = TypeVar("T")
Kind = Callable[[Any], Any]

_WHOLE = re.compile(r"\s*([+-]?\d{1,19})(?:\.0*)?\s*")
_EXACT = 1 << 53  # beyond it a float stands for several integers
_FLAGS = {"true": True, "false": False, "0": False, "1": True}
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_ENCODER = msgspec.json.Encoder()


def whole(value: Any) -> Any:
    """An integer for a whole float or a string of digits; anything else as it is.

    >>> whole("12"), whole(3.0), whole(2.5), whole(True)
    (12, 3, 2.5, True)
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, str) and (digits := _WHOLE.fullmatch(value)):
        return int(digits[1])
    return value


def unfloat(value: Any) -> Any:
    """An integer for a whole float; anything else as it is, also a string of digits."""
    return whole(value) if isinstance(value, float) else value


def flag(value: Any) -> Any:
    """A bool for ``0.0``, ``"1"`` or ``"False"``; anything else as it is.

    >>> flag(0.0), flag("True"), flag(1), flag("maybe")
    (False, True, 1, 'maybe')
    """
    return value if isinstance(value, int) else _FLAGS.get(str(whole(value)).lower(), value)


def number(value: Any) -> Any:
    """A float for a string that spells one; anything else as it is."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def text(value: Any) -> Any:
    """A string for a number; anything else as it is.

    >>> text(7), text(1.5), text(None)
    ('7', '1.5', None)
    """
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


@dataclass
class Taken:
    """Counts the values of a file that were taken for another type."""

    source: str
    _found: dict[tuple[str, object], tuple[int, str]] = field(default_factory=dict)

    def take(self, value: Any, kind: Kind, name: str, where: str) -> Any:
        """``kind(value)``, counted under the field ``name`` if it differs."""
        found = kind(value)
        if type(found) is not type(value):
            self.note("doc.type", f"{where}.{name} is {describe(value)}, taken as {show(found)}", (name, type(value)))
        return found

    def note(self, category: str, what: str, kind: object = None) -> None:
        """Count a value; the first of its ``category`` and ``kind`` is the one that the warning shows."""
        count, first = self._found.get((category, kind), (0, what))
        self._found[category, kind] = (count + 1, first)

    def parse(self, raw: Raw, decoder: msgspec.json.Decoder[T], kinds: Mapping[str, Kind], where: str) -> T:
        """A row of a document; its fields with a kind may be of another type. Raises as ``parse_part`` does."""
        try:
            return parse_part(raw, decoder)
        except SampleError:
            repaired = self._repaired(raw, kinds, where)
            if repaired is None:
                raise
            return parse_part(repaired, decoder)

    def _repaired(self, raw: Raw, kinds: Mapping[str, Kind], where: str) -> Raw | None:
        """The row with the fields of these kinds taken for what they mean; None if that changes nothing."""
        try:
            fields: dict[str, Any] = _FIELDS.decode(raw)
            values = {name: msgspec.json.decode(fields[name]) for name in kinds if name in fields}
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        taken = {name: self.take(value, kinds[name], name, where) for name, value in values.items()}
        changed = {name: value for name, value in taken.items() if type(value) is not type(values[name])}
        return Raw(_ENCODER.encode(fields | changed)) if changed else None

    @property
    def problems(self) -> list[Problem]:
        """A warning for each kind, with the number of its values."""
        return [
            Problem(category, f"{self.source}: {first}{f' (and {count - 1:,} more)' if count > 1 else ''}")
            for (category, _), (count, first) in self._found.items()
        ]
