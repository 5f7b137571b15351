"""``cocoseg to-panoptic``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from cocoseg.cli import options
from cocoseg.cli.conversion import conversion

if TYPE_CHECKING:
    from cocoseg.tools.panoptic import PanopticSummary


@conversion
def command(
    src: options.Src,
    out: options.Out,
    source: dict[str, Any],
    how: dict[str, Any],
    stuff: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--stuff", metavar="FILE", help="The JSON with the stuff, below SRC's instances.", show_default=False
        ),
    ] = None,
    overlap: options.OverlapPolicy = None,
) -> PanopticSummary:
    """Convert annotations to COCO panoptic: OUT/panoptic.json and a picture of ids OUT/panoptic/<file_name> each.

    The same command again goes on where it was ended, and makes again what has changed.

    Example: cocoseg to-panoptic instances.json out/ --stuff stuff.json
    """
    from cocoseg.tools.panoptic import to_panoptic

    own: dict[str, Any] = {"stuff": stuff, "overlap": overlap}
    return to_panoptic(src, out, **own, **source, **how)
