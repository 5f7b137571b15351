"""Options that several commands share, declared once, so that each means one thing everywhere."""

from __future__ import annotations

import os
from enum import Enum
from typing import Annotated, Optional

import typer


class OnError(str, Enum):
    """What an image that can't be converted costs."""

    skip = "skip"
    stop = "stop"


class Overlap(str, Enum):
    """Which of several masks a pixel goes to."""

    file = "file"
    area = "area"
    score = "score"
    void = "void"
    error = "error"


class Unlabelled(str, Enum):
    """What a pixel is that no mask covers."""

    background = "background"
    void = "void"


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Format(str, Enum):
    """What SRC is, where it is not recognised."""

    panoptic = "panoptic"
    coco = "coco"
    semantic = "semantic"
    two_channel = "two-channel"
    masks = "masks"


# Places are strings: a Path would make s3:/bucket of s3://bucket.
Src = Annotated[
    str,
    typer.Argument(
        metavar="SRC",
        help="A COCO JSON (panoptic, instances, stuff, results), or a folder of PNGs.",
        show_default=False,
    ),
]
Out = Annotated[str, typer.Argument(metavar="OUT", help="The folder to write to.", show_default=False)]
Labels = Annotated[
    str, typer.Option("--labels", metavar="PRESET|FILE", help="Label scheme: a preset ('cocoseg labels') or a file.")
]
Categories = Annotated[
    Optional[str],  # noqa: UP045  typer reads the annotation at run time, on Python 3.10 too
    typer.Option("--categories", metavar="FILE", help="Categories for a source that has none.", show_default=False),
]
PngDir = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--png-dir", metavar="DIR", help="Folder of the PNGs. [default: named as SRC]", show_default=False),
]
Images = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--images", metavar="FILE", help="The JSON that has the images of a results list or folder.", show_default=False
    ),
]
SourceLabels = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--source-labels", metavar="PRESET|FILE", help="The labels of class maps in SRC.", show_default=False),
]
Instances = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--instances", metavar="DIR", help="Folder of class maps' instance numbers.", show_default=False),
]
From = Annotated[
    Optional[Format],  # noqa: UP045
    typer.Option("--from", help="What SRC is. [default: what it looks like]", show_default=False),
]
OverlapPolicy = Annotated[
    Optional[Overlap],  # noqa: UP045
    typer.Option("--overlap", help="Masks that overlap: which is on top. [default: file]", show_default=False),
]
UnlabelledPolicy = Annotated[
    Optional[Unlabelled],  # noqa: UP045
    typer.Option("--unlabelled", help="Pixels of no mask. [default: as the file's kind]", show_default=False),
]
Workers = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option("--workers", metavar="N", min=1, help="Worker processes. [default: the cores]", show_default=False),
]
TimeLimit = Annotated[
    float, typer.Option("--time-limit", metavar="SECONDS", min=0.001, help="The longest that one image may take.")
]
Dask = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="Have a Dask cluster do the work: its scheduler's address, or scheduler file.",
        show_default=False,
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files in OUT that no run of cocoseg wrote.")]
ErrorPolicy = Annotated[OnError, typer.Option("--on-error", help="After an image that can't be converted.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
