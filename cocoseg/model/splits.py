"""The splits of a data set: what they are called, and what is said of one that is not there."""

from __future__ import annotations

import os
from collections.abc import Iterable

from cocoseg.errors import DocumentError, show, suggestion

SPLITS = {"training": "train", "validation": "val", "valid": "val", "testing": "test"}  # and what they are
_SOME = 10


def usual(name: str) -> str:
    """What a split is commonly called.

    >>> usual("Training"), usual("val"), usual("Night")
    ('train', 'val', 'Night')
    """
    plain = name.lower()
    return SPLITS.get(plain, plain if plain in SPLITS.values() else name)


def list_file(split: str | os.PathLike[str]) -> str | None:
    """The path of a split that is given as a list file; None if it is given by name.

    >>> list_file("lists/val.txt"), list_file("val")
    ('lists/val.txt', None)
    """
    text = os.fspath(split)
    return text if "/" in text or os.sep in text or text.endswith(".txt") else None


def unknown(source: str, split: str, known: Iterable[str], called: str = "split", where: str = "it") -> DocumentError:
    """The error that no split, or what it is ``called``, has this name; ``where`` there could be some.

    >>> print(unknown("set", "vall", ["val"]))
    'set': no split is called 'vall'; the splits are 'val'; did you mean 'val'?
    """
    names = sorted(known)
    some = ", ".join(map(show, names[:_SOME])) + (", ..." if len(names) > _SOME else "")
    what = f"the {called}s are {some}" if names else f"{where} has none"
    text = f"no {called} is called {show(split)}; {what}{suggestion(split, names)}"
    return DocumentError("file.missing", f"{show(source, 300)}: {text}")
