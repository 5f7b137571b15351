"""``cocoseg to-coco``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToCoco

Json = Annotated[str, typer.Argument(metavar="OUT.json", help="The JSON to write.", show_default=False)]


@conversion(ToCoco, Json)
def command() -> Callable[..., Any]:
    """Convert annotations to a detection JSON: RLE or polygons, area and bbox for each segment.

    The journal is in OUT.json.cocoseg.
    Run the same command again to resume; only changed images are converted again.

    Example: cocoseg to-coco panoptic.json instances.json --as polygons
    """
    from cocoseg.tools.coco import to_coco

    return to_coco
