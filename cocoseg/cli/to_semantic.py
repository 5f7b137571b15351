"""``cocoseg to-semantic``."""

from __future__ import annotations

from typing import Annotated

import typer

from cocoseg.cli import options


def command(
    src: options.Src,
    out: options.Out,
    labels: options.Labels = "index",
    overlap: options.OverlapPolicy = None,
    unlabelled: options.UnlabelledPolicy = None,
    categories: options.Categories = None,
    images: options.Images = None,
    png_dir: options.PngDir = None,
    workers: options.Workers = None,
    dask: options.Dask = None,
    overwrite: options.Overwrite = False,
    on_error: options.ErrorPolicy = options.OnError.skip,
    time_limit: options.TimeLimit = 300.0,
    dry_run: options.DryRun = False,
    palette: Annotated[
        bool, typer.Option("--palette", help="Add the classes' colours as PNG palette; the indices stay.")
    ] = False,
    json: options.AsJson = False,
) -> None:
    """Convert annotations to class maps: OUT/<file_name>, a PNG of class indices.

    The same command again goes on where it was ended, and makes again what has changed.

    Example: cocoseg to-semantic panoptic.json out/ --labels mask2former
    """
    from cocoseg import parallel
    from cocoseg.cli.cluster import cluster
    from cocoseg.cli.progress import progress
    from cocoseg.cli.report import print_summary
    from cocoseg.tools.semantic import to_semantic

    parallel.tune_memory()
    with cluster(dask) as executor, progress() as on_done:
        summary = to_semantic(
            src,
            out,
            labels=labels,
            overlap=overlap.value if overlap else None,
            unlabelled=unlabelled.value if unlabelled else None,
            categories=categories,
            images=images,
            png_dir=png_dir,
            workers=workers or (None if executor else options.cores()),
            executor=executor,
            overwrite=overwrite,
            on_error=on_error.value,
            time_limit=time_limit,
            dry_run=dry_run,
            palette=palette,
            on_done=on_done,
        )
    print_summary(summary, None if dry_run else out, json)
    raise typer.Exit(1 if summary.failures else 0)
