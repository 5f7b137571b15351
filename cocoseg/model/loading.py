"""Loads the sample of an entry. Fetching files and decoding are separate steps, so that files can be prefetched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol, TypeVar

from cocoseg.errors import SampleError
from cocoseg.files import places
from cocoseg.files.documents import TOO_DEEP
from cocoseg.files.reading import read_file
from cocoseg.limits import MAX_PIXELS, allowing
from cocoseg.model.records import Entry, Refused, Sample

T = TypeVar("T")
Change = Callable[[Sample], Sample]


class Loads(Protocol):
    """Decodes the entries of a data set. It can be pickled."""

    @property
    def source(self) -> str:
        """The annotation file or folder, for messages."""
        ...

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of its files."""
        ...

    def __call__(self, entry: Entry | Refused) -> Sample:
        """The sample of an entry. Raises SampleError; its message begins with the source and the entry's place."""
        ...

    def fetch(self, entry: Entry | Refused) -> Any:
        """The files of an entry, for ``decode``. Raises as ``__call__`` does."""
        ...

    def decode(self, entry: Entry, files: Any) -> Sample:
        """The sample of an entry and its files. Raises as ``__call__`` does."""
        ...

    def content(self, entry: Entry | Refused, files: Any, exact: bool) -> Iterable[bytes]:
        """Everything that determines the sample, in pieces; with ``exact``, also what only its messages mention."""
        ...

    def place(self, entry: Entry | Refused) -> str:
        """The source and the position of an entry, for messages."""
        ...

    def changed(self, change: Change) -> Loads:
        """The same loader, with ``change`` applied to every sample."""
        ...


@dataclass(frozen=True)
class Loader:
    """Decodes the entries of one source.

    File k of an entry is in ``folders[k]``, or in the last folder. ``lists(entry, first)`` gives further files, in the
    first folder, that the first file lists. ``measures(entry)`` gives what else a sample depends on, as the size of a
    photo; it comes after the files. ``makes(entry, files, place)`` decodes; then the ``changes`` are applied.
    ``settings`` is a digest of everything else that determines a sample. ``max_pixels`` is the limit for pictures.
    """

    source: str
    folders: tuple[str, ...]
    makes: Callable[[Entry, Sequence[bytes], str], Sample]
    changes: tuple[Change, ...] = ()
    lists: Callable[[Entry, bytes], Sequence[str]] | None = None
    settings: str = ""
    max_pixels: int = MAX_PIXELS
    measures: Callable[[Entry], bytes] | None = None

    def __call__(self, entry: Entry | Refused) -> Sample:
        """As in ``Loads``."""
        return self.decode(_usable(entry), self.fetch(entry))

    def fetch(self, entry: Entry | Refused) -> list[bytes]:
        """The files of an entry, in the order of ``entry.files``, and what ``measures`` gives."""
        usable = _usable(entry)
        return self._naming(usable, lambda: list(self._files(usable))) if usable.files or self.measures else []

    def decode(self, entry: Entry, files: Sequence[bytes]) -> Sample:
        """As in ``Loads``."""
        with allowing(self.max_pixels):
            sample = self._naming(entry, lambda: self.makes(entry, files, self.place(entry)))
            return _after(self.changes, sample)

    def content(self, entry: Entry | Refused, files: Sequence[bytes], exact: bool) -> Iterable[bytes]:
        """The entry, the settings, and every file."""
        return chain((entry.content(exact), self.settings.encode()), files)

    def place(self, entry: Entry | Refused) -> str:
        """The source and the place of the entry."""
        return f"{self.source}: {entry.place}"

    def changed(self, change: Change) -> Loader:
        """As in ``Loads``."""
        return replace(self, changes=(*self.changes, change))

    def path(self, entry: Entry, number: int = 0) -> str:
        """The path of a file of an entry."""
        return places.join(self.folders[min(number, len(self.folders) - 1)], entry.files[number])

    def _files(self, entry: Entry) -> Iterator[bytes]:
        for number in range(len(entry.files)):
            data = read_file(self.path(entry, number))
            yield data
            if self.lists and number == 0:
                yield from (read_file(places.join(self.folders[0], name)) for name in self.lists(entry, data))
        if self.measures:
            yield self.measures(entry)

    def _naming(self, entry: Entry, call: Callable[[], T]) -> T:
        """The result of ``call``. Its errors begin with the place of the entry."""
        try:
            return call()
        except SampleError as error:
            raise error.at(self.place(entry)) from None
        except RecursionError:
            raise SampleError("json.depth", f"{self.place(entry)}: {TOO_DEEP}") from None
        except MemoryError:
            size = " for {}×{} pixels".format(*entry.size) if entry.size else ""
            raise SampleError("limit.memory", f"{self.place(entry)}: not enough memory{size}") from None


@dataclass(frozen=True)
class Chain:
    """The loaders of concatenated data sets. ``entry.part`` is the index of the loader for an entry."""

    loaders: tuple[Loads, ...]

    @property
    def source(self) -> str:
        """All sources, without repetition."""
        return " + ".join(dict.fromkeys(loader.source for loader in self.loaders))

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of all loaders."""
        return tuple(dict.fromkeys(chain.from_iterable(loader.folders for loader in self.loaders)))

    def __call__(self, entry: Entry | Refused) -> Sample:
        """As in ``Loads``."""
        return self.loaders[entry.part](entry)

    def fetch(self, entry: Entry | Refused) -> Any:
        """As in ``Loads``."""
        return self.loaders[entry.part].fetch(entry)

    def decode(self, entry: Entry, files: Any) -> Sample:
        """As in ``Loads``."""
        return self.loaders[entry.part].decode(entry, files)

    def content(self, entry: Entry | Refused, files: Any, exact: bool) -> Iterable[bytes]:
        """As in ``Loads``."""
        return self.loaders[entry.part].content(entry, files, exact)

    def place(self, entry: Entry | Refused) -> str:
        """As in ``Loads``."""
        return self.loaders[entry.part].place(entry)

    def changed(self, change: Change) -> Chain:
        """As in ``Loads``."""
        return Chain(tuple(loader.changed(change) for loader in self.loaders))


@dataclass(frozen=True)
class Pair:
    """Two loaders as one. The body of an entry is a pair of entries, one of which may be None.

    ``joins`` makes one sample from two, or from one and None. With ``apart``, an error of the second names it alone.
    """

    first: Loads
    second: Loads
    joins: Callable[[Sample | None, Sample | None], Sample]
    changes: tuple[Change, ...] = ()
    apart: bool = False

    @property
    def source(self) -> str:
        """The source of the first loader."""
        return self.first.source

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of both loaders."""
        return self.first.folders + self.second.folders

    def __call__(self, entry: Entry | Refused) -> Sample:
        """As in ``Loads``."""
        return self.decode(_usable(entry), self.fetch(entry))

    def fetch(self, entry: Entry | Refused) -> tuple[Any, Any]:
        """The files of both entries."""
        first, second = _usable(entry).body
        return first and self.first.fetch(first), second and self._second(entry, lambda: self.second.fetch(second))

    def decode(self, entry: Entry, files: tuple[Any, Any]) -> Sample:
        """The joined sample."""
        first, second = entry.body
        one = first and self.first.decode(first, files[0])
        other = second and self._second(entry, lambda: self.second.decode(second, files[1]))
        return _after(self.changes, self._naming(entry, lambda: self.joins(one, other)))

    def content(self, entry: Entry | Refused, files: tuple[Any, Any], exact: bool) -> Iterable[bytes]:
        """Everything that determines either sample."""
        parts = zip((self.first, self.second), _usable(entry).body, files, strict=True)
        return chain.from_iterable(
            (b"\0",) if part is None else loader.content(part, data, exact) for loader, part, data in parts
        )

    def place(self, entry: Entry | Refused) -> str:
        """The first source and the place of the entry."""
        return f"{self.source}: {entry.place}"

    def changed(self, change: Change) -> Pair:
        """As in ``Loads``."""
        return replace(self, changes=(*self.changes, change))

    def _second(self, entry: Entry | Refused, call: Callable[[], T]) -> T:
        return call() if self.apart else self._naming(entry, call)

    def _naming(self, entry: Entry | Refused, call: Callable[[], T]) -> T:
        try:
            return call()
        except SampleError as error:
            raise error.at(self.place(entry)) from None


@dataclass(frozen=True)
class Around:
    """Decodes as another loader does: the base of those that add to what it decodes, or change it."""

    inner: Loads

    @property
    def source(self) -> str:
        """As in ``Loads``."""
        return self.inner.source

    @property
    def folders(self) -> tuple[str, ...]:
        """As in ``Loads``."""
        return self.inner.folders

    def __call__(self, entry: Entry | Refused) -> Any:
        """As in ``Loads``."""
        return self.decode(_usable(entry), self.fetch(entry))

    def fetch(self, entry: Entry | Refused) -> Any:
        """As in ``Loads``."""
        return self.inner.fetch(entry)

    def decode(self, entry: Entry, files: Any) -> Any:
        """As in ``Loads``."""
        return self.inner.decode(entry, files)

    def place(self, entry: Entry | Refused) -> str:
        """As in ``Loads``."""
        return self.inner.place(entry)


def _after(changes: Iterable[Change], sample: Sample) -> Sample:
    for change in changes:
        sample = change(sample)
    return sample


def _usable(entry: Entry | Refused) -> Entry:
    if isinstance(entry, Refused):
        raise SampleError(*entry.problem[:2])
    return entry
