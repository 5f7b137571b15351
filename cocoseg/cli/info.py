"""``cocoseg info``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from cocoseg.cli import options
from cocoseg.errors import show
from cocoseg.options import Reading

if TYPE_CHECKING:
    from cocoseg.tools.info import Info


@options.command(Reading, options.Printing)
def command(src: options.Src, *, json: bool, quiet: bool, verbose: bool, **reading: Any) -> None:
    """Show what a file or folder holds: images, segments, categories, crowds, sizes, and what is missing.

    Example: cocoseg info panoptic.json
    """
    from cocoseg.tools.info import info

    found = info(src, **reading)
    if json:
        typer.echo(_as_json(found))
    else:
        _print(found, quiet, verbose)
    raise typer.Exit(1 if found.failures else 0)


def _print(info: Info, quiet: bool, verbose: bool) -> None:
    from cocoseg.cli.printing import MOST, print_lines, problem_lines

    most = None if verbose else MOST
    problems = problem_lines("Warnings", info.problems, most=most) + problem_lines("Refused", info.failures, most=most)
    print_lines(problems if quiet else [*_lines(info), *problems])


def _lines(info: Info) -> list[str]:
    from cocoseg.cli.printing import table
    from cocoseg.formats import FORMATS
    from cocoseg.native import missing
    from cocoseg.runs.tally import guess

    slower = "label pictures and polygons are read more slowly"
    things = sum(bool(category.isthing) for category in info.categories)
    stuff = sum(category.isthing is False for category in info.categories)
    kinds = f" ({things} things, {stuff} stuff)" if things or stuff else ""
    used = "" if info.segments is None else f", {len(info.used)} used"
    rows = [
        ("format", FORMATS[info.format].what + (f", split {show(info.split)[1:-1]}" if info.split else "")),
        *((name, value) for name, value in _layout(info) if value),
        ("images", f"{info.images:,}"),
        ("segments", "not counted, because that needs every picture" if info.segments is None else _segments(info)),
        ("categories", f"{len(info.categories)}{kinds}{used}"),
        ("sizes", _sizes(info)),
        *(("missing", text) for text in info.missing),
        *([("native", f"the native part {missing}, so that {slower}")] if missing else []),
    ]
    return [*guess(info.read_as), info.source, *table(rows)]


def _layout(info: Info) -> list[tuple[str, str]]:
    """Where labels, splits and photos are."""
    splits = ", ".join(f"{show(name)[1:-1]} {images:,}" for name, images in info.splits.items())
    return [("labels", info.labels), ("splits", splits), ("photos", show(info.photos, 300)[1:-1])]


def _segments(info: Info) -> str:
    return f"{info.segments:,}, {info.crowd:,} of them crowd"


def _sizes(info: Info) -> str:
    if not info.sizes:
        return "unknown"
    common = ", ".join(f"{height}×{width} ({count:,})" for (height, width), count in list(info.sizes.items())[:3])
    rest = f" and {len(info.sizes) - 3} more" if len(info.sizes) > 3 else ""
    return f"height×width {common}{rest}"


def _as_json(info: Info) -> str:
    from dataclasses import asdict

    from cocoseg.cli.printing import as_json

    sizes = [{"height": h, "width": w, "images": n} for (h, w), n in info.sizes.items()]
    return as_json(asdict(info) | {"sizes": sizes})
