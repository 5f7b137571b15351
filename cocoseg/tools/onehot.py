"""Annotations to one-hot arrays: the guts of ``cocoseg to-onehot``."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from cocoseg.codecs.onehot import Layout
from cocoseg.errors import Problem, show
from cocoseg.files.places import StrPath
from cocoseg.formats.onehot import MEMBER, Dtype, Format, OneHots, file_name
from cocoseg.labels import LabelScheme
from cocoseg.labels.scheme import Overlap
from cocoseg.model import Dataset, Refused
from cocoseg.runs.run import How, Work, check_choice, run
from cocoseg.tools.scheme import Painting
from cocoseg.tools.sources import Source
from cocoseg.tools.summary import Summary

COMMAND = "to-onehot"


@dataclass
class OneHotSummary(Summary):
    """The result of a conversion to one-hot arrays: that of the class maps that they are made from."""

    makes: ClassVar[str] = "One-hot arrays"

    format: Format = field(default="npz", kw_only=True)

    def names(self, key: str) -> list[str]:
        """The file that is made of an image."""
        return [file_name(key, self.format)]


def to_onehot(
    src: StrPath,
    out: StrPath,
    *,
    labels: StrPath | LabelScheme = "index",
    overlap: Overlap | None = None,
    unlabelled: Literal["background", "void"] | None = None,
    categories: StrPath | None = None,
    images: StrPath | None = None,
    png_dir: StrPath | None = None,
    source_labels: StrPath | LabelScheme | None = None,
    instances: StrPath | None = None,
    source_format: str | None = None,
    layout: Layout = "hwc",
    dtype: Dtype = "uint8",
    void_channel: bool = False,
    format: Format = "npz",
    workers: int | None = None,
    executor: Executor | None = None,
    overwrite: bool = False,
    on_error: Literal["skip", "stop"] = "skip",
    time_limit: float = 300.0,
    dry_run: bool = False,
    on_done: Callable[[OneHotSummary], None] | None = None,
) -> OneHotSummary:
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
    how = How(workers, executor, overwrite, on_error, time_limit, dry_run, on_done)
    check_choice("layout", layout, ("hwc", "chw"))
    check_choice("dtype", dtype, ("uint8", "bool", "float32"))
    check_choice("format", format, ("npz", "npy"))
    source = Source(src, categories, images, png_dir, source_labels, instances, source_format)
    painting = Painting.begin(source, labels, overlap, unlabelled)
    dataset = _with_names_of_their_own(painting.dataset, format)
    convert = OneHots(painting.scheme, layout, dtype, void_channel, format)
    summary = replace(painting.summary(OneHotSummary), format=format)
    options = {"layout": layout, "dtype": dtype, "void_channel": void_channel, "format": format}
    head = painting.head(options, {"arrays": _about(convert)})
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
