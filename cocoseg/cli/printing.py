"""The summary that a command prints: what was done, what was refused and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import typer

from cocoseg.cli.streams import json_text
from cocoseg.errors import Problem
from cocoseg.files.names import REPORT
from cocoseg.files.places import join, journal_place
from cocoseg.runs.tally import Tally, counted, guess

MOST = 20  # printed lines of a kind; the report in OUT has all
_NUMBER = re.compile(r"[\d,.]+%?")


def print_summary(tally: Tally, out: str | None, quiet: bool, verbose: bool) -> None:
    """The summary of a conversion, for people: problems only if ``quiet``, all rows if ``verbose``."""
    print_lines(_lines(tally, out, quiet, None if verbose else MOST))


def print_lines(lines: Sequence[str]) -> None:
    """Print lines, if there are any."""
    if lines:
        typer.echo("\n".join(lines))


def as_json(result: dict[str, Any]) -> str:
    """A result as a line of JSON; problems become objects."""
    return json_text({name: _plain(value) for name, value in result.items()})


def _plain(value: Any) -> Any:
    listed = isinstance(value, list | tuple) and not hasattr(value, "_asdict")
    return [row._asdict() if isinstance(row, Problem) else row for row in value] if listed else value


def table(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """Rows of cells as aligned lines; the columns in ``right`` are numbers."""
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))] if rows else []
    to_right = set(right)
    aligned = (
        [cell.rjust(widths[k]) if k in to_right else cell.ljust(widths[k]) for k, cell in enumerate(row)]
        for row in rows
    )
    return [f"  {'  '.join(row)}".rstrip() for row in aligned]


def printable(text: str) -> str:
    """A text from a file with its control characters escaped."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def problem_lines(title: str, problems: Sequence[Problem], more: str = "", most: int | None = MOST) -> list[str]:
    """Problems under a title with a count per category; the first ``most`` of them in full."""
    if not problems:
        return []
    counts = Counter(problem.category for problem in problems)
    listed = ", ".join(f"{count} {category}" for category, count in sorted(counts.items()))
    rest = [f"  ... and {len(problems) - most} more{more}"] if most and len(problems) > most else []
    return [f"{title} ({listed})", *(f"  {problem}" for problem in problems[:most]), *rest]


def _lines(tally: Tally, out: str | None, quiet: bool, most: int | None) -> list[str]:
    where = journal_place(out) if out else ""
    more = f" in {join(where, REPORT)}" if out else ""
    problems = problem_lines("Warnings", tally.problems, more, most)
    problems += problem_lines("Refused", tally.failures, more, most)
    if quiet:
        return problems
    head = "; ".join([_done(tally), *tally.remarks()])
    said = [*guess(tally.read_as), head, *tally.notes]
    return [*said, *_table_lines(tally.table(), most), *problems, _last_words(tally, out, where)]


def _done(tally: Tally) -> str:
    refused = f", {tally.failed} refused" if tally.failed else ""
    left = tally.listed - tally.images - tally.failed
    not_done = f", {left} not done" if left else ""
    rate = f" ({tally.images_per_second:,.0f} images/s)" if tally.made else ""
    kept = f", {tally.kept:,} of them finished before" if tally.kept else ""
    return f"{tally.images:,} of {tally.listed:,} images in {tally.seconds:.1f} s{rate}{kept}{refused}{not_done}"


def _last_words(tally: Tally, out: str | None, journal: str) -> str:
    if not tally.begun:
        return "Nothing was written (--on-error stop)"
    if out is None:
        would = f"make {tally.made:,}, keep {tally.kept:,} and refuse {tally.failed:,}"
        return f"Nothing was written (--dry-run); a run would {would} of {counted(tally.listed, 'image')}"
    if not tally.complete:
        again = "run the same command again to resume"
        if tally.failures:  # only --on-error stop ends a run at one
            again = "the same command will stop there again; mend that image, or use --on-error skip"
        return f"Not finished: {again}; {REPORT} is in {journal}"
    if not tally.images:
        return f"No image could be converted; {REPORT} is in {journal}"
    if not tally.reports:
        return f"{tally.makes} are in {out}"
    if out == journal:
        return f"{tally.makes} and {REPORT} are in {out}"
    return f"{tally.makes} are in {out}, {REPORT} is in {journal}"


def _table_lines(rows: Sequence[Sequence[str]], most: int | None) -> list[str]:
    """A table's head and first rows, with numbers aligned to the right."""
    if len(rows) < 2:
        return []
    numbers = [k for k, cells in enumerate(zip(*rows[1:], strict=True)) if all(map(_NUMBER.fullmatch, cells))]
    if most is None or len(rows) - 1 <= most:
        return table(rows, right=numbers)
    return [*table(rows[: most + 1], right=numbers), f"  ... and {len(rows) - 1 - most} more {rows[0][0]} rows"]
