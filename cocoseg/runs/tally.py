"""The result of a run, added up as its parts get done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cocoseg.errors import Problem
from cocoseg.runs.journal import Row


def counted(number: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "segment"), counted(2000, "segment")
    ('1 segment', '2,000 segments')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def guess(read_as: str) -> list[str]:
    """A line that says what a source was taken for, and how to say otherwise; none if it says so itself."""
    article = "a " if read_as.startswith("folder") else ""
    return [f"SRC was read as {article}{read_as}; --source-format overrides this"] if read_as else []


@dataclass
class Tally:
    """The result of a conversion, whatever it makes. Reports and ``--json`` have the same names.

    ``listed`` images are in the source, ``images`` were converted, ``kept`` of them by an earlier run. ``failures`` and
    ``problems`` (warnings) are in the source's order; ``notes`` concern this run only. A run that was stopped before
    its first image has not ``begun``. ``read_as`` is what the source was taken for, if it does not say so itself.
    ``own`` are names of further files in OUT that the command itself writes.
    """

    makes: ClassVar[str] = "Files"
    reports: ClassVar[bool] = True  # whether cocoseg.json lies in OUT
    result: ClassVar[Any] = Any  # the type of a row's result, as the journal holds it

    listed: int
    images: int = 0
    kept: int = 0
    seconds: float = 0.0
    failures: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    begun: bool = True
    read_as: str = ""
    own: set[str] = field(default_factory=set, repr=False)
    failed_keys: set[str] = field(default_factory=set, repr=False)
    _failed: int = field(default=0, repr=False)
    _odd: dict[int, list[Row]] = field(default_factory=dict, repr=False)

    @property
    def failed(self) -> int:
        """Images that could not be converted, so far."""
        return self._failed

    @property
    def warnings(self) -> list[Problem]:
        """The ``problems``, under their name in JSON."""
        return self.problems

    @property
    def complete(self) -> bool:
        """Whether every image was converted or refused."""
        return self.images + self._failed == self.listed

    @property
    def made(self) -> int:
        """Images that this run converted, without those that an earlier run had finished."""
        return self.images - self.kept

    @property
    def images_per_second(self) -> float:
        """Images that this run converted a second, all workers together."""
        return self.made / self.seconds if self.seconds else 0.0

    def add(self, first: int, rows: Sequence[Row]) -> None:
        """Count the rows of the part that begins with image number ``first``."""
        for row in rows:
            if row.failure:
                self._failed += 1
                self.failed_keys.add(row.key)
            else:
                self.images += 1
                self.kept += row.kept
                self.count(row)
        if odd := [row for row in rows if row.failure or row.problems]:
            self._odd[first] = odd

    def count(self, row: Row) -> None:
        """Take the result of a converted image, as each command defines it."""

    def names(self, key: str) -> list[str]:
        """The files that are made of an image, by its key."""
        return [key]

    def close(self, seconds: float) -> None:
        """Put failures and problems in the file's order, however the parts came in."""
        self.seconds = seconds
        rows = [row for first in sorted(self._odd) for row in self._odd[first]]
        self.failures += [row.failure._replace(file=row.key or None) for row in rows if row.failure]
        warned = [row for row in rows if not row.failure]
        self.problems += [problem._replace(file=row.key or None) for row in warned for problem in row.problems]

    def as_dict(self) -> dict[str, Any]:
        """The result for strict JSON, without values that differ between runs."""
        guessed = {"read_as": self.read_as} if self.read_as else {}
        return guessed | {
            "listed": self.listed,
            "images": self.images,
            "failed": self.failed,
            **self.results(),
            "failures": [problem._asdict() for problem in self.failures],
            "warnings": [problem._asdict() for problem in self.problems],
        }

    def about_run(self) -> dict[str, Any]:
        """What differs between runs, for JSON."""
        return {
            "kept": self.kept,
            "made": self.made,
            "seconds": round(self.seconds, 3),
            "images_per_second": round(self.images_per_second, 1),
            "notes": self.notes,
        }

    def results(self) -> dict[str, Any]:
        """The numbers of the command, by the names of their fields."""
        return {}

    def remarks(self) -> list[str]:
        """The command's own numbers in a few words each, for people."""
        return []

    def table(self) -> list[tuple[str, ...]]:
        """More of them, as rows under the first, which has the names of the columns."""
        return []
