"""``cocoseg to-coco``."""

from typing import Annotated

import typer

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToCoco

TEXT = """Convert annotations to a detection JSON: RLE or polygons, area and bbox for each segment.

The journal is in OUT.json.cocoseg.
Run the same command again to resume; only changed images are converted again.

Example: cocoseg to-coco panoptic.json instances.json --as polygons
"""

command = conversion(
    "coco.to_coco",
    ToCoco,
    TEXT,
    Annotated[str, typer.Argument(metavar="OUT.json", help="The JSON to write.", show_default=False)],
)
