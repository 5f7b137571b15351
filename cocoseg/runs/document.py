"""A JSON about all images, written at the end from what each image adds to it, and never whole in memory.

While a run is on, the text of a part lies in ``.cocoseg/text-<run>-<first>.jsonl``, written durably before the page of
the journal that names it. The finished document holds all of it, and the journal then names the places there; so
nothing lies on the disk twice, and a later run takes from the document what has not changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec

from cocoseg.errors import OutputError, SampleError, show
from cocoseg.files.digests import digest
from cocoseg.runs import journal
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Text

BETWEEN = b",\n"  # a row of JSON holds no line break, so that this is found between rows alone
_ID = re.compile(rb'^\{"id":\d+', re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """Where a document lies, or will lie, and where the journal that knows of its parts."""

    folder: Folder
    name: str
    journal: Folder

    def holds(self, text: Text) -> bool:
        """Whether a text is still as it was written."""
        try:
            return digest(self.read(text)) == text.digest
        except SampleError:
            return False

    def read(self, text: Text) -> bytes:
        """The bytes of a text. Raises SampleError ``file.*``."""
        folder, name = (self.journal, text.file) if text.file else (self.folder, self.name)
        return folder.read_part(name, text.start, text.size) if text.size else b""


@dataclass(frozen=True)
class Document:
    """A JSON object with ``lists`` to which each image adds rows, between what stands before and after them.

    The text of an image for a list is its rows as strict JSON, joined by ``BETWEEN``, or nothing. The rows of the list
    that is ``numbered`` begin with ``{"id":0``; they get the numbers from 1 on.
    """

    place: Place
    before: dict[str, Any]
    lists: tuple[str, ...]
    after: dict[str, Any]
    numbered: str | None = None

    def write(self, lines: Sequence[bytes]) -> tuple[list[bytes], tuple[int, str]]:
        """Write the document of encoded rows; returns the rows as they now have to be, and its size and digest.

        Raises OutputError.
        """
        found: list[list[Text]] = []
        known = self.place.folder.save_chunks(self.place.name, self._chunks(lines, found))
        texts = zip(*found, strict=True)
        return [_with_texts(line, now) for line, now in zip(lines, texts, strict=True)], known

    def _chunks(self, lines: Sequence[bytes], found: list[list[Text]]) -> Iterator[bytes]:
        """The document piece by piece; ``found`` gets for each list where the rows' texts came to lie."""
        start = 0
        for chunk, texts in self._pieces(lines, found):
            if texts is not None:
                texts.append(Text("", start, len(chunk), digest(chunk)))
            yield chunk
            start += len(chunk)

    def _pieces(self, lines: Sequence[bytes], found: list[list[Text]]) -> Iterator[tuple[bytes, list[Text] | None]]:
        """The same, each with the texts that it belongs to, if it is one."""
        yield b"{" + b"".join(_member(key, value) + BETWEEN for key, value in self.before.items()), None
        for number, name in enumerate(self.lists):
            yield msgspec.json.encode(name) + b":[", None
            found.append([])
            between = b"\n"
            for text in self._texts(lines, number):
                if text:
                    yield between, None
                    between = BETWEEN
                yield text, found[-1]
            yield b"\n]" + BETWEEN, None
        yield BETWEEN.join(_member(key, value) for key, value in self.after.items()) + b"}\n", None

    def _texts(self, lines: Sequence[bytes], number: int) -> Iterator[bytes]:
        ids = count(1)
        for line in lines:
            text = self._read(journal.decode_row(line).texts[number])
            if self.lists[number] == self.numbered:
                text = _ID.sub(lambda _: b'{"id":%d' % next(ids), text)
            yield text

    def _read(self, text: Text) -> bytes:
        try:
            data = self.place.read(text)
        except SampleError as error:
            raise _lost(self.place, error) from None
        if digest(data) != text.digest:
            raise _lost(self.place, f"{show(text.file or self.place.name)} is not as it was written")
        return data


def _with_texts(line: bytes, texts: tuple[Text, ...]) -> bytes:
    return journal.encode_row(msgspec.structs.replace(journal.decode_row(line), texts=texts))


def _member(key: str, value: object) -> bytes:
    """A key and its value, a list of objects a line each."""
    rows = [msgspec.json.encode(row) for row in value] if isinstance(value, list) else []
    text = b"[\n" + BETWEEN.join(rows) + b"\n]" if rows else msgspec.json.encode(value)
    return msgspec.json.encode(key) + b":" + text


def _lost(place: Place, why: object) -> OutputError:
    text = f"can't be written, for a part of it is gone ({why}); the same command again makes it"
    return OutputError("out.journal", f"{show(place.folder.path(place.name), 300)} {text}")
