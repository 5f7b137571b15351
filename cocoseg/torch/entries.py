"""The entries of a data set in a file, which workers share however they are started.

A forked worker shares its parent's memory until one of them writes to it. Python writes whenever it reads an object,
because reference counts are stored with the objects. A spawned worker gets a copy of everything. Entries in a file are
in the system's cache once, and in no process; each is read when it is needed.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.torch.shared_file import SharedFile


class FileEntries(Sequence[Any]):
    """Pickled entries in a temporary file."""

    def __init__(self, entries: Iterable[Any]) -> None:
        sizes: list[int] = []
        self._file = SharedFile(_pickled(entries, sizes))
        self._bounds: npt.NDArray[np.int64] = np.array([0, *accumulate(sizes)], np.int64)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        start, stop = self._bounds[number : number + 2].tolist()
        return pickle.loads(self._file.read(start, stop - start))

    def __deepcopy__(self, memo: dict[int, Any]) -> FileEntries:
        return self  # entries never change


def _pickled(entries: Iterable[Any], sizes: list[int]) -> Iterator[bytes]:
    """The pickle of each entry; its size is added to ``sizes``."""
    for entry in entries:
        data = pickle.dumps(entry, pickle.HIGHEST_PROTOCOL)
        sizes.append(len(data))
        yield data
