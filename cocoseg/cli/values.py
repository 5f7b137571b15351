"""The values of options, from what stands on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cocoseg.errors import UsageError, show
from cocoseg.formats import FORMATS
from cocoseg.options import Declared, Evaluating, check_choice, declared

_FORMATS = ("source_format", "prediction_format")
_NUMBERS = {int: "a whole number", float: "a number"}


def choices_of(row: Declared) -> Sequence[str]:
    """The words that an option takes; empty if it takes any. Formats are those that are registered by now."""
    return tuple(FORMATS) if row.name in _FORMATS else row.choices


def is_negated(row: Declared) -> bool:
    """Whether an option is on until its flag turns it off."""
    return row.option.default is True


def value_of(row: Declared, given: Any) -> Any:
    """The value of an option from its text, or from its flag. Raises UsageError ``usage.*``."""
    if is_negated(row):
        return not given
    if not isinstance(given, str):
        return given
    if words := choices_of(row):
        check_choice(row.flags[0], given, words, row.category)
    if not given.strip():
        raise UsageError(f"usage.{row.category}", f"{row.flags[0]} is {show(given)}, expected a value")
    return _number(row, given) if row.number else given


def _number(row: Declared, given: str) -> float:
    kind, least = row.number or float, row.option.least
    try:
        value = kind(given)
        if least is None or value >= least:
            return value
    except ValueError:
        pass
    expected = _NUMBERS[kind] if least is None else f"{_NUMBERS[kind]}, {least:g} or more"
    raise UsageError(f"usage.{row.category}", f"{row.flags[0]} is {show(given)}, expected {expected}")


def with_bare_values(words: Sequence[str]) -> list[str]:
    """The words of a call, with the value of each option that may be given without one.

    >>> with_bare_values(["evaluate", "--boundary", "a", "b"]), with_bare_values(["--boundary", "0.01"])
    (['evaluate', '--boundary', '0.02', 'a', 'b'], ['--boundary', '0.01'])
    """
    bare = {flag: row.option.bare for row in declared(Evaluating) if row.option.bare for flag in row.flags}
    found: list[str] = []
    for word, after in zip(words, [*words[1:], ""], strict=False):
        value = bare.get(word)
        found += [word] if value is None or _is_number(after) else [word, value]
    return found


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
