"""Annotations to one-hot arrays: the function behind ``cocoseg to-onehot``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from cocoseg.errors import Problem, show
from cocoseg.files.places import StrPath
from cocoseg.formats.onehot import MEMBER, Format, OneHots, file_name
from cocoseg.model import Dataset, Refused
from cocoseg.options import Reading, ToOneHot, documented, part
from cocoseg.runs.run import Work, run
from cocoseg.tools.running import checked, running
from cocoseg.tools.scheme import Painting
from cocoseg.tools.sources import Source
from cocoseg.tools.summary import Summary

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-onehot"


@dataclass
class OneHotSummary(Summary):
    """The result of a conversion to one-hot arrays: that of the class maps that they are made from."""

    makes: ClassVar[str] = "One-hot arrays"

    format: Format = field(default="npz", kw_only=True)

    def names(self, key: str) -> list[str]:
        """The file that is made of an image."""
        return [file_name(key, self.format)]


@documented(ToOneHot)
def to_onehot(src: StrPath, out: StrPath, **options: Unpack[ToOneHot]) -> OneHotSummary:
    """Convert annotations to one-hot arrays ``out/<file_name>``, .npz for .png, and a report ``out/cocoseg.json``.

    ``numpy.load(path)["onehot"]`` is an array (H, W, C) or (C, H, W), as ``layout`` says, of ``dtype``, 1 in the
    channel of each pixel's class index: C is the highest index and one. Void pixels are 0 in all channels, also where
    void is one of the indices; with ``void_channel`` there is one more at the end, and they are 1 there. The report
    names the channels. With ``format="npy"`` the file is the array, for ``numpy.load(path, mmap_mode="r")``. All else
    is as ``to_semantic`` has it, whose class maps these are.

    A .npy takes the memory of one array in every worker, a .npz less than that.

    Raises DocumentError, LabelError, UsageError before an array is written, OutputError where none can be written.

    >>> to_onehot("fixtures/panoptic.json", "out", dry_run=True).images
    3
    """
    given = checked(ToOneHot, options)
    how = running(given)
    layout, dtype, format = given["layout"], given["dtype"], given["format"]
    source = Source(src, part(Reading, given))
    painting = Painting.begin(source, given)
    dataset = _with_names_of_their_own(painting.dataset, format)
    convert = OneHots(painting.scheme, layout, dtype, given["void_channel"], format)
    summary = replace(painting.summary(OneHotSummary), format=format)
    own = ("layout", "dtype", "void_channel", "format")
    head = painting.head({name: value for name, value in given.items() if name in own}, {"arrays": _about(convert)})
    return run(Work(COMMAND, dataset, convert, summary, out, head), how)


def _about(convert: OneHots) -> dict[str, Any]:
    """What is in the arrays, for the report."""
    return {
        "name": MEMBER if convert.format == "npz" else None,
        "layout": convert.layout,
        "dtype": convert.dtype,
        "channels": convert.channels,
        "void": len(convert.channels) - 1 if convert.void_channel else None,
    }


def _with_names_of_their_own(dataset: Dataset, format: Format) -> Dataset:
    """The data set without images whose file would be another's: ``a`` where there is ``a.png``."""
    keys = {entry.key for entry in dataset.entries}
    if all(key.endswith(".png") or f"{key}.png" not in keys for key in keys):
        return dataset

    def row(entry: Any) -> Any:
        if isinstance(entry, Refused) or entry.key.endswith(".png") or f"{entry.key}.png" not in keys:
            return entry
        found = f"{show(entry.key)} and {show(entry.key + '.png')} would both be {show(file_name(entry.key, format))}"
        text = f"{dataset.load.place(entry)}: {found}; rename one"
        return Refused(entry.place, Problem("path.collision", text), entry.key)

    return replace(dataset, entries=[row(entry) for entry in dataset.entries])
