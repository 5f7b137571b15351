"""``cocoseg to-onehot``."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cocoseg.cli import options
from cocoseg.cli.conversion import conversion

if TYPE_CHECKING:
    from cocoseg.tools.onehot import OneHotSummary


class Layout(str, Enum):
    """Where the channels stand."""

    hwc = "hwc"
    chw = "chw"


class Dtype(str, Enum):
    """What 0 and 1 are stored as."""

    uint8 = "uint8"
    bool = "bool"
    float32 = "float32"


class Format(str, Enum):
    """What kind of file an array is in."""

    npz = "npz"
    npy = "npy"


@conversion
def command(
    src: options.Src,
    out: options.Out,
    painted: dict[str, Any],
    source: dict[str, Any],
    how: dict[str, Any],
    layout: Annotated[Layout, typer.Option("--layout", help="(H, W, C) or (C, H, W).")] = Layout.hwc,
    dtype: Annotated[Dtype, typer.Option("--dtype", help="What 0 and 1 are stored as.")] = Dtype.uint8,
    void_channel: Annotated[
        bool, typer.Option("--void-channel", help="One more channel, the last, that is 1 where pixels are void.")
    ] = False,
    format: Annotated[
        Format, typer.Option("--format", help="Packed small, or as it lies in memory, to be mapped.")
    ] = Format.npz,
) -> OneHotSummary:
    """Convert annotations to one-hot arrays: OUT/<file_name>.npz, a channel for each class index.

    Void pixels are 0 in all channels. In Python: numpy.load("OUT/a.npz")["onehot"].

    Example: cocoseg to-onehot panoptic.json out/ --labels mask2former
    """
    from cocoseg.tools.onehot import to_onehot

    own: dict[str, Any] = {"layout": layout, "dtype": dtype, "void_channel": void_channel, "format": format}
    return to_onehot(src, out, **own, **painted, **source, **how)
