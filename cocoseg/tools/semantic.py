"""Annotations to class maps: the guts of ``cocoseg to-semantic``."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Literal

from cocoseg.files.places import StrPath
from cocoseg.formats.maps.writer import ClassMaps
from cocoseg.labels import LabelScheme
from cocoseg.labels.scheme import Overlap
from cocoseg.runs.run import How, Work, run
from cocoseg.tools.scheme import Painting
from cocoseg.tools.sources import Source
from cocoseg.tools.summary import Summary

COMMAND = "to-semantic"


def to_semantic(
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
    workers: int | None = None,
    executor: Executor | None = None,
    overwrite: bool = False,
    on_error: Literal["skip", "stop"] = "skip",
    time_limit: float = 300.0,
    dry_run: bool = False,
    palette: bool = False,
    on_done: Callable[[Summary], None] | None = None,
) -> Summary:
    """Convert annotations to class maps ``out/<file_name>`` and a report ``out/cocoseg.json``.

    ``src`` is a panoptic JSON with its PNGs, a detection JSON (instances, stuff, LVIS, results), or a folder of label
    pictures; it, ``out`` and the other files may be URLs of storage that fsspec knows (``s3://bucket/folder``).
    ``categories`` to ``instances`` are as ``cocoseg.read`` has them, ``source_format`` its ``format``. ``overlap`` says
    which of several masks a pixel goes to, ``unlabelled`` what a pixel of none is, where the scheme is not to say it.
    An image that can't be converted is left out and named in the result's ``failures``; with ``on_error="stop"`` the
    first one ends the work. ``dry_run`` checks everything and writes nothing. ``on_done`` is called with the summary
    so far after each part, and no image may take more than ``time_limit`` seconds.

    The same call once more does what is left of one that was ended, and again what has changed. ``executor`` is
    anything that has ``submit`` and returns futures (Dask, MPI, loky, the standard pools), its workers on machines
    that see ``src`` and ``out`` under the same names; without it there are ``workers`` processes, or none but this.
    With more than one worker the call belongs under ``if __name__ == "__main__":`` where the platform starts
    processes afresh.

    Raises DocumentError, LabelError, UsageError before a picture is written, OutputError where none can be written.

    >>> to_semantic("fixtures/panoptic.json", "out", dry_run=True).images
    3
    """
    how = How(workers, executor, overwrite, on_error, time_limit, dry_run, on_done)
    source = Source(src, categories, images, png_dir, source_labels, instances, source_format)
    painting = Painting.begin(source, labels, overlap, unlabelled)
    scheme = painting.scheme
    convert = ClassMaps(scheme, scheme.palette if palette else ())
    head = painting.head({"palette": palette}, {"bits": 8 * scheme.dtype.itemsize})
    return run(Work(COMMAND, painting.dataset, convert, painting.summary(Summary), out, head), how)
