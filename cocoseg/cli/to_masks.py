"""``cocoseg to-masks``."""

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToMasks

TEXT = """Convert annotations to binary masks, one PNG for each segment.

Each image becomes a folder OUT/<image> of masks <id>_<class>.png, 0 and 255, with a table masks.json.
Run the same command again to resume; only changed images are converted again.

Example: cocoseg to-masks panoptic.json out/
"""

command = conversion(
    "masks.to_masks",
    ToMasks,
    TEXT,
)
