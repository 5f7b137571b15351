"""``cocoseg labels``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from cocoseg.cli.options import with_options
from cocoseg.options import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cocoseg.model import Category, Dataset


@with_options(Reading)
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
    from cocoseg.labels import PRESETS, label_scheme

    if labels is None:
        typer.echo("\n".join(table([(name, preset.summary) for name, preset in PRESETS.items()])))
        return
    scheme = label_scheme(labels, _followed(src, reading))
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


def _followed(src: str | None, reading: dict[str, Any]) -> Dataset | Sequence[Category]:
    """The data set that the scheme follows, or the categories of a file where there is no SRC."""
    from cocoseg.files.places import place
    from cocoseg.formats.coco_json.categories import read_categories
    from cocoseg.formats.reading import read

    if src is not None:
        return read(src, **reading)
    path = reading["categories"] or reading["images"]
    return read_categories(place(path)) if path else ()
