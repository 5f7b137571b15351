"""``cocoseg labels``."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from cocoseg.cli import options


def command(
    labels: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="[PRESET|FILE]", help="The scheme to print; without one the presets are listed."),
    ] = None,
    src: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="[SRC]", help="The annotation file whose categories the scheme follows."),
    ] = None,
    categories: options.Categories = None,
    images: options.Images = None,
    json: Annotated[bool, typer.Option("--json", help="Print the scheme as a file that --labels reads.")] = False,
) -> None:
    """List the label presets, or print one as a table.

    Example: cocoseg labels mask2former
    """
    from cocoseg.cli.report import table
    from cocoseg.files.places import place
    from cocoseg.formats.coco.reader import covers_all
    from cocoseg.formats.coco_json.categories import read_categories
    from cocoseg.formats.detect import detect
    from cocoseg.labels import PRESETS, label_scheme

    if labels is None:
        typer.echo("\n".join(table([(name, preset.summary) for name, preset in PRESETS.items()])))
        return
    path = categories or images or src
    found = () if path is None else read_categories(place(path))
    background = src is not None and detect(src) == "coco" and not covers_all(found)
    scheme = label_scheme(labels, found, background=background)
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
