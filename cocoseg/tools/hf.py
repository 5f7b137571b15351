"""Annotations to a folder for Hugging Face: the function behind ``cocoseg to-hf``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cocoseg.files.places import StrPath
from cocoseg.formats.huggingface import Pairs, table
from cocoseg.formats.stacks import NAMES, check_void, id2label
from cocoseg.options import ToHf, takes
from cocoseg.runs.run import Work, run
from cocoseg.tools.handing_over import begin, shown, with_photos
from cocoseg.tools.running import running
from cocoseg.tools.stacks import HfSummary

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-hf"


@takes(ToHf)
def to_hf(src: StrPath, out: StrPath, **options: Unpack[ToHf]) -> HfSummary:
    """Convert annotations and photos to an imagefolder, which ``datasets.load_dataset(out)`` loads.

    Each part has ``images``, ``labels`` and ``metadata.jsonl``: columns ``image``, ``label`` and ``image_id``.
    With ``task="panoptic"`` labels are numbers of segments, and the column ``segments`` has pairs of number and class,
    of which ``dict(row["segments"])`` is ``instance_id_to_semantic_id``. ``id2label.json`` has the classes' names.
    Photos are symbolic links, or copies with ``copy=True``.

    Raises DocumentError, LabelError, UsageError before a file is written, OutputError where none can be written.

    >>> to_hf("fixtures/panoptic.json", "new-hf", photos="fixtures/photos", dry_run=True).images
    3
    """
    how = running(options)
    painting = begin(src, options)
    check_void(painting.scheme)
    dataset, notes = with_photos(painting.dataset, out, options)
    summary = painting.summary(HfSummary)
    summary.notes += notes
    convert = Pairs(painting.scheme, options["task"])
    head = painting.head(shown(options, "task"), {})
    files = {NAMES: id2label(painting.scheme)}
    return run(Work(COMMAND, dataset, convert, summary, out, head, table, files=files), how)
