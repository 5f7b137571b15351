"""``cocoseg labels``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from cocoseg.cli import options
from cocoseg.options import Reading, given

if TYPE_CHECKING:
    from cocoseg.labels import LabelScheme


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
    **reading: Any,
) -> None:
    """List the label presets, or print one as a table.

    Example: cocoseg labels mask2former
    """
    from cocoseg.cli.report import table
    from cocoseg.labels import PRESETS

    if labels is None:
        typer.echo("\n".join(table([(name, preset.summary) for name, preset in PRESETS.items()])))
        return
    scheme = _scheme(labels, src, reading)
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


def _scheme(labels: str, src: str | None, reading: dict[str, Any]) -> LabelScheme:
    """The scheme for SRC. If its categories are enough, only they are read, so that its pictures may be missing."""
    from cocoseg.files.places import place
    from cocoseg.formats.coco.reader import covers_all
    from cocoseg.formats.coco_json.categories import read_categories
    from cocoseg.formats.detect import detect, is_folder
    from cocoseg.formats.reading import read
    from cocoseg.labels import label_scheme

    others = given(Reading, reading).keys() - {"categories", "images", "source_format"}
    if src is not None and (others or is_folder(place(src))):
        return label_scheme(labels, read(src, **reading))
    path = reading["categories"] or reading["images"] or src
    found = read_categories(place(path)) if path else ()
    is_coco = src is not None and (reading["source_format"] or detect(src)) == "coco"
    return label_scheme(labels, found, background=is_coco and not covers_all(found))
