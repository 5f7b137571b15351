"""``cocoseg to-onehot``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToOneHot


@conversion(ToOneHot)
def command() -> Callable[..., Any]:
    """Convert annotations to one-hot arrays with a channel for each class index.

    Each image becomes OUT/<file_name>.npz. Void pixels are 0 in all channels. In Python, numpy.load(path)["onehot"]
    is the array. Run the same command again to resume; only changed images are converted again.

    Example: cocoseg to-onehot panoptic.json out/ --labels mask2former
    """
    from cocoseg.tools.onehot import to_onehot

    return to_onehot
