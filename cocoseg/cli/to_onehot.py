"""``cocoseg to-onehot``."""

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToOneHot

TEXT = """Convert annotations to one-hot arrays with a channel for each class index.

Each image becomes OUT/<file_name>.npz. Void pixels are 0 in all channels. In Python:
numpy.load("OUT/a.npz")["onehot"].
Run the same command again to resume; only changed images are converted again.

Example: cocoseg to-onehot panoptic.json out/ --labels mask2former
"""

command = conversion(
    "onehot.to_onehot",
    ToOneHot,
    TEXT,
)
