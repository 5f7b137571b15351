"""The journal of a run in ``OUT/.cocoseg``: a page for every finished part, a line for every finished item.

    {"journal":1,"command":"to-semantic","rows":2,"sha256":"...","listed":5000}
    {"key":"000139.png","made_from":"5f0c...","files":{"000139.png":[9120,"77ab..."]},"result":{...}}
    ...

A page is written durably *before* the files of its part get their names. So the
journal lists every file of a run that has its final name, and a file that is missing, or differs from the journal, is
made again, however the run ended.

During a run its pages carry the number of the run, and later pages override earlier ones. When the run has finished,
the journal is rewritten in the order of the data set, so that its bytes do not depend on how often the run was
interrupted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

import msgspec

from cocoseg.errors import OutputError, Problem, SampleError, show
from cocoseg.files.names import JOURNAL
from cocoseg.files.prefetch import prefetch
from cocoseg.runs.folder import Folder

_VERSION = 1
_PAGE = re.compile(re.escape(JOURNAL) + r"/page-\d{4,}-\d{9,}\.jsonl")
_TEXT = re.compile(re.escape(JOURNAL) + r"/text-\d{4,}-\d{9,}\.jsonl")
_ROWS_A_PAGE = 10_000


class Text(NamedTuple):
    """The position of one item's text for a document about all items."""

    file: str  # of the journal; "" means the finished document
    start: int
    size: int
    digest: str


class Row(msgspec.Struct, omit_defaults=True, gc=False):
    """The outcome of one item. Only rows without ``failure`` are written."""

    key: str
    made_from: str = ""  # digest of all that the files depend on; empty if the item failed in a later run
    files: dict[str, tuple[int, str]] = {}  # name → (size, digest)
    result: msgspec.Raw = msgspec.Raw(b"{}")  # JSON for the command's summary
    problems: tuple[Problem, ...] = ()
    texts: tuple[Text, ...] = ()  # for the document
    failure: Problem | None = None
    kept: bool = False  # finished by an earlier run


class _Key(msgspec.Struct, gc=False):
    key: str


class _Header(msgspec.Struct, omit_defaults=True):
    journal: int
    command: str
    rows: int
    sha256: str
    listed: int | None = None  # images of the data set, done or not; older versions do not say


_ROW = msgspec.json.Decoder(Row)
_KEY = msgspec.json.Decoder(_Key)
_HEADER = msgspec.json.Decoder(_Header)
encode_row = msgspec.json.Encoder().encode
decode_row = _ROW.decode


def forgotten(line: bytes) -> bytes:
    """The line of an item that failed in a later run: its files may be replaced, and are not up to date."""
    row = decode_row(line)
    return encode_row(Row(row.key, files=row.files))


def is_finished(line: bytes) -> bool:
    """Whether the files of a line are up to date."""
    return bool(decode_row(line).made_from)


def page_name(run: int, first: int) -> str:
    """The name of a page, by the number of the run, 0 if it has finished, and the index of the page's first item."""
    return f"{JOURNAL}/page-{run:04d}-{first:09d}.jsonl"


def text_name(run: int, first: int) -> str:
    """The name of the file with the texts of a part."""
    return f"{JOURNAL}/text-{run:04d}-{first:09d}.jsonl"


def page(command: str, lines: Sequence[bytes], listed: int | None = None) -> bytes:
    """The bytes of a page of encoded rows, of a data set of ``listed`` images."""
    body = b"".join(line + b"\n" for line in lines)
    header = _Header(_VERSION, command, len(lines), hashlib.sha256(body).hexdigest(), listed)
    return msgspec.json.encode(header) + b"\n" + body


class Journal:
    """The pages of a folder; ``listed`` is the number of images that new pages say the run is about."""

    def __init__(self, folder: Folder, command: str = "", listed: int | None = None) -> None:
        self._folder = folder
        self.command = command
        self.listed = listed

    def pages(self) -> list[str]:
        """The names of all pages, earlier runs first."""
        return sorted(name for name in self._folder.names(JOURNAL) if _PAGE.fullmatch(name))

    def texts(self) -> list[str]:
        """The names of all files of text for a document that is not finished."""
        return sorted(name for name in self._folder.names(JOURNAL) if _TEXT.fullmatch(name))

    def runs(self) -> set[int]:
        """The numbers of the runs that have pages here; 0 stands for finished runs."""
        return {int(name.split("-")[1]) for name in self.pages()}

    def next_run(self) -> int:
        """A number above those of all runs that have pages here."""
        return 1 + max(self.runs(), default=0)

    def load(self) -> dict[str, bytes]:
        """Key → encoded row, of all items that were ever finished here. The items of a damaged page are done again.

        Raises OutputError where the journal is that of another command.
        """
        with closing(prefetch(self._lines, self.pages(), self._folder.at_once)) as pages:
            return {_KEY.decode(line).key: line for lines in pages for line in lines() or ()}

    def length(self) -> int | None:
        """How many images the last run is about, done or not; None where no page says so."""
        headers = (self._header(name) for name in reversed(self.pages()))
        return next((header.listed for header in headers if header and header.listed is not None), None)

    def is_whole(self, name: str) -> bool:
        """Whether a page can be read and is undamaged."""
        return self._lines(name) is not None

    def settle(self, lines: Sequence[bytes]) -> list[str]:
        """Write the journal of a finished run; returns the pages that it replaces, to be removed last."""
        before = set(self.pages())
        firsts = range(0, max(len(lines), 1), _ROWS_A_PAGE)
        for first in firsts:
            data = page(self.command, lines[first : first + _ROWS_A_PAGE], self.listed)
            self._folder.save(page_name(0, first), data)
        return sorted(before - {page_name(0, first) for first in firsts})

    def _header(self, name: str) -> _Header | None:
        page = self._page(name)
        return page[0] if page else None

    def _page(self, name: str) -> tuple[_Header, bytes] | None:
        try:
            header, _, body = self._folder.read(name).partition(b"\n")
            return _HEADER.decode(header), body
        except (SampleError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def _lines(self, name: str) -> list[bytes] | None:
        page = self._page(name)
        if page is None:
            return None
        found, body = page
        if self.command and found.command != self.command:
            raise OutputError(
                "out.other",
                f"the folder holds what 'cocoseg {show(found.command)[1:-1]}' wrote; choose another folder for "
                f"{self.command}",
            )
        if found.journal != _VERSION or hashlib.sha256(body).hexdigest() != found.sha256:
            return None
        return body.splitlines()
