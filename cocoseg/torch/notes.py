"""What happened to images of a data set that its user should know: said once, and counted in all workers."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from cocoseg.errors import Problem
from cocoseg.torch.shared_file import SharedFile

KINDS = ("skipped", "orientation", "crowds", "problems")


class Notes:
    """For each kind, the images that it happened to. Loader workers share them, forked or spawned.

    >>> notes = Notes(3)
    >>> notes.mark("skipped", 1), notes.mark("skipped", 1), notes.has("skipped", 1), notes.images
    (True, False, True, {'skipped': [1], 'orientation': [], 'crowds': [], 'problems': []})
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._file = SharedFile([bytes(len(KINDS) * count)])  # a byte for each kind and image

    @property
    def images(self) -> dict[str, list[int]]:
        """The indices of the images of each kind so far, in ascending order."""
        return {kind: self._of(kind) for kind in KINDS}

    def has(self, kind: str, image: int) -> bool:
        """Whether the image is marked."""
        return self._file.read(self._start(kind) + image, 1) == b"\1"

    def mark(self, kind: str, *images: int) -> bool:
        """Mark images, and tell whether they are the first of their kind."""
        with self._file.locked():
            first = b"\1" not in self._marks(kind)
            for image in images:
                self._file.write(self._start(kind) + image, b"\1")
            return first

    def say(self, kind: str, image: int, text: str) -> None:
        """Mark an image, and warn if it is the first of its kind."""
        if not self.has(kind, image) and self.mark(kind, image):
            more = f"data.notes[{kind!r}] lists all such images"
            warnings.warn(f"{text}; {more}", stacklevel=2)

    def _start(self, kind: str) -> int:
        return KINDS.index(kind) * self._count

    def _of(self, kind: str) -> list[int]:
        return [image for image, mark in enumerate(self._marks(kind)) if mark]

    def _marks(self, kind: str) -> bytes:
        return self._file.read(self._start(kind), self._count)


def say_problems(problems: Iterable[Problem]) -> None:
    """Warn of harmless problems, once for each category."""
    by_category: dict[str, list[Problem]] = {}
    for problem in problems:
        by_category.setdefault(problem.category, []).append(problem)
    for category, found in by_category.items():
        more = f" (and {len(found) - 1} more problems {category})" if found[1:] else ""
        warnings.warn(f"{found[0].message}{more}", stacklevel=4)
