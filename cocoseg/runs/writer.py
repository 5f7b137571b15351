"""Converts the entries of a part into files and rows; what an earlier run finished is left as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate, islice
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import msgspec

from cocoseg.errors import Problem, SampleError
from cocoseg.files.digests import digest
from cocoseg.files.documents import TOO_DEEP
from cocoseg.files.places import at_once
from cocoseg.files.prefetch import prefetch
from cocoseg.limits import within_its_limit
from cocoseg.model import Dataset
from cocoseg.parallel import TimeExceeded, limited, time_is_up
from cocoseg.runs import journal
from cocoseg.runs.batch import Batch
from cocoseg.runs.document import Place
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Row, Text
from cocoseg.runs.write_errors import unseen


class Converted(NamedTuple):
    """A converted sample."""

    files: dict[str, bytes]  # by their names
    result: msgspec.Struct  # for the command's summary
    texts: tuple[bytes, ...] = ()  # for each list of the document about all images, if there is one
    links: Mapping[str, str] = MappingProxyType({})  # symbolic links by their names, to paths on this machine


class Conversion(Protocol):
    """Converts what the loader of a data set decodes, a sample or a pair of them, to files; it can be pickled."""

    def __call__(self, sample: Any, /) -> Converted:
        """Raises SampleError."""
        ...

    def settings(self) -> bytes:
        """Everything besides the sample that the files depend on."""
        ...


@dataclass(frozen=True)
class Part:
    """Some entries of a data set."""

    dataset: Dataset
    lines: Sequence[bytes | None] = ()  # the journal's line of each entry, if any
    first: int = 0  # index of the first entry in the whole data set

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, chosen: slice) -> Part:
        return Part(self.dataset[chosen], self.lines[chosen], self.first + chosen.indices(len(self))[0])

    def __iter__(self) -> Iterator[tuple[Any, bytes | None]]:
        return zip(self.dataset.entries, self.lines or [None] * len(self), strict=True)


@dataclass(frozen=True)
class Target:
    """Where a run writes, and what it may replace."""

    folder: Folder
    command: str  # for the journal
    run: int  # the number of the run, for the journal
    overwrite: bool = False
    document: Place | None = None  # of the document about all images
    listed: int = 0  # images of the whole data set, for the journal
    trial: bool = False  # find what is in the way, and write nothing

    def batch(self) -> Batch:
        """The files of a part."""
        return self.folder.trial() if self.trial else self.folder.batch()


class _Found(NamedTuple):
    """The outcome of one item."""

    row: Row
    line: bytes | None = None  # the row as the journal has it, if an earlier run finished the item
    texts: tuple[bytes, ...] = ()  # new texts for the document
    stale: Row | None = None  # the files and links of an earlier run that are no longer made


@dataclass(frozen=True)
class Writer:
    """``writer(part) -> rows``: converts entries and writes their files; without a target it only converts."""

    convert: Conversion
    target: Target | None = None
    seconds: float = 300.0  # that one image may take
    stop_on_error: bool = False  # end the part after the first image that fails
    strict: bool = False  # an image with a problem fails

    def __call__(self, part: Part) -> list[Row]:
        """Rows of the part's first entries, as many as there is time for.

        Raises OutputError for what would stop every image.
        """
        if self.target is None:
            return [found.row for found in self._rows(part, None)]
        if not self.target.trial and not self.target.folder.is_seen():
            raise unseen(self.target.folder.root)
        with self.target.batch() as batch:
            found = list(self._rows(part, batch))
            return self._finish(part, found, batch, self.target)

    def lost(self, part: Part) -> list[Row]:
        """The rows of images during which a worker died."""
        text = "the worker process died at this image (killed from outside, out of memory, or past its time)"
        entries = part.dataset.entries
        return [
            _failed(entry, Problem("worker.died", f"{part.dataset.load.place(entry)}: {text}")) for entry in entries
        ]

    def _rows(self, part: Part, batch: Batch | None) -> Iterator[_Found]:
        """The outcomes of the part's first entries, as many as there is time for."""
        hasher = hashlib.sha256(self.convert.settings())
        items = [_Item(part.dataset, entry, hasher, line) for entry, line in part]
        convert = within_its_limit(self.convert)
        with closing(prefetch(self._begin, items, self._at_once(part))) as begun:
            for item, begin in zip(items, begun, strict=True):
                found = self._row(item, begin, convert, batch)
                yield found
                if time_is_up() or (found.row.failure and self.stop_on_error):
                    return

    def _at_once(self, part: Part) -> int:
        """How many items to begin at a time: more than one where pictures or earlier files are in a storage."""
        looks = self.target is not None and any(part.lines)
        into = self.target.folder.at_once if self.target and looks else 0
        return max(into, *map(at_once, part.dataset.folders), 0)

    def _begin(self, item: _Item) -> _Begun:
        """Read all that an item needs. Raises SampleError."""
        picture = item.dataset.load.fetch(item.entry)
        earlier = journal.decode_row(item.line) if item.line else None
        return _Begun(picture, earlier, earlier is not None and self._is_whole(earlier, item, picture))

    def _row(self, item: _Item, begin: Callable[[], _Begun], convert: Conversion, batch: Batch | None) -> _Found:
        try:
            with limited(self.seconds):
                picture, earlier, whole = begin()
                if earlier and whole:
                    self._check_strictly(earlier.problems)
                    return _Found(msgspec.structs.replace(earlier, kept=True), item.line)
                sample = item.dataset.load.decode(item.entry, picture)
                self._check_strictly(sample.problems)
                converted = convert(sample)
            if converted.files or converted.links:
                _add(converted, batch, self._overwrites(earlier), item.where)
        except SampleError as error:
            return _Found(_failed(item.entry, error.problem))
        except RecursionError:
            return _Found(_failed(item.entry, Problem("json.depth", f"{item.where}: {TOO_DEEP}")))
        except MemoryError:
            return _Found(_failed(item.entry, Problem("limit.memory", f"{item.where}: not enough memory")))
        except TimeExceeded:
            text = f"took longer than {self.seconds:g} s; allow more with --time-limit"
            return _Found(_failed(item.entry, Problem("limit.time", f"{item.where}: {text}")))
        made_from = item.made_from(picture, exact=bool(sample.problems)) if self.target else ""
        row = item.row(converted, made_from, sample.problems)
        return _Found(row, texts=converted.texts, stale=_stale(earlier, row))

    def _check_strictly(self, problems: Sequence[Problem]) -> None:
        """Raises the first problem as SampleError if problems are errors."""
        if problems and self.strict:
            raise SampleError(problems[0].category, problems[0].message)

    def _is_whole(self, row: Row, item: _Item, picture: Any) -> bool:
        """Whether the files of an earlier run are all there, and nothing that they were made from has changed."""
        if self.target is None or row.made_from != item.made_from(picture, exact=bool(row.problems)):
            return False
        if self.target.document and not all(map(self.target.document.of(row.key).holds, row.texts)):
            return False
        folder = self.target.folder
        leads = (folder.leads(name, path) for name, path in row.links.items())
        return all(leads) and all(folder.holds(name, *known) for name, known in row.files.items())

    def _overwrites(self, earlier: Row | None) -> frozenset[str] | None:
        """The names that may be replaced: those of earlier runs, or all (None)."""
        if self.target and self.target.overwrite:
            return None
        return frozenset((*earlier.files, *earlier.links) if earlier else ())

    def _finish(self, part: Part, found: list[_Found], batch: Batch, target: Target) -> list[Row]:
        """Make the files durable, then their page of the journal, and only then give them their names."""
        if not all(done.line for done in found):
            found = _unless(batch.settle(), found, part)
            if target.trial:
                return [done.row for done in found]
            if any(not done.row.failure for done in found):
                found = _with_texts(part.first, found, target)
                _save_page(part.first, found, target)
            if failed := batch.commit():
                found = _unless(failed, found, part)
                _save_page(part.first, found, target)
            stale = (row for done in found if (row := done.stale))
            target.folder.remove(name for row in stale for name in _still_there(row, target.folder))
        return [done.row for done in found]


class _Item(NamedTuple):
    """An entry that is being converted."""

    dataset: Dataset
    entry: Any
    hasher: Any
    line: bytes | None

    @property
    def where(self) -> str:
        return self.dataset.load.place(self.entry)

    def made_from(self, picture: Any, exact: bool) -> str:
        """The digest of all that the item's files depend on, and with ``exact`` its warnings too."""
        hasher = self.hasher.copy()
        for data in self.dataset.load.content(self.entry, picture, exact):
            hasher.update(len(data).to_bytes(8, "little"))
            hasher.update(data)
        return str(hasher.hexdigest()[:32])

    def row(self, converted: Converted, made_from: str, problems: tuple[Problem, ...]) -> Row:
        return Row(
            self.entry.key,
            made_from,
            {name: (len(data), digest(data)) for name, data in converted.files.items()},
            msgspec.Raw(msgspec.json.encode(converted.result)),
            problems,
            dict(converted.links),
        )


class _Begun(NamedTuple):
    """An item after reading."""

    picture: Any
    earlier: Row | None  # of an earlier run
    whole: bool  # whether the earlier files are there and up to date


def _add(made: Converted, batch: Batch | None, replaceable: frozenset[str] | None, where: str) -> None:
    """Add all files and links of an item, or none."""
    if batch is None:
        return
    try:
        for name, data in made.files.items():
            batch.add(name, data, overwrite=replaceable is None or name in replaceable)
        for name, path in made.links.items():
            batch.add_link(name, path, overwrite=replaceable is None or name in replaceable)
    except SampleError as error:
        batch.drop((*made.files, *made.links))
        raise error.at(where) from None


def _failed(entry: Any, problem: Problem) -> Row:
    return Row(entry.key, failure=problem)


def _stale(earlier: Row | None, row: Row) -> Row | None:
    """Files and links that an earlier run made of an item and that no longer belong to it."""
    if earlier is None:
        return None
    now = {*row.files, *row.links}
    files = {name: known for name, known in earlier.files.items() if name not in now}
    links = {name: path for name, path in earlier.links.items() if name not in now}
    return Row(row.key, files=files, links=links) if files or links else None


def _still_there(row: Row, folder: Folder) -> Iterator[str]:
    """The files and links of a row that are as it says."""
    yield from (name for name, known in row.files.items() if folder.holds(name, *known))
    yield from (name for name, path in row.links.items() if folder.leads(name, path))


def _unless(failed: dict[str, SampleError], found: list[_Found], part: Part) -> list[_Found]:
    """The outcomes, with failures for items whose files could not all be written."""

    def but(found: _Found, entry: Any) -> _Found:
        error = next((failed[name] for name in (*found.row.files, *found.row.links) if name in failed), None)
        return _Found(_failed(entry, error.at(part.dataset.load.place(entry)).problem)) if error else found

    return [but(done, part.dataset.entries[k]) for k, done in enumerate(found)] if failed else found


def _with_texts(first: int, found: list[_Found], target: Target) -> list[_Found]:
    """Save the new texts of a part in one file; returns the outcomes with the positions of their texts."""
    texts = [text for done in found for text in done.texts]
    if not texts:
        return found
    name = journal.text_name(target.run, first)
    target.folder.save_chunks(name, texts)
    starts = accumulate(map(len, texts), initial=0)
    saved = (Text(name, start, len(text), digest(text)) for start, text in zip(starts, texts, strict=False))
    return [
        done._replace(row=msgspec.structs.replace(done.row, texts=tuple(islice(saved, len(done.texts)))))
        if done.texts
        else done
        for done in found
    ]


def _save_page(first: int, found: list[_Found], target: Target) -> None:
    lines = [done.line or journal.encode_row(done.row) for done in found if not done.row.failure]
    target.folder.save(journal.page_name(target.run, first), journal.page(target.command, lines, target.listed))
