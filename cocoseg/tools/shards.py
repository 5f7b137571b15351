"""Annotations and photos to tars: the function behind ``cocoseg to-shards``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace as with_fields

from cocoseg.files.places import StrPath
from cocoseg.formats.shards import Members, sharded, tars
from cocoseg.formats.stacks import NAMES, check_void, id2label
from cocoseg.labels.distinct import name_problems
from cocoseg.model import Dataset
from cocoseg.model.parts import fraction
from cocoseg.options import ToShards, takes
from cocoseg.runs.run import Work, run
from cocoseg.tools.handing_over import begin, with_photos
from cocoseg.tools.running import running
from cocoseg.tools.stacks import HfSummary

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-shards"


@dataclass
class ShardSummary(HfSummary):
    """The result of ``to_shards``."""

    makes: ClassVar[str] = "Tars, id2label.json"


@takes(ToShards)
def to_shards(src: StrPath, out: StrPath, **options: Unpack[ToShards]) -> ShardSummary:
    """Pack photos and labels into tars ``out/<part>-<number>.tar``, which WebDataset and ``ShardDataset`` read.

    An image has members ``<name>.jpg`` (the photo as it is), ``<name>.seg.png`` and ``<name>.json`` with its id. Labels
    are those of ``to_hf``. An image goes to a tar by a hash of its name; the same images make the same bytes.

    Raises DocumentError, LabelError, UsageError before a file is written, OutputError where none can be written.

    >>> to_shards("fixtures/panoptic.json", "new-shards", photos="fixtures/photos", shards=2, dry_run=True).images
    3
    """
    how = running(options)
    painting = begin(src, options)
    check_void(painting.scheme)
    painting = with_photos(painting, out, options, packed=True)
    summary = painting.summary(ShardSummary)
    summary.problems += name_problems(painting.scheme, NAMES)
    convert = Members(painting.scheme, options["task"])
    head = painting.head({name: options[name] for name in ("task", "shards", "parts")}, {})
    files = {NAMES: id2label(painting.scheme)}
    dataset = _sharded(painting.dataset, options["shards"])
    return run(Work(COMMAND, dataset, convert, summary, out, head, tars, files=files), how)


def _share(name: str) -> float:
    return fraction(f"shard {name}")  # else shards and parts would go by the same number


def _sharded(dataset: Dataset, count: int) -> Dataset:
    """The data set tar by tar."""
    keyed = (with_fields(row, key=sharded(row.key, count, _share) if row.key else "") for row in dataset.entries)
    return replace(dataset, entries=sorted(keyed, key=lambda row: row.key.partition("/")[0]))
