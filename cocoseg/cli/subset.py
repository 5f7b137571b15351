"""``cocoseg subset``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from cocoseg.cli.conversion import conversion
from cocoseg.options import Subsetting

Target = Annotated[str, typer.Argument(metavar="OUT", help="The JSON or the folder to write to.", show_default=False)]


@conversion(Subsetting, Target)
def command() -> Callable[..., Any]:
    """Write some of the images and classes; ids stay, and rows of a detection JSON too.

    Example: cocoseg subset instances.json cats.json --classes cat,dog --without-empty
    """
    from cocoseg.tools.subset import subset

    return subset
