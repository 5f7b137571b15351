"""``cocoseg to-semantic``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cocoseg.cli import options
from cocoseg.cli.conversion import conversion

if TYPE_CHECKING:
    from cocoseg.tools.summary import Summary


@conversion
def command(
    src: options.Src,
    out: options.Out,
    painted: dict[str, Any],
    source: dict[str, Any],
    how: dict[str, Any],
    palette: Annotated[
        bool, typer.Option("--palette", help="Add the classes' colours as PNG palette; the indices stay.")
    ] = False,
) -> Summary:
    """Convert annotations to class maps: OUT/<file_name>, a PNG of class indices.

    The same command again goes on where it was ended, and makes again what has changed.

    Example: cocoseg to-semantic panoptic.json out/ --labels mask2former
    """
    from cocoseg.tools.semantic import to_semantic

    return to_semantic(src, out, palette=palette, **painted, **source, **how)
