"""Annotations to class maps: the guts of ``cocoseg to-semantic``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from cocoseg import parallel
from cocoseg.errors import DocumentError, LabelError, OutputError, Problem, SampleError, UsageError, show
from cocoseg.files.documents import write_json
from cocoseg.files.names import REPORT
from cocoseg.files.writing import Folder, same_place
from cocoseg.formats import read
from cocoseg.formats.classmap import ClassMapWriter, lost
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.labels.presets import PICTURES_ONLY
from cocoseg.labels.scheme import Overlap
from cocoseg.labels.schemefile import scheme_dict
from cocoseg.model import Dataset
from cocoseg.tools.summary import Summary
from cocoseg.version import __version__

StrPath = str | os.PathLike[str]


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
    workers: int = 1,
    overwrite: bool = False,
    on_error: Literal["skip", "stop"] = "skip",
    dry_run: bool = False,
    palette: bool = False,
    on_done: Callable[[Summary], None] | None = None,
) -> Summary:
    """Convert annotations to class maps ``out/<file_name>`` and a report ``out/cocoseg.json``.

    ``src`` is a panoptic JSON with its PNGs, or a detection JSON (instances, stuff, LVIS, results). ``overlap`` says
    which of several masks a pixel goes to, ``unlabelled`` what a pixel of none is, where the scheme is not to say it.
    An image that can't be converted is left out and named in the result's ``failures``; with ``on_error="stop"`` the
    first one ends the work. ``dry_run`` checks everything and writes nothing. ``on_done`` is called with the summary
    so far after each part. With more than one worker the call belongs under ``if __name__ == "__main__":`` where the
    platform starts processes afresh.

    Raises DocumentError, LabelError, UsageError before a picture is written, OutputError where none can be written.

    >>> to_semantic("fixtures/panoptic.json", "out", dry_run=True).images
    3
    """
    started = time.monotonic()
    if workers < 1:
        raise UsageError("usage.workers", f"workers is {workers}, expected at least 1")
    _check_choice("on_error", on_error, ("skip", "stop"))
    _check_choice("unlabelled", unlabelled, ("background", "void"))
    dataset = read(src, png_dir=png_dir, categories=categories, images=images)
    scheme = _scheme(labels, dataset, overlap, unlabelled)
    scheme_file = labels if isinstance(labels, str | os.PathLike) and os.path.isfile(labels) else None
    sources = [path for path in (src, categories, images, scheme_file) if path is not None]
    _check_places(dataset, sources, out)
    colors = scheme.palette if palette else ()
    folder = None if dry_run else Folder.create(out)
    writer = ClassMapWriter(folder, scheme, colors, overwrite, on_error == "stop")
    summary = Summary(scheme, len(dataset), problems=[*dataset.problems, *scheme.problems])
    pieces = parallel.parts(dataset, workers)
    with closing(parallel.run(writer, pieces, workers=workers, lost=lost)) as results:
        for place, rows in results:
            summary.add(place, rows)
            if on_done:
                on_done(summary)
            if on_error == "stop" and any(row.failure for row in rows):
                break
    summary.close(time.monotonic() - started)
    if folder:
        options = {"labels": scheme.name, "overlap": scheme.overlap, "unlabelled": unlabelled, "palette": palette}
        _save_report(folder, summary, write_json(_report(summary, sources, options)))
    return summary


def _scheme(
    labels: StrPath | LabelScheme,
    dataset: Dataset,
    overlap: Overlap | None,
    unlabelled: Literal["background", "void"] | None,
) -> LabelScheme:
    background = None if unlabelled is None else unlabelled == "background"
    try:
        if labels in PICTURES_ONLY and dataset.folder is None:
            raise DocumentError("doc.kind", f"labels {labels!r} are for panoptic files; use cocostuff-helper here")
        scheme = label_scheme(labels, dataset, background=background)
        if unlabelled is not None:
            scheme = scheme.with_unlabelled(unlabelled)
        return scheme if overlap is None else replace(scheme, overlap=overlap)
    except (LabelError, DocumentError) as error:
        raise error.at(dataset.source) from None


def _check_places(dataset: Dataset, sources: list[StrPath], out: StrPath) -> None:
    """Refuse to write among the sources."""
    if dataset.folder is not None and same_place(dataset.folder, out):
        raise UsageError(
            "out.is_input",
            f"OUT {show(os.fspath(out), 300)} and the PNGs' folder {show(dataset.folder, 300)} lie in one another, so "
            "that sources could be overwritten; choose another OUT",
        )
    if inside := next((path for path in sources if Path(path).resolve().is_relative_to(Path(out).resolve())), None):
        raise UsageError(
            "out.is_input",
            f"{show(os.fspath(inside), 300)} lies in OUT {show(os.fspath(out), 300)}, so that it could be overwritten; "
            "choose another OUT",
        )


def _check_choice(option: str, value: object, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise UsageError(f"usage.{option}", f"{option} is {show(value)}, expected one of {', '.join(allowed)}")


def _save_report(folder: Folder, summary: Summary, data: bytes) -> None:
    """Write the report, but not over that of other class maps which stay in the folder."""
    stays = any(failure.category == "out.exists" for failure in summary.failures)
    if stays and os.path.exists(os.path.join(folder.root, REPORT)):
        text = f"{REPORT} is left as it was, for the class maps of an earlier run stay; use --overwrite to replace them"
        summary.problems.append(Problem("out.exists", text))
        return
    try:
        folder.write(REPORT, data, overwrite=True)
    except SampleError as error:
        raise OutputError("out.write", error.message) from None


def _report(summary: Summary, sources: list[StrPath], options: dict[str, Any]) -> dict[str, Any]:
    scheme = summary.scheme
    return {
        "cocoseg": __version__,
        "command": "to-semantic",
        "options": options,
        "sources": [{"name": Path(path).name, "bytes": Path(path).stat().st_size} for path in sources],
        "bits": 8 * scheme.dtype.itemsize,
        "labels": scheme_dict(scheme) | {"void": scheme.void, "unlabelled": scheme.outside},
        **summary.as_dict(),
    }
