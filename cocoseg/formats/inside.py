"""The JSON files with annotations in a folder, as in ``train/_annotations.coco.json``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from cocoseg.errors import DocumentError, show
from cocoseg.files import places
from cocoseg.files.listing import is_hidden
from cocoseg.files.names import REPORT
from cocoseg.files.reading import first_match

_MOST = 20  # files that are looked into; listed are half as many


def format_of(path: str, keys: Mapping[str, str]) -> str | None:
    """The format of a JSON, by the first of the ``keys`` in it. Raises SampleError ``file.*``."""
    pattern = rb'"(' + "|".join(map(re.escape, keys)).encode() + rb')"\s{0,20}:'
    found = first_match(path, re.compile(pattern))
    return keys[found.split(b'"')[1].decode()] if found else None


def only_document(folder: str, files: Sequence[str], keys: Mapping[str, str]) -> tuple[str, str] | None:
    """The name and the format of the one JSON with annotations among the files of a folder; None if there is none.

    Raises DocumentError ``doc.kind`` for several, SampleError ``file.*``.
    """
    documents = [name for name in files if name.lower().endswith(".json") and not is_hidden(name)]
    nearest = sorted((name for name in documents if name != REPORT), key=lambda name: (name.count("/"), name))
    kinds = ((name, format_of(places.join(folder, name), keys)) for name in nearest[:_MOST])
    found = [(name, kind) for name, kind in kinds if kind]
    if len(found) > 1:
        raise _several(folder, [name for name, _ in found])
    return found[0] if found else None


def _several(folder: str, names: Sequence[str]) -> DocumentError:
    listed = ", ".join(map(show, names[: _MOST // 2]))
    more = f" and {len(names) - _MOST // 2} more" if len(names) > _MOST // 2 else ""
    text = f"the folder {show(folder, 300)} holds {len(names)} JSON files with annotations: {listed}{more}"
    call = f"cocoseg info {shlex.quote(places.join(folder, names[0]))}"
    return DocumentError("doc.kind", f"{text}; name one of them as SRC, as in: {call}")
