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

A document for each part of a data set is noted in ``.cocoseg/document-<digest>.json`` before it gets its name, and the
note is removed when a report lists it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from typing import Annotated, Any, NamedTuple

import msgspec

from cocoseg.errors import OutputError, Problem, SampleError, show
from cocoseg.files.digests import digest
from cocoseg.files.documents import Count
from cocoseg.files.names import JOURNAL, relative_name
from cocoseg.files.prefetch import prefetch
from cocoseg.runs.folder import Folder

_VERSION = 1
_NUMBERED = r"-[0-9]{4,18}-[0-9]{9,18}\.jsonl"
_PAGE = re.compile(re.escape(JOURNAL) + "/page" + _NUMBERED)
_TEXT = re.compile(re.escape(JOURNAL) + "/text" + _NUMBERED)
_NOTE = re.compile(re.escape(JOURNAL) + r"/document-[0-9a-f]{16}\.json")
_ROWS_A_PAGE = 10_000
_PLAIN = re.compile(r"(?!cocoseg)[A-Za-z0-9_][\w-]*(?:/[A-Za-z0-9_][\w-]*)*\.(?:png|npz|npy|json)", re.ASCII)


class Text(NamedTuple):
    """The position of one item's text for a document about all items."""

    file: str  # of the journal; "" means the finished document
    start: Count
    size: Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]  # as one read can give
    digest: str


class Row(msgspec.Struct, omit_defaults=True, gc=False):
    """The outcome of one item. Only rows without ``failure`` are written."""

    key: str
    made_from: str = ""  # digest of all that the files depend on; empty if the item failed in a later run
    files: dict[str, tuple[Count, str]] = {}  # name → (size, digest)
    result: msgspec.Raw = msgspec.Raw(b"{}")  # JSON for the command's summary
    problems: tuple[Problem, ...] = ()
    links: dict[str, str] = {}  # name → where it leads
    texts: tuple[Text, ...] = ()  # for the document
    failure: Problem | None = None
    kept: bool = False  # finished by an earlier run


class _Key(msgspec.Struct, gc=False):
    key: str


class _Header(msgspec.Struct, omit_defaults=True):
    journal: int
    command: str
    rows: Count
    sha256: str
    listed: Count | None = None  # images of the data set, done or not; older versions do not say


_ROW = msgspec.json.Decoder(Row)
_KEY = msgspec.json.Decoder(_Key)
_HEADER = msgspec.json.Decoder(_Header)
_ANY = msgspec.json.Decoder()
_DOCUMENT = msgspec.json.Decoder(tuple[str, Count, str])
_UNREADABLE = (SampleError, msgspec.DecodeError, ValueError, RecursionError)
encode_row = msgspec.json.Encoder().encode
decode_row = _ROW.decode


def forgotten(line: bytes) -> bytes:
    """The line of an item that failed in a later run: its files may be replaced, and are not up to date."""
    row = decode_row(line)
    return encode_row(Row(row.key, files=row.files, links=row.links))


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


def note(name: str, size: int, known_by: str) -> tuple[str, bytes]:
    """The name and the bytes of a note about a document; the report of the finished run says the same."""
    data = msgspec.json.encode((name, size, known_by))
    return f"{JOURNAL}/document-{digest(data)[:16]}.json", data


class Journal:
    """The pages of a folder. A page that is damaged, or holds what no run writes, is as if it were not there.

    ``listed`` is the number of images that new pages say the run is about. ``results`` are the types of the rows'
    results by command, and ``texts`` is how many texts a finished row has, as far as they are known.
    """

    def __init__(
        self,
        folder: Folder,
        command: str = "",
        listed: int | None = None,
        results: Mapping[str, Any] = {},
        texts: int | None = None,
    ) -> None:
        self._folder = folder
        self.command = command
        self.listed = listed
        self._results = {name: msgspec.json.Decoder(kind) for name, kind in results.items()}
        self._texts = texts
        self.damaged: list[str] = []

    def pages(self) -> list[str]:
        """The names of all pages, earlier runs first."""
        return sorted(name for name in self._folder.names(JOURNAL) if _PAGE.fullmatch(name))

    def texts(self) -> list[str]:
        """The names of all files of text for a document that is not finished."""
        return sorted(name for name in self._folder.names(JOURNAL) if _TEXT.fullmatch(name))

    def notes(self) -> list[str]:
        """The names of the notes about documents of runs that have not finished."""
        return sorted(name for name in self._folder.names(JOURNAL) if _NOTE.fullmatch(name))

    def documents(self) -> Iterator[tuple[str, int, str]]:
        """The documents that runs which have not finished wrote: name, size and digest."""
        for name in self.notes():
            with suppress(*_UNREADABLE):
                yield _DOCUMENT.decode(self._folder.read(name))

    def runs(self) -> set[int]:
        """The numbers of the runs that have pages here; 0 stands for finished runs."""
        return {int(name.split("-")[1]) for name in self.pages()}

    def next_run(self) -> int:
        """A number above those of all runs that have pages here."""
        return 1 + max(self.runs(), default=0)

    def load(self) -> dict[str, bytes]:
        """Key → encoded row, of all items that were ever finished here. The items of a damaged page are done again.

        ``damaged`` then has the names of these pages.

        Raises OutputError where the journal is that of another command.
        """
        names = self.pages()
        with closing(prefetch(self._lines, names, self._folder.at_once)) as pages:
            found = {name: lines() for name, lines in zip(names, pages, strict=True)}
        self.damaged = [name for name, lines in found.items() if lines is None]
        return {_KEY.decode(line).key: line for lines in found.values() for line in lines or ()}

    def length(self) -> int | None:
        """How many images the last run is about, done or not; None where no page says so."""
        headers = (self._header(name) for name in reversed(self.pages()) if self.is_whole(name))
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
        except _UNREADABLE:
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
        lines = body.splitlines()
        return lines if len(lines) == found.rows and self._are_rows(lines, found.command) else None

    def _are_rows(self, lines: Sequence[bytes], command: str) -> bool:
        """Whether every line is a row as a run of this command writes it: the digest says only that none has changed.

        So a name of a file has gone through ``relative_name``, and no row leads out of the folder.
        """
        result = self._results.get(command, _ANY)
        try:
            return all(self._is_row(_ROW.decode(line), result) for line in lines)
        except _UNREADABLE:
            return False

    def _is_row(self, row: Row, result: msgspec.json.Decoder[Any]) -> bool:
        """Raises what ``_UNREADABLE`` lists."""
        if row.failure or row.kept or not all(map(_is_written, (*row.files, *row.links))):
            return False
        if not row.made_from:
            return True
        result.decode(row.result)
        known = self._texts in (None, len(row.texts))
        return known and all(not text.file or _TEXT.fullmatch(text.file) for text in row.texts)


def _is_written(name: str) -> bool:
    """Whether a run gives a file this name. Raises SampleError."""
    return (_PLAIN.fullmatch(name) is not None and len(name) < 200) or relative_name(name) == name
