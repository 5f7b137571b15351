"""Everything that cocoseg raises, in one tree.

    CocosegError
    ├── UsageError      (ValueError)   the call itself can't be carried out
    ├── DocumentError   (ValueError)   a file as a whole can't be used; nothing was converted
    ├── SampleError     (ValueError)   one image's annotation is wrong; the others are not affected
    ├── LabelError      (ValueError)   a label scheme is wrong, or does not fit the categories
    └── OutputError     (OSError)      nothing can be written where it was asked for

Every error carries a stable ``category`` such as ``"png.corrupt"``, to test for in code, and a
message that says where the error is, what was found, what was expected and what to do.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

E = TypeVar("E", bound="CocosegError")


class Problem(NamedTuple):
    """An error or warning as a plain value, to be counted, printed or sent to another process.

    ``file`` is the name of the file in OUT that it is about, if it is about one.
    """

    category: str
    message: str
    file: str | None = None

    def __str__(self) -> str:
        return f"{self.category}: {self.message}"


class CocosegError(Exception):
    """Root of all errors. ``category`` is stable across releases, ``message`` is for people.

    >>> error = SampleError("id.range", "segment id 0 is void; give the segment another id")
    >>> str(error.at("panoptic.json: annotations[3]"))
    'panoptic.json: annotations[3]: segment id 0 is void; give the segment another id'
    """

    def __init__(self, category: str, message: str) -> None:
        super().__init__(category, message)
        self.category = category
        self.message = message

    def __str__(self) -> str:
        return self.message

    @property
    def problem(self) -> Problem:
        """The error as a plain value."""
        return Problem(self.category, self.message)

    def at(self: E, where: str) -> E:
        """The same error with ``where`` in front of its message."""
        return type(self)(self.category, f"{where}: {self.message}")


class UsageError(CocosegError, ValueError):
    """The call can't be carried out with these arguments."""


class DocumentError(CocosegError, ValueError):
    """A file as a whole can't be used."""


class SampleError(CocosegError, ValueError):
    """One image's annotation, or its picture, can't be used."""


class LabelError(CocosegError, ValueError):
    """A label scheme is wrong or does not fit the categories."""


class OutputError(CocosegError, OSError):
    """Nothing can be written where it was asked for."""


def nearest(value: object, allowed: Iterable[str]) -> str:
    """A question that suggests the allowed word that is most like a wrong one; empty if none is.

    >>> nearest("viod", ["class", "void"]), nearest("x", ["class", "void"])
    ("did you mean 'void'?", '')
    """
    near = most_like(str(value), allowed)
    return f"did you mean {near!r}?" if near else ""


def most_like(wrong: str, allowed: Iterable[str]) -> str:
    """The allowed word that is most like a wrong one, first of those that begin with it; empty if none is near.

    >>> most_like("good", ["oo", "goodness"]), most_like("nix.json", ["lim.json"])
    ('goodness', '')
    """
    from difflib import get_close_matches

    wrong, ending = os.path.splitext(wrong)
    # Endings make all files alike; of two files with one stem, that with the same ending is meant.
    words = {os.path.splitext(word)[0]: word for word in sorted(allowed, key=lambda word: word.endswith(ending))}
    longer = [word for word in words if len(wrong) > 2 and word.startswith(wrong)]
    near = get_close_matches(wrong, longer, 1, 0) or get_close_matches(wrong, words, 1, _NEAR)
    return words[near[0]] if near else ""


_NEAR = 0.7


def suggestion(value: object, allowed: Iterable[str]) -> str:
    """The same question after a semicolon, for the end of a message; empty if no word is like it.

    >>> suggestion("viod", ["class", "void"]), suggestion("x", ["class", "void"])
    ("; did you mean 'void'?", '')
    """
    near = nearest(value, allowed)
    return f"; {near}" if near else ""


def show(value: object, limit: int = 80) -> str:
    r"""A foreign value made safe to print: quoted, control characters escaped, cut to ``limit`` characters.

    >>> print(show("a\x1b[2J.png"))
    'a\x1b[2J.png'
    """
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write an integer of thousands of digits
        text = f"a {type(value).__name__} of thousands of digits"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
