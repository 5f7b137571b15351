"""``cocoseg show``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.options import Showing


@conversion(Showing)
def command() -> Callable[..., Any]:
    """Draw the labels of each image on its photo, to look at them.

    Each image becomes OUT/<file_name>. Photos are where SRC says they are, or in --photos; else colours are on white.
    Run the same command again to resume; only changed images are drawn again.

    Example: cocoseg show panoptic.json shown/ --photos photos/ --legend
    """
    from cocoseg.tools.show import show

    return show
