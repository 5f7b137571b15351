"""What a page says of an evaluation, as its template takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.drawing.colors import class_colors
from cocoseg.errors import Problem
from cocoseg.evaluation.evaluation import Evaluation
from cocoseg.page import charts
from cocoseg.page.pairs import WHOLE, Cell
from cocoseg.page.pictures import data_uri, shaded
from cocoseg.page.words import name, percent, whole

MOST = 24  # confusions with pictures
_LISTED = 100  # confusions with names of images
_LEAST = 0.005  # of a class: less is not listed
ROWS = 500  # of a table
_PANELS = ("photo", "truth", "prediction", "difference")
_COUNTS = ("pixels", "TP", "FP", "FN")


class Confusion(NamedTuple):
    """A cell of the matrix: its classes, its part of the true one, and the images with the most of it."""

    cell: Cell
    truth: str
    predicted: str
    share: float
    pixels: int
    images: list[tuple[str, int]]


class Table(NamedTuple):
    """The numbers of classes of a task, the worst ones first; the number that is drawn as bars comes first."""

    task: str
    titles: list[str]
    rows: list[tuple[str, str, list[Any]]]


class WorstImage(NamedTuple):
    """An image with its score."""

    key: str
    score: float


@dataclass
class EvaluationPage:
    """A page about an evaluation whose ``worst`` was kept.

    ``drawn`` has the pictures of images by key; those that have ``room``, in characters, are shown.
    """

    result: Evaluation
    drawn: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    room: int = 0
    template = "evaluation.html"
    most_rows = ROWS

    @property
    def title(self) -> str:
        """What the page is called."""
        source = self.result.prediction
        return f"Evaluation of {name(source.rstrip('/').rpartition('/')[2] or source)}"

    @property
    def problems(self) -> list[tuple[bool, Problem]]:
        """What is suspicious, and what could not be compared, which is an error."""
        return [(True, row) for row in self.result.failures] + [(False, row) for row in self.result.problems]

    @property
    def verdict(self) -> str:
        """The most telling numbers in a line."""
        known = [(title, value) for title, value in self.result.headlines.items() if value is not None]
        order = {"mIoU": 0, "PQ": 1, "AP": 2}
        first = [f"{title} {100 * value:.2f}" for title, value in sorted(known, key=lambda row: order.get(row[0], 9))]
        said = [row for row in first if row.split()[0] in order]
        return ", ".join(said or first[:1]) or "No number is defined"

    @property
    def figures(self) -> list[tuple[str, str]]:
        """All headline numbers."""
        found = [(title, percent(value)) for title, value in self.result.headlines.items()]
        refused = [("refused", whole(self.result.failed))] if self.result.failed else []
        return [("images", whole(self.result.images)), *refused, *found]

    @cached_property
    def tables(self) -> list[Table]:
        """The numbers of classes, by task."""
        results, found = self.result.results(), []
        for task, telling in (("semantic", "IoU"), ("panoptic", "PQ"), ("instances", "AP")):
            rows = results.get(task, {}).get("classes", [])
            if rows:
                titles = [telling, *(title for title in rows[0] if title not in (telling, "id", "index", "name"))]
                found.append(Table(task, titles, sorted((self._row(row, titles) for row in rows), key=_lowest_first)))
        return found

    def _row(self, row: Mapping[str, Any], titles: Sequence[str]) -> tuple[str, str, list[Any]]:
        index = row["index"] if "index" in row else self.result.scheme.class_of.get(row["id"])
        return name(row["name"]) or str(index), self._colors.get(index, ""), [row[title] for title in titles]

    @cached_property
    def _colors(self) -> dict[int | None, str]:
        table, void = class_colors(self.result.scheme), self.result.scheme.void
        indices = [row.index for row in self.result.scheme.table if row.index != void]
        return {index: "#{:02x}{:02x}{:02x}".format(*table[index].tolist()) for index in indices}

    def cell(self, title: str, value: Any) -> str:
        """A number of a table."""
        return "–" if value is None else whole(value) if title in _COUNTS else f"{100 * value:.2f}"

    def chart(self, table: Table) -> charts.Bars:
        """The telling number of each class, the highest first."""
        rows = sorted((row for row in table.rows if row[2][0] is not None), key=lambda row: -row[2][0])[:ROWS]
        some = sorted({0, len(rows) // 2, len(rows) - 1}) if rows else []
        ticks = [charts.Tick((k + 0.5) / len(rows), name(rows[k][0], 18)) for k in some]
        values = [row[2][0] for row in rows]
        shown = [[f"{100 * value:.2f}" for value in values]]
        return charts.bars([values], [row[0] for row in rows], shown, ["class", table.titles[0]], ticks, share=True)

    @property
    def scores(self) -> charts.Bars | None:
        """Images by their score."""
        worst = self.result.worst
        if worst is None or not worst.score:
            return None
        count = len(worst.counts)
        labels = [f"{k * 100 // count}–{(k + 1) * 100 // count}%" for k in range(count)]
        ticks = [charts.Tick(share, f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)]
        shown = [[whole(n) for n in worst.counts]]
        return charts.bars([[float(n) for n in worst.counts]], labels, shown, [worst.score, "images"], ticks)

    @cached_property
    def _used(self) -> list[int]:
        """The classes of the matrix: those that are in the truth or predicted."""
        assert self.result.confusion is not None
        matrix = self.result.confusion.matrix
        used: list[int] = np.flatnonzero(matrix[:-1].any(axis=1) | matrix[:-1, :-1].any(axis=0)).tolist()
        return used

    @cached_property
    def names(self) -> list[str]:
        """The classes of the matrix, and void."""
        if self.result.confusion is None:
            return []
        return [*(name(self.result.class_names[k]) or str(k) for k in self._used), "void"]

    @cached_property
    def _shares(self) -> npt.NDArray[np.float64]:
        """(n, n + 1): of the pixels of each true class, the part that is predicted as each class, and void."""
        assert self.result.confusion is not None
        matrix = self.result.confusion.matrix[self._used].astype(np.float64)
        shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        found: npt.NDArray[np.float64] = shares[:, [*self._used, -1]]
        return found

    @property
    def matrix(self) -> str:
        """The matrix as a picture, with a root so that small shares are seen."""
        return shaded(np.sqrt(self._shares)) if self.result.confusion is not None else ""

    @cached_property
    def confusions(self) -> list[Confusion]:
        """The largest cells beside the diagonal, by their part of the true class."""
        if self.result.confusion is None or self.result.worst is None:
            return []
        matrix, found = self.result.confusion.matrix, []
        for cell, images in self.result.worst.cells.items():
            row, column = self._place(cell)
            if (share := float(self._shares[row, column])) >= _LEAST:
                pixels = int(matrix[cell[0], min(cell[1], len(matrix) - 1)])
                about = [(key, -int(pixels)) for pixels, key in images]
                found.append(Confusion(cell, self.names[row], self.names[column], share, pixels, about))
        return sorted(found, key=lambda row: (-row.share * row.pixels**0.5, row.cell))[:_LISTED]

    def _place(self, cell: Cell) -> tuple[int, int]:
        """The row and the column of a cell in the picture of the matrix, whose last column is void."""
        places = {number: place for place, number in enumerate(self._used)}
        return places[cell[0]], places.get(cell[1], len(places))

    def place(self, row: Confusion) -> str:
        """Where the cell of a confusion lies in the picture of the matrix, as CSS has it."""
        (down, across), (high, wide) = self._place(row.cell), self._shares.shape
        at = (100 * across / wide, 100 * down / high, 100 / wide, 100 / high)
        return "left:{:.3f}%;top:{:.3f}%;width:{:.3f}%;height:{:.3f}%".format(*at)

    def wanted(self) -> dict[str, list[Cell]]:
        """What is drawn of each image."""
        found: dict[str, list[Cell]] = {}
        for _, key in self.result.worst.lowest if self.result.worst else []:
            found.setdefault(key, []).append(WHOLE)
        for row in self.confusions[:MOST]:
            for key, _ in row.images:
                found.setdefault(key, []).append(row.cell)
        return found

    @cached_property
    def _uris(self) -> dict[tuple[str, Cell], list[str]]:
        """The pictures that have room: first those of the worst images, then those of the largest confusions."""
        found, room = self._all_uris(), self.room
        order = [(row.key, WHOLE) for row in self.worst] + [
            (key, row.cell) for row in self.confusions[:MOST] for key, _ in row.images
        ]
        shown = {}
        for place in order:
            room -= sum(len(uri) + 300 for uri in found[place])
            if room >= 0:
                shown[place] = found[place]
        return shown

    def _all_uris(self) -> dict[tuple[str, Cell], list[str]]:
        found = {}
        for key, cells in self.wanted().items():
            pictures = iter(self.drawn.get(key, ()))
            for cell in cells:
                data = [next(pictures, b"") for _ in range(4 if cell == WHOLE else 1)]
                found[key, cell] = [data_uri("image/webp", one) for one in data if one]
        return found

    @property
    def worst(self) -> list[WorstImage]:
        """The images with the lowest score."""
        rows = self.result.worst.lowest if self.result.worst else []
        return [WorstImage(key, score) for score, key in rows]

    def panels_of(self, row: WorstImage) -> list[tuple[str, str]]:
        """The pictures of an image, with what they are: photo, truth, prediction, difference."""
        return list(zip(_PANELS, self._uris.get((row.key, WHOLE), []), strict=False))

    def picture(self, row: Confusion, key: str) -> str:
        """The picture of a confusion in an image, or ""."""
        return next(iter(self._uris.get((key, row.cell), [])), "")


def _lowest_first(row: tuple[str, str, list[Any]]) -> tuple[bool, float]:
    """What is not defined comes last."""
    telling = row[2][0]
    return telling is None, telling or 0.0
