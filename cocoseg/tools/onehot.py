"""Annotations to one-hot arrays: the function behind ``cocoseg to-onehot``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from cocoseg.files.places import StrPath
from cocoseg.formats.onehot import MEMBER, Format, OneHots, file_name
from cocoseg.options import Reading, ToOneHot, part, takes
from cocoseg.runs.run import Work, run
from cocoseg.tools.running import running
from cocoseg.tools.scheme import Painting
from cocoseg.tools.sources import Source
from cocoseg.tools.summary import Summary

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-onehot"


@dataclass
class OneHotSummary(Summary):
    """The result of a conversion to one-hot arrays. The counts are those of the class maps behind the arrays."""

    makes: ClassVar[str] = "One-hot arrays"

    format: Format = field(default="npz", kw_only=True)

    def names(self, key: str) -> list[str]:
        """The file that is made of an image."""
        return [file_name(key, self.format)]


@takes(ToOneHot)
def to_onehot(src: StrPath, out: StrPath, **options: Unpack[ToOneHot]) -> OneHotSummary:
    """Convert annotations to one-hot arrays ``out/<file_name>``, .npz for .png, and a report ``out/cocoseg.json``.

    ``numpy.load(path)["onehot"]`` is an array (H, W, C), or (C, H, W) with ``layout="chw"``. It is 1 in the channel of
    each pixel's class index, and C is the highest index plus one. Void pixels are 0 in all channels, even if void is
    one of the indices; ``void_channel`` adds a last channel for them. The report names the channels. With
    ``format="npy"`` the file is the array itself, for ``numpy.load(path, mmap_mode="r")``. The class maps are those of
    ``to_semantic``.

    For a .npy every worker needs the memory of one array; a .npz needs less.

    Raises DocumentError, LabelError, UsageError before an array is written, OutputError where none can be written.

    >>> to_onehot("fixtures/panoptic.json", "new-arrays", dry_run=True).images
    3
    """
    how = running(options)
    layout, dtype, format = options["layout"], options["dtype"], options["format"]
    source = Source(src, part(Reading, options))
    painting = Painting.begin(source, options)
    convert = OneHots(painting.scheme, layout, dtype, options["void_channel"], format)
    summary = replace(painting.summary(OneHotSummary), format=format)
    own = {"layout": layout, "dtype": dtype, "void_channel": convert.void_channel, "format": format}
    head = painting.head(own, {"arrays": _about(convert)})
    return run(Work(COMMAND, painting.dataset, convert, summary, out, head), how)


def _about(convert: OneHots) -> dict[str, Any]:
    """The layout of the arrays, for the report."""
    return {
        "name": MEMBER if convert.format == "npz" else None,
        "layout": convert.layout,
        "dtype": convert.dtype,
        "channels": convert.channels,
        "void": len(convert.channels) - 1 if convert.void_channel else None,
    }
