"""``cocoseg labels``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from cocoseg.cli import options
from cocoseg.options import Reading, given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cocoseg.model import Category, Dataset


@options.command(Reading)
def command(
    labels: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="[PRESET|FILE]", help="The scheme to print; without one, the presets are listed."),
    ] = None,
    src: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="[SRC]", help="The file or folder whose categories the scheme follows."),
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print the scheme as a file that --labels reads.")] = False,
    keep_unused_roots: Annotated[
        bool,
        typer.Option(help="Give a class to categories that only group others and that no annotation has."),
    ] = False,
    **reading: Any,
) -> None:
    """List the label presets, or print one as a table.

    Example: cocoseg labels mask2former
    """
    from cocoseg.cli.report import problem_lines, table
    from cocoseg.labels import PRESETS, label_scheme

    if labels is None:
        typer.echo("\n".join(table([(name, preset.summary) for name, preset in PRESETS.items()])))
        return
    categories, background = _described(src, reading)
    scheme = label_scheme(labels, categories, background=background, keep_unused_roots=keep_unused_roots)
    for line in problem_lines("Warnings", scheme.problems, ""):
        typer.echo(line, err=True)
    if json:
        from cocoseg.files.documents import write_json
        from cocoseg.labels.schemefile import scheme_dict

        typer.echo(write_json(scheme_dict(scheme)).decode(), nl=False)
        return
    rows = [(str(row.index), row.name, " ".join(map(str, row.category_ids))) for row in scheme.table]
    rows.append((str(scheme.void), "void", " ".join(map(str, scheme.ignored))))
    if scheme.outside != scheme.void:
        rows.append((str(scheme.outside), "unlabelled", ""))
    typer.echo(f"{scheme.name}: {scheme.dtype.itemsize * 8} bits, crowd {scheme.crowd}, things {scheme.things}")
    typer.echo("\n".join(table([("class", "name", "category ids"), *rows], right=(0,))))


def _described(src: str | None, reading: dict[str, Any]) -> tuple[Dataset | Sequence[Category], bool | None]:
    """SRC, or only its categories if they are enough, so that its pictures may be missing; and if it has background."""
    from cocoseg.files.places import place
    from cocoseg.files.reading import read_file
    from cocoseg.formats.coco.reader import covers_all
    from cocoseg.formats.coco_json.categories import mark_roots, read_categories, used_ids
    from cocoseg.formats.detect import detect, is_folder
    from cocoseg.formats.reading import read

    others = given(Reading, reading).keys() - {"categories", "images", "source_format"}
    if src is not None and (others or is_folder(place(src))):
        return read(src, **reading), None
    path = reading["categories"] or reading["images"] or src
    found = read_categories(place(path)) if path else ()
    if (annotated := [place(name) for name in (src, reading["images"]) if name]) != [path and place(path)]:
        found = mark_roots(found, lambda: used_ids(map(read_file, annotated)))
    is_coco = src is not None and (reading["source_format"] or detect(src)) == "coco"
    return found, is_coco and not covers_all(found)
