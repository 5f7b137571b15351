"""Names for the classes where a name is a key, so that no two classes may have the same."""

from __future__ import annotations

from collections.abc import Iterator

from cocoseg.errors import Problem, show
from cocoseg.labels.scheme import LabelScheme

_FEW = 3


def numbered_names(scheme: LabelScheme) -> list[str]:
    """A name for each number from 0: by their number those that no pixel has, and classes with an empty name.

    >>> from cocoseg.labels import LabelClass
    >>> numbered_names(LabelScheme("gap", (LabelClass(1, "dog", (18,)),)))
    ['unused 0', 'dog']
    """
    return [f"unused {k}" if name is None else name or f"class {k}" for k, name in enumerate(scheme.names)]


def distinct_names(scheme: LabelScheme) -> list[str]:
    """The same, no two of them equal: a class whose name an earlier one has gets its number behind the name.

    >>> from cocoseg.labels import LabelClass
    >>> distinct_names(LabelScheme("two", (LabelClass(0, "dog", (18,)), LabelClass(1, "dog", (19,)))))
    ['dog', 'dog (1)']
    """
    names = numbered_names(scheme)
    taken, found = set(names), dict.fromkeys(names[:1])
    for number, name in enumerate(names[1:], 1):
        found[_free(name, number, taken) if name in found else name] = None
    return list(found)


def _free(name: str, number: int, taken: set[str]) -> str:
    while name in taken:
        name = f"{name} ({number})"
    taken.add(name)
    return name


def name_problems(scheme: LabelScheme, where: str) -> list[Problem]:
    """One problem where ``where`` has other names than the scheme, as some of its classes have the same."""
    renamed = list(_renamed(scheme))
    if not renamed:
        return []
    classes = "1 class has" if len(renamed) == 1 else f"{len(renamed):,} classes have"
    some = ", ".join(renamed[:_FEW]) + (", ..." if len(renamed) > _FEW else "")
    text = f"{classes} the name of another, so that {where} calls {'it' if len(renamed) == 1 else 'them'} {some}"
    return [Problem("label.duplicate", f"{text}; to choose names, rename classes in the source")]


def _renamed(scheme: LabelScheme) -> Iterator[str]:
    pairs = zip(numbered_names(scheme), distinct_names(scheme), strict=True)
    return (show(new) for old, new in pairs if new != old)
