"""``cocoseg to-semantic``."""

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToSemantic

TEXT = """Convert annotations to class maps, one PNG of class indices for each image.

Each image becomes OUT/<file_name>.
Run the same command again to resume; only changed images are converted again.

Example: cocoseg to-semantic panoptic.json out/ --labels mask2former
"""

command = conversion(
    "semantic.to_semantic",
    ToSemantic,
    TEXT,
)
