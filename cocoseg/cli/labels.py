"""``cocoseg labels``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from cocoseg.cli import options
from cocoseg.options import Labelling, Reading, check_choice, given, part

if TYPE_CHECKING:
    from cocoseg.errors import Problem
    from cocoseg.labels import LabelScheme
    from cocoseg.model import Categories, Dataset

_STACKS = ("mmseg", "detectron2", "yolo", "hf")  # of labels/snippets.py


@options.command(Labelling, Reading)
def command(
    labels: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            metavar="[PRESET|FILE]",
            help="The scheme to print; without one, the presets are listed.",
            autocompletion=options.completing_presets,
        ),
    ] = None,
    src: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="[SRC]", help="The file or folder whose categories the scheme follows."),
    ] = None,
    *,
    json: Annotated[
        bool, typer.Option("--json", help="Print the scheme as a file that --labels reads, or the list as JSON.")
    ] = False,
    stack: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--as",
            metavar="|".join(_STACKS),
            help="Print what the configuration of a stack wants: classes, colours, what is ignored.",
            autocompletion=options.completing(_STACKS),
        ),
    ] = None,
    **given: Any,
) -> None:
    """List the label presets, or print one as a table.

    Example: cocoseg labels mask2former
    """
    from cocoseg.cli.printing import problem_lines, table

    check_choice("--as", stack, (None, *_STACKS), "as")
    if labels is None:
        _list_presets(json)
        return
    scheme = _scheme(labels, src, given)
    problems = [*scheme.problems, *(_said(scheme, stack) if stack else ())]
    for line in problem_lines("Warnings", problems, ""):
        typer.echo(line, err=True)
    if stack:
        from cocoseg.labels.snippets import snippet

        typer.echo(snippet(scheme, stack))
        return
    if json:
        from cocoseg.cli.streams import escaped_json
        from cocoseg.files.documents import write_json
        from cocoseg.labels.schemefile import scheme_dict

        typer.echo(escaped_json(write_json(scheme_dict(scheme)).decode()), nl=False)
        return
    rows = [(str(row.index), row.name, " ".join(map(str, row.category_ids))) for row in scheme.table]
    rows.append((str(scheme.void), "void", " ".join(map(str, scheme.ignored))))
    if scheme.outside not in (scheme.void, *(row.index for row in scheme.table)):
        rows.append((str(scheme.outside), "unlabelled", ""))
    typer.echo(f"{scheme.name}: {scheme.dtype.itemsize * 8} bits, crowd {scheme.crowd}, things {scheme.things}")
    typer.echo("\n".join(table([("class", "name", "category ids"), *rows], right=(0,))))


def _said(scheme: LabelScheme, stack: str) -> list[Problem]:
    from cocoseg.labels.snippets import snippet_problems

    return snippet_problems(scheme, stack)


def _list_presets(json: bool) -> None:
    """Print the names of the presets with their summaries, as a table or an object."""
    from cocoseg.cli.printing import as_json, table
    from cocoseg.labels import PRESETS

    rows = {name: preset.summary for name, preset in PRESETS.items()}
    typer.echo(as_json({"presets": rows}) if json else "\n".join(table([*rows.items()])))


def _scheme(labels: str, src: str | None, given: dict[str, Any]) -> LabelScheme:
    from cocoseg.errors import LabelError, show
    from cocoseg.tools.scheme import choose

    found = _described(src, part(Reading, given))
    try:
        return choose(labels, found, part(Labelling, given))
    except LabelError as error:
        if error.category != "doc.missing_key" or found:
            raise
        text = f"labels {show(labels)} follow the data set's categories, and SRC is missing"
        advice = f"name it, as in: cocoseg labels {labels} SRC, or give a file of categories with --categories"
        raise LabelError(error.category, f"{text}; {advice}") from None


def _described(src: str | None, reading: Reading) -> Dataset | Categories:
    """SRC, or only its categories if they are enough, so that its pictures may be missing."""
    from cocoseg.files.places import place
    from cocoseg.files.reading import read_file
    from cocoseg.formats.coco.reader import covers_all
    from cocoseg.formats.coco_json.categories import mark_roots, read_categories, used_ids
    from cocoseg.formats.detect import detect, is_folder
    from cocoseg.formats.reading import read
    from cocoseg.model import Categories, Conventions

    others = given(Reading, reading).keys() - {"categories", "images", "source_format"}
    if src is not None and (others or is_folder(place(src))):
        return read(src, **reading)
    path = reading["categories"] or reading["images"] or src
    found = read_categories(place(path)) if path else ()
    if (annotated := [place(name) for name in (src, reading["images"]) if name]) != [path and place(path)]:
        found = mark_roots(found, lambda: used_ids(map(read_file, annotated)))
    is_coco = src is not None and (reading["source_format"] or detect(src)) == "coco"
    return Categories(found, Conventions("background" if is_coco and not covers_all(found) else "unknown"))
