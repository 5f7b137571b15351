"""A file about all images, written once at the end from what each image adds to it, and never whole in memory.

There may be one for each part of a data set: then its name has ``{}``, for the first step of the keys of its images.

While a run is on, the text of a part lies in ``.cocoseg/text-<run>-<first>.jsonl``, written durably before the page of
the journal that names it. The finished document holds all of it, and the journal then names the positions there. So
nothing lies on the disk twice, and a later run takes from the document what has not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

import msgspec

from cocoseg.errors import OutputError, SampleError, show
from cocoseg.files.digests import digest
from cocoseg.runs import journal
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Row, Text
from cocoseg.runs.lock import Holder


@dataclass(frozen=True)
class Place:
    """Where a document lies, or will lie, and the folder of the journal that knows its parts.

    ``name`` may hold ``{}`` for the part of the images that the document is about.
    """

    folder: Folder
    name: str
    journal: Folder

    def __post_init__(self) -> None:
        self.folder.token = self.journal.token  # of one run

    def of(self, key: str) -> Place:
        """The place of the document that an image belongs to."""
        return replace(self, name=self.name.replace("{}", key.partition("/")[0])) if "{}" in self.name else self

    def clean(self, holder: Holder | None) -> None:
        """Remove what an ended run left of a document outside the journal's folder. Raises OutputError."""
        if self.folder is not self.journal:
            self.folder.remove(self.folder.left_by(holder))

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


class _Window:
    """Reads texts by larger parts of their files, as most texts lie one behind the other."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._file, self._start, self._data = "", 0, b""

    def read(self, text: Text) -> bytes:
        """The bytes of a text. Raises SampleError ``file.*``."""
        start = text.start - self._start
        if text.file != self._file or start < 0 or start + text.size > len(self._data):
            self._file, self._start, start = text.file, text.start, 0
            self._data = self._place.read(Text(text.file, text.start, max(text.size, _WINDOW), ""))
        return self._data[start : start + text.size]


_WINDOW = 1 << 20  # bytes


class Texts(NamedTuple):
    """One text of every image, in the order of the data set.

    ``number`` is its position among an image's texts. ``first`` stands before the first text that is not empty, and
    ``between`` before the others. ``rewrite`` turns the texts into those of the document, if they are not the same.
    """

    number: int
    first: bytes = b""
    between: bytes = b""
    rewrite: Callable[[Iterator[bytes]], Iterator[bytes]] | None = None


class Packed(NamedTuple):
    """Bytes of a document, and where in them the texts of the next images begin."""

    data: bytes
    starts: list[tuple[int, ...]]  # image by image, by the number of the text


Pack = Callable[[Iterator[tuple[Row, tuple[bytes, ...]]]], Iterator[Packed]]


@dataclass(frozen=True)
class Document:
    """A file of ``pieces``: bytes that stand as they are, and texts of all images, by rising number.

    ``is_new``: its place has to be free until it is written. ``noted``: the journal knows it before it can be seen,
    as a run with other parts has to remove it. ``pack`` makes the file in place of the pieces, from rows and their
    texts; these have to be in it as they are, in any order.
    """

    place: Place
    pieces: tuple[bytes | Texts, ...]
    is_new: bool = False
    pack: Pack | None = None
    noted: bool = False

    def check_free(self) -> None:
        """Refuse to replace a document that no known run wrote. Raises OutputError ``out.exists``."""
        if self.is_new and self.place.folder.has(self.place.name):
            path = show(self.place.folder.path(self.place.name), 300)
            text = "exists already, and no known run of cocoseg wrote it; use --overwrite, or another name"
            raise OutputError("out.exists", f"{path} {text}")

    def of(self, key: str) -> Document:
        """The document that an image belongs to."""
        return replace(self, place=self.place.of(key))

    def names(self, keys: Iterable[str]) -> list[str]:
        """The names of the documents of all images."""
        return (
            list(dict.fromkeys(self.place.of(key).name for key in keys))
            if "{}" in self.place.name
            else [self.place.name]
        )

    def write(self, lines: Sequence[bytes]) -> tuple[list[bytes], dict[str, tuple[int, str]]]:
        """Write the documents of encoded rows; returns the rows with their new texts, and sizes and digests by name.

        Rows of one document follow each other. Raises OutputError.
        """
        several = "{}" in self.place.name
        parts: dict[str, list[bytes]] = {} if several else {self.place.name: list(lines)}
        for line in lines if several else ():
            parts.setdefault(self.place.of(journal.decode_row(line).key).name, []).append(line)
        own = {name: replace(self, place=replace(self.place, name=name), noted=several) for name in parts}
        made = {name: own[name]._write(rows) for name, rows in parts.items()}
        return list(chain.from_iterable(rows for rows, _ in made.values())), {
            name: row[1] for name, row in made.items()
        }

    def _write(self, lines: Sequence[bytes]) -> tuple[list[bytes], tuple[int, str]]:
        found: list[list[Text]] = []
        chunks = self._packed(self.pack, lines, found) if self.pack else self._chunks(lines, found)
        known = self.place.folder.save_chunks(self.place.name, chunks, self._note)
        texts = zip(*found, strict=True)
        return [_with_texts(line, now) for line, now in zip(lines, texts, strict=True)], known

    def _note(self, size: int, known_by: str) -> None:
        if self.noted:
            self.place.journal.save(*journal.note(self.place.name, size, known_by))

    def _chunks(self, lines: Sequence[bytes], found: list[list[Text]]) -> Iterator[bytes]:
        """The document chunk by chunk; ``found`` gets the positions of each piece's texts in it."""
        start = 0
        for chunk, known_by, texts in self._placed(lines, found):
            if texts is not None:
                texts.append(Text("", start, len(chunk), known_by))
            yield chunk
            start += len(chunk)
        self.check_free()  # another run may have made it meanwhile

    def _packed(self, pack: Pack, lines: Sequence[bytes], found: list[list[Text]]) -> Iterator[bytes]:
        """The document as ``pack`` makes it; ``found`` gets the positions of each number's texts in it."""
        found += ([] for _ in self.pieces)
        start, known = 0, map(journal.decode_row, lines)
        for data, images in pack(self._with_their_texts(lines)):
            for starts in images:
                for own, at, text in zip(found, starts, next(known).texts, strict=True):
                    own.append(text._replace(file="", start=start + at))
            yield data
            start += len(data)
        self.check_free()

    def _with_their_texts(self, lines: Sequence[bytes]) -> Iterator[tuple[Row, tuple[bytes, ...]]]:
        windows = [_Window(self.place) for _ in self.pieces]
        for row in map(journal.decode_row, lines):
            yield row, tuple(self._read(text, window) for text, window in zip(row.texts, windows, strict=True))

    def _placed(
        self, lines: Sequence[bytes], found: list[list[Text]]
    ) -> Iterator[tuple[bytes, str, list[Text] | None]]:
        """The chunks; with the digest and the list that its position belongs to, if it is an image's text."""
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece, "", None
                continue
            found.append([])
            before = piece.first
            for text, known_by in self._rewritten(lines, piece):
                if text:
                    yield before, "", None
                    before = piece.between
                yield text, known_by, found[-1]

    def _rewritten(self, lines: Sequence[bytes], piece: Texts) -> Iterator[tuple[bytes, str]]:
        """The texts of all images as the document has them, and their digests."""
        texts = self._texts(lines, piece.number)
        if piece.rewrite is None:
            return texts
        return ((text, digest(text)) for text in piece.rewrite(text for text, _ in texts))

    def _texts(self, lines: Iterable[bytes], number: int) -> Iterator[tuple[bytes, str]]:
        window = _Window(self.place)
        for line in lines:
            text = journal.decode_row(line).texts[number]
            yield self._read(text, window), text.digest

    def _read(self, text: Text, window: _Window) -> bytes:
        try:
            data = window.read(text)
        except SampleError as error:
            raise _lost(self.place, error) from None
        if digest(data) != text.digest:
            raise _lost(self.place, f"{show(text.file or self.place.name)} is not as it was written")
        return data


def _with_texts(line: bytes, texts: tuple[Text, ...]) -> bytes:
    return journal.encode_row(msgspec.structs.replace(journal.decode_row(line), texts=texts))


def _lost(place: Place, why: object) -> OutputError:
    text = f"can't be written, for a part of it is gone ({why}); run the same command again to make it"
    return OutputError("out.journal", f"{show(place.folder.path(place.name), 300)} {text}")
