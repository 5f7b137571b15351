"""Finds the pictures of a layout by their paths, whether SRC is the root of the data set, lies above it or below it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from cocoseg.errors import DocumentError, show
from cocoseg.files import places
from cocoseg.files.listing import is_hidden, names
from cocoseg.files.urls import is_url
from cocoseg.formats.maps.layouts import Files, Layout
from cocoseg.model.splits import SPLITS

_PATTERN = re.compile(r":(?:[^{}]|\{\{\d+}})*(?=})")
_DIGITS = str.maketrans("123456789", "0" * 9)
_ABOVE = 5  # folders above SRC that may belong to a path
_SOME = 1000  # files that show what a folder is
_FOLDERS = "|".join((*SPLITS, *SPLITS.values(), "train_extra", "trainval", "dev"))


class Picture(NamedTuple):
    """A label picture: its path under the root, what ``{stem}`` and ``{split}`` stand for in it, or "".

    ``is_inside``: whether it lies in SRC, which may be a part of the data set.
    """

    file: str
    stem: str
    split: str = ""
    is_inside: bool = True


class Found(NamedTuple):
    """The root of a data set, the kind of its label pictures, and these by name.

    ``files`` are all files under the root; ``others`` label pictures that lie elsewhere, or are of another kind and of
    images that none of the pictures is of.
    """

    root: str
    kind: Files
    pictures: list[Picture]
    files: frozenset[str]
    others: Sequence[str] = ()


class _Form(NamedTuple):
    """A path with or without its optional parts.

    ``is_placed``: whether a folder's name shows where the root is. That of a split alone does not: ``dev`` may lie
    anywhere above SRC.
    """

    pattern: re.Pattern[str]
    is_placed: bool


def plain(path: str) -> str:
    r"""A path for people, with its optional parts and without the patterns of the others.

    >>> plain(r"[{split:\d+}/]{stem:.+_\d{{2}}}.png")
    '{split}/{stem}.png'
    """
    return _PATTERN.sub("", path).replace("[", "").replace("]", "")


def telling(files: Sequence[str]) -> list[str]:
    """Some of the files, of each folder one of all whose names differ in digits alone.

    >>> telling(["1/01.png", "1/02.png", "1/1.png", "2/01.png"])
    ['1/01.png', '1/1.png', '2/01.png']
    """
    found: dict[tuple[str, str], str] = {}
    for name in files[:: -(-len(files) // _SOME) or 1]:
        folder, _, base = name.rpartition("/")
        found.setdefault((folder, base.translate(_DIGITS)), name)
    return list(found.values())


def root_of(layout: Layout, folder: str, files: Sequence[str], some: Sequence[str]) -> str | None:
    """The folder inside SRC that pictures of this layout begin in, by ``some`` of its files; None if none is one.

    It is "" where that is SRC itself, or lies above it.
    """
    if not layout.is_placed:
        return None
    above = _above(folder)
    pairs = ((kind, form) for kind in layout.files if not kind.asked for form in _forms(kind.path))
    roots = (
        "/".join(_from(match["root"], above if form.is_placed else []))
        for kind, form in pairs
        for name in some
        if (match := _match(form, above, name)) and _is_beside(kind.beside, match["root"] or "", folder, above, files)
    )
    return next(roots, None)


def _is_beside(name: str, root: str, folder: str, above: list[str], files: Sequence[str]) -> bool:
    """Whether a file or a folder lies at the root of a data set; "" always does."""
    parts = root.split("/") if root else []
    if not name or len(parts) >= len(above):
        path = "/".join((*parts[len(above) :], name))
        return not name or any(file.startswith(path) for file in files)
    return places.exists(places.join(_ascend(folder, len(above) - len(parts)), name))


def may_be(layout: Layout, names: Sequence[str]) -> bool:
    """Whether names are called as pictures of a layout that is read only if the user names it."""
    forms = [form for kind in layout.files if kind.asked for form in _forms(kind.path)]
    return any(form.pattern.fullmatch(name) for form in forms for name in names[:_SOME])


def find(layout: Layout, folder: str) -> Found | None:
    """The pictures of a layout in a folder, or around it. Raises DocumentError ``doc.kind``, SampleError ``file.*``."""
    files, above = names(folder), _above(folder)
    for kind in layout.files:
        for form in _forms(kind.path):
            found = {name: match for name in files if (match := _match(form, above, name))}
            if found:
                others = _others(layout, kind, above, files, found)
                return _found(folder, kind, form, above, files, found)._replace(others=others)
    return None


def _found(
    folder: str, kind: Files, form: _Form, above: list[str], files: list[str], found: dict[str, re.Match[str]]
) -> Found:
    above = above if form.is_placed else []
    roots = sorted({match["root"] or "" for match in found.values()})
    if len(roots) > 1:
        some = ", ".join(show("/".join(_from(root, above)) or ".") for root in roots[:5])
        raise DocumentError("doc.kind", f"the folder {show(folder, 300)} holds several data sets: {some}; name one")
    parts = roots[0].split("/") if roots[0] else []
    if len(parts) < len(above):
        return _around(folder, kind, form, above, len(above) - len(parts))
    inner = "/".join(_from(roots[0], above))
    start = len(roots[0]) + 1 if parts else 0
    pictures = [_picture(match, start) for _, match in sorted(found.items())]
    root, skipped = (places.join(folder, inner), len(inner) + 1) if inner else (folder, 0)
    below = frozenset(name[skipped:] for name in files if not inner or name.startswith(f"{inner}/"))
    return Found(root, kind, pictures, below)


def _around(folder: str, kind: Files, form: _Form, above: list[str], steps: int) -> Found:
    """The pictures of a data set whose root is so many ``steps`` above the folder; those in the folder are inside."""
    root, below = _ascend(folder, steps), "/".join(above[len(above) - steps :]) + "/"
    files = names(root)
    found = [match for name in sorted(files) if (match := _match(form, [], name)) and not match["root"]]
    pictures = [_picture(match, 0)._replace(is_inside=match.string.startswith(below)) for match in found]
    return Found(root, kind, pictures, frozenset(files))


def _picture(match: re.Match[str], start: int) -> Picture:
    groups = match.groupdict()
    return Picture(match.string[start:], groups["stem"], groups.get("split") or "")


def _others(
    layout: Layout, kind: Files, above: list[str], files: Sequence[str], found: Mapping[str, re.Match[str]]
) -> list[str]:
    """Label pictures that were not found: they lie elsewhere, or are one for each image that has only other kinds."""
    read = {match["stem"].rpartition("/")[2] for match in found.values()}
    others = {
        name if row is kind else stem: name
        for row in dict.fromkeys((kind, *layout.files))
        for name, stem in _called_as(row, above, files)
        if name not in found and (row is kind or stem not in read)
    }
    return list(others.values())


def _called_as(kind: Files, above: list[str], files: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The files that are called as pictures of a kind, and their stems without folders.

    As ``.png`` says nothing, the folders say it then.
    """
    end = kind.path.rpartition("}")[2]
    return _placed_as(kind, above, files) if end == ".png" else _ending_in(kind, end, files)


def _placed_as(kind: Files, above: list[str], files: Iterable[str]) -> Iterator[tuple[str, str]]:
    forms = [] if kind.beside else _forms(kind.path)
    matches = ((name, match) for name in files for form in forms if (match := _match(form, above, name)))
    return ((name, match["stem"].rpartition("/")[2]) for name, match in matches)


def _ending_in(kind: Files, end: str, files: Iterable[str]) -> Iterator[tuple[str, str]]:
    pattern = re.compile("".join(_pieces(kind.path[kind.path.rindex("{stem") :])))
    names = (name for name in files if name.endswith(end) and not is_hidden(name))
    pairs = ((name, pattern.fullmatch(name.rpartition("/")[2])) for name in names)
    return ((name, match["stem"]) for name, match in pairs if match)


def _match(form: _Form, above: list[str], name: str) -> re.Match[str] | None:
    if is_hidden(name):
        return None
    return form.pattern.fullmatch("/".join((*above, name)) if form.is_placed else name)


@lru_cache(64)
def _forms(path: str) -> tuple[_Form, ...]:
    """The forms of a path, first with all optional parts."""
    parts = re.split(r"\[([^]]*)]", path)
    optional = parts[1::2]
    chosen = sorted(product((True, False), repeat=len(optional)), key=lambda kept: -sum(kept))
    return tuple(_form(_joined(parts, kept)) for kept in chosen)


def _joined(parts: Sequence[str], kept: Sequence[bool]) -> str:
    inner = [text if keep else "" for text, keep in zip(parts[1::2], kept, strict=True)]
    return "".join(a + b for a, b in zip(parts[::2], [*inner, ""], strict=True))


def _form(path: str) -> _Form:
    root = "(?:(?P<root>.*)/)?" if "/" in path else "(?P<root>)"
    is_placed = any(not part.startswith("{split}") for part in path.split("/")[:-1])
    return _Form(re.compile(root + "".join(_pieces(path)), re.DOTALL), is_placed)


def _pieces(path: str) -> Iterator[str]:
    """The parts of a pattern: literal texts, ``{split}``, ``{stem}``, or ``{stem:PATTERN}`` with doubled braces."""
    for literal, name, pattern in re.findall(r"([^{]*)(?:\{(\w+)(?::((?:[^{}]|\{\{\d+}})*))?})?", path):
        yield re.escape(literal).replace(r"\.png", r"\.(?i:png)")
        if name:
            inner = pattern.replace("{{", "{").replace("}}", "}") or (_FOLDERS if name == "split" else ".+")
            yield f"(?P<{name}>{inner})"


def _above(folder: str) -> list[str]:
    """The names of the folder and of some that it lies in."""
    path = folder if is_url(folder) else os.path.abspath(folder).replace(os.sep, "/")
    return [part for part in path.rstrip("/").split("/") if part][-_ABOVE:]


def _from(root: str | None, above: list[str]) -> list[str]:
    """The names of the folders from SRC down to the root."""
    return root.split("/")[len(above) :] if root else []


def _ascend(folder: str, steps: int) -> str:
    if is_url(folder):
        return "/".join(folder.rstrip("/").split("/")[:-steps])
    return os.path.normpath(os.path.join(folder, *[".."] * steps))
