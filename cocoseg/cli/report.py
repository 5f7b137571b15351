"""The last words of a command: what was done, what was refused and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

import typer

from cocoseg.errors import Problem
from cocoseg.files.places import join
from cocoseg.tools.summary import Summary

MOST = 20  # lines of a kind that are printed; the report in OUT has them all


def print_summary(summary: Summary, out: str | None, as_json: bool) -> None:
    """The summary of a conversion, for people or as JSON."""
    if as_json:
        this_run = {
            "kept": summary.kept,
            "seconds": round(summary.seconds, 3),
            "images_per_second": round(summary.images_per_second, 1),
        }
        typer.echo(json.dumps(summary.as_dict() | this_run, ensure_ascii=False))
        return
    typer.echo("\n".join(_lines(summary, out)))


def table(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """Rows of cells as aligned lines; the columns in ``right`` are numbers."""
    rows = [[_printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))] if rows else []
    to_right = set(right)
    aligned = (
        [cell.rjust(widths[k]) if k in to_right else cell.ljust(widths[k]) for k, cell in enumerate(row)]
        for row in rows
    )
    return [f"  {'  '.join(row)}".rstrip() for row in aligned]


def _printable(text: str) -> str:
    """A stranger's text without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def problem_lines(title: str, problems: Sequence[Problem], more: str) -> list[str]:
    """Problems under a title with a count per category; the first of them in full."""
    if not problems:
        return []
    counts = Counter(problem.category for problem in problems)
    listed = ", ".join(f"{count} {category}" for category, count in sorted(counts.items()))
    rest = [f"  ... and {len(problems) - MOST} more{more}"] if len(problems) > MOST else []
    return [f"{title} ({listed})", *(f"  {problem}" for problem in problems[:MOST]), *rest]


def _lines(summary: Summary, out: str | None) -> list[str]:
    refused = f", {summary.failed} refused" if summary.failed else ""
    left = summary.listed - summary.images - summary.failed
    not_done = f", {left} not done" if left else ""
    done = f"{summary.images:,} of {summary.listed:,} images in {summary.seconds:.1f} s"
    kept = f", {summary.kept:,} of them finished before" if summary.kept else ""
    contested = f", {summary.contested:,} pixels contested" if summary.contested else ""
    void = f"void {summary.void_share:.1%}"
    more = f" in {join(out, 'cocoseg.json')}" if out else ""
    return [
        f"{done} ({summary.images_per_second:,.0f} images/s){kept}{refused}{not_done}{contested}; {void}",
        *summary.notes,
        *_class_lines(summary),
        *problem_lines("Warnings", summary.problems, more),
        *problem_lines("Refused", summary.failures, more),
        f"Class maps and cocoseg.json are in {out}" if out else "Nothing was written (--dry-run)",
    ]


def _class_lines(summary: Summary) -> list[str]:
    names = {row.index: row.name for row in summary.scheme.table}
    names = {summary.scheme.outside: "unlabelled"} | names | {summary.scheme.void: "void"}
    total = sum(summary.pixels.values())
    ranked = sorted(summary.pixels.items(), key=lambda item: -item[1])
    rows = [
        (str(value), names.get(value, ""), f"{pixels:,}", f"{pixels / total:.1%}") for value, pixels in ranked[:MOST]
    ]
    rest = [f"  ... and {len(ranked) - MOST} more classes"] if len(ranked) > MOST else []
    return table([("class", "name", "pixels", "share"), *rows], right=(0, 2, 3)) + rest if rows else []
