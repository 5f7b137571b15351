"""``cocoseg split``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.options import Splitting


@conversion(Splitting)
def command() -> Callable[..., Any]:
    """Divide the images into parts, by their names: an added image moves no other.

    OUT gets NAME.json for each part of a detection JSON, else a folder NAME.

    Example: cocoseg split instances.json parts --parts train=.8,val=.2
    """
    from cocoseg.tools.split import split

    return split
