"""``cocoseg to-panoptic``."""

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToPanoptic

TEXT = """Convert annotations to COCO panoptic: a JSON, and a PNG of segment ids for each image.

The JSON is OUT/panoptic.json; the pictures are OUT/panoptic/<file_name>.
Run the same command again to resume; only changed images are converted again.

Example: cocoseg to-panoptic instances.json out/ --stuff stuff.json
"""

command = conversion(
    "panoptic.to_panoptic",
    ToPanoptic,
    TEXT,
)
