"""``cocoseg to-coco``."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from cocoseg.cli import options
from cocoseg.cli.conversion import conversion

if TYPE_CHECKING:
    from cocoseg.tools.coco import AnnotationSummary


class Shape(str, Enum):
    """What masks are written as."""

    rle = "rle"
    rle_list = "rle-list"
    polygons = "polygons"


@conversion
def command(
    src: options.Src,
    out: Annotated[str, typer.Argument(metavar="OUT.json", help="The JSON to write.", show_default=False)],
    source: dict[str, Any],
    how: dict[str, Any],
    segmentation: Annotated[Shape, typer.Option("--as", help="What masks are written as.")] = Shape.rle,
    things_only: Annotated[bool, typer.Option("--things-only", help="Leave out stuff.")] = False,
    stuff: Annotated[
        bool, typer.Option("--stuff", help="One annotation per class and image, as COCO-Stuff has them.")
    ] = False,
    simplify: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            "--simplify",
            metavar="PIXELS",
            min=0,
            help="Leave out corners of polygons that are off by no more; says what it costs.",
            show_default=False,
        ),
    ] = None,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Do not fill each polygon again to compare it with its mask.")
    ] = False,
) -> AnnotationSummary:
    """Convert annotations to a detection JSON: an RLE or a polygon, area and bbox for every segment.

    The journal is in OUT.json.cocoseg: with it the same command again goes on where it was ended.

    Example: cocoseg to-coco panoptic.json instances.json --as polygons
    """
    from cocoseg.tools.coco import to_coco

    own: dict[str, Any] = {"segmentation": segmentation, "things_only": things_only, "stuff": stuff}
    return to_coco(src, out, simplify=simplify, check=not no_check, **own, **source, **how)
