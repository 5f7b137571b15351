"""Annotations to a folder for Hugging Face: the function behind ``cocoseg to-hf``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from cocoseg.errors import UsageError
from cocoseg.files.places import StrPath
from cocoseg.formats.huggingface import Pairs, table
from cocoseg.formats.parquet import Rows, check_installed, in_files, tables
from cocoseg.formats.stacks import NAMES, are_numbers, check_void, id2label
from cocoseg.labels.distinct import name_problems
from cocoseg.model import ImageId
from cocoseg.options import ToHf, takes
from cocoseg.runs.run import Work, run
from cocoseg.tools.handing_over import Handing, begin, shown, with_photos
from cocoseg.tools.running import running
from cocoseg.tools.stacks import HfSummary, ParquetSummary

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-hf"
PARQUET = "to-hf --parquet"  # what it writes is not to be mixed with the other

S = TypeVar("S", bound=HfSummary)


@takes(ToHf)
def to_hf(src: StrPath, out: StrPath, **options: Unpack[ToHf]) -> HfSummary:
    """Convert annotations and photos to an imagefolder, which ``datasets.load_dataset(out)`` loads.

    Each part has ``images``, ``labels`` and ``metadata.jsonl``: columns ``image``, ``label`` and ``image_id``.
    With ``task="panoptic"`` labels are numbers of segments, and the column ``segments`` has pairs of number and class,
    of which ``dict(row["segments"])`` is ``instance_id_to_semantic_id``. ``id2label.json`` has the classes' names.
    Photos are symbolic links, or copies with ``copy=True``. With ``parquet=True`` there are files such as
    ``train-00000-of-00002.parquet`` instead, which hold the same columns, photos and labels in them.

    Raises DocumentError, LabelError, UsageError before a file is written, OutputError where none can be written.

    >>> to_hf("fixtures/panoptic.json", "new-hf", photos="fixtures/photos", dry_run=True).images
    3
    """
    how = running(options)
    packed = options["parquet"]
    _check_shards(options)
    painting = with_photos(_begin(src, options), out, options, packed=packed)
    head = painting.head(shown(options, "task", *(("shards",) if packed else ())), {})
    files = {NAMES: id2label(painting.scheme)}
    ids = [entry.image_id for entry in painting.dataset.entries if entry.key]
    painting = replace(painting, said=(*painting.said, *_said(ids)))
    if packed:
        dataset = in_files(painting.dataset, options["shards"], how.limit)
        rows, tally = Rows(painting.scheme, options["task"]), _summary(painting, ParquetSummary)
        document = partial(tables, dataset, options["task"])
        return run(Work(PARQUET, dataset, rows, tally, out, head, document, files=files), how)
    convert, summary = Pairs(painting.scheme, options["task"], not are_numbers(ids)), _summary(painting, HfSummary)
    return run(Work(COMMAND, painting.dataset, convert, summary, out, head, table, files=files), how)


def _said(ids: Sequence[ImageId | None]) -> list[str]:
    """A note where numbers become texts, since some ids of images are texts, or too large for 64 bits."""
    numbers = sum(isinstance(number, int) for number in ids)
    if are_numbers(ids) or not numbers:
        return []
    return [f"all image ids are texts, {numbers:,} of them numbers in the source"]


def _summary(painting: Handing, kind: type[S]) -> S:
    summary = painting.summary(kind)
    summary.problems += name_problems(painting.scheme, NAMES)
    return summary


def _check_shards(options: ToHf) -> None:
    """Raises UsageError: ``usage.extra`` where pyarrow is missing, ``usage.shards`` for a number that means nothing."""
    if options["parquet"]:
        check_installed()
    elif options["shards"] is not None:
        text = f"shards is {options['shards']}, the number of Parquet files, of which none are written"
        raise UsageError("usage.shards", f"{text}; add --parquet")


def _begin(src: StrPath, options: ToHf) -> Handing:
    painting = begin(src, options)
    check_void(painting.scheme)
    return painting
