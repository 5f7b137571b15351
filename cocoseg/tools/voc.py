"""Annotations to Pascal VOC: the function behind ``cocoseg to-voc``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cocoseg.files.places import StrPath
from cocoseg.formats.voc import COLORS, NAMES, Pictures, check_numbers, class_names, label_map, lists
from cocoseg.labels import LabelScheme
from cocoseg.labels.distinct import name_problems
from cocoseg.labels.presets import BACKGROUND, BACKGROUND_NAMES
from cocoseg.options import ToVoc, takes
from cocoseg.runs.run import Work, run
from cocoseg.tools.handing_over import Handing, begin, shown, with_photos
from cocoseg.tools.running import running
from cocoseg.tools.stacks import VocSummary

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-voc"


@takes(ToVoc)
def to_voc(src: StrPath, out: StrPath, **options: Unpack[ToVoc]) -> VocSummary:
    """Convert annotations to Pascal VOC: ``SegmentationClass``, ``SegmentationObject``, lists, and links to photos.

    Classes are 1..C, 0 is background, 255 void, in VOC's own colours; ``class_names.txt`` names them, and so does
    ``labelmap.txt``, which CVAT and Datumaro read. Objects are numbered from 1; stuff is an object too, and so is a
    crowd. Without a folder of photos only labels are written.

    Raises DocumentError, LabelError, UsageError before a picture is written, OutputError where none can be written.

    >>> to_voc("fixtures/panoptic.json", "new-voc", dry_run=True).segments
    11
    """
    how = running(options)
    painting = _with_background(begin(src, options), options["labels"])
    check_numbers(painting.scheme)
    painting = with_photos(painting, out, options, needed=False, whole=True)
    summary = painting.summary(VocSummary)
    head = painting.head(shown(options), {})
    files, colors = {NAMES: class_names(painting.scheme)}, label_map(painting.scheme)
    if colors is None:
        summary.notes.append(
            f"{COLORS} is not written, as a class has a colon, a line break or # in its name, or is called ignored"
        )
    else:
        files[COLORS] = colors
        summary.problems += name_problems(painting.scheme, COLORS)
    return run(Work(COMMAND, painting.dataset, Pictures(painting.scheme), summary, out, head, lists, files=files), how)


def _with_background(painting: Handing, labels: object) -> Handing:
    """``index`` counted from 1, with 0 for background; what is unknown in the source stays void."""
    scheme = painting.scheme
    if labels != "index" or _has_background(scheme):
        return painting
    classes = (BACKGROUND, *(replace(row, index=row.index + 1) for row in scheme.classes))
    return replace(painting, scheme=replace(scheme, classes=classes))


def _has_background(scheme: LabelScheme) -> bool:
    return any(row.index == 0 and row.name.lower() in BACKGROUND_NAMES for row in scheme.table)
