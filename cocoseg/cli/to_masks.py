"""``cocoseg to-masks``."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from cocoseg.cli import options
from cocoseg.cli.conversion import conversion

if TYPE_CHECKING:
    from cocoseg.tools.masks import MaskSummary


class Stack(str, Enum):
    """How all masks of an image are put into one file."""

    npz = "npz"


@conversion
def command(
    src: options.Src,
    out: options.Out,
    source: dict[str, Any],
    how: dict[str, Any],
    stack: Annotated[
        Optional[Stack],  # noqa: UP045  typer reads the annotation at run time, on Python 3.10 too
        typer.Option("--stack", help="All masks of an image in one file. [default: a PNG each]", show_default=False),
    ] = None,
    things_only: Annotated[bool, typer.Option("--things-only", help="Leave out stuff.")] = False,
) -> MaskSummary:
    """Convert annotations to binary masks: OUT/<image>/<id>_<class>.png, 0 and 255, and masks.json beside them.

    The same command again goes on where it was ended, and makes again what has changed.

    Example: cocoseg to-masks panoptic.json out/
    """
    from cocoseg.tools.masks import to_masks

    own: dict[str, Any] = {"stack": stack, "things_only": things_only}
    return to_masks(src, out, **own, **source, **how)
