"""Images in another size: the function behind ``cocoseg resize``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cocoseg.errors import UsageError, show
from cocoseg.files.places import StrPath
from cocoseg.options import Resizing, takes
from cocoseg.reshaping.scaling import Scaling
from cocoseg.runs.tally import Tally
from cocoseg.tools.pieces import begin, size_of, write

if TYPE_CHECKING:
    from typing_extensions import Unpack

_KINDS = ("coco", "panoptic", "semantic")


@takes(Resizing)
def resize(src: StrPath, out: StrPath, **options: Unpack[Resizing]) -> Tally:
    """Write the images of ``src`` in another size to ``out``: all in one, or with a longer side of at most ``longest``.

    A pixel takes the label of the nearest one, by the rule of ``evaluate``, in masks as in pictures. Objects that lose
    all pixels are dropped and counted. Ids and names stay. Photos are scaled too, by Lanczos' filter, where ``photos``
    names their folder, or ``src`` does. In Python a size may be (height, width) too, or one number for both.

    Raises DocumentError, LabelError, UsageError before anything is written, OutputError where nothing can be written.

    >>> resize("fixtures/panoptic.json", "new-small", longest=4, dry_run=True).images
    3
    """
    given: Any = options
    to, size = given["to"], given["size"]
    if not (to is None or (isinstance(to, str) and to in _KINDS)):
        if size is not None or not any(letter.isdecimal() for letter in str(to)):
            raise UsageError("usage.to", f"to is {show(to)}, expected a size as 512x512, or coco, panoptic or semantic")
        to, size = None, size_of(to, "to")
    change = _scaling(size, given["longest"])
    said = {name: value for name, value in (("size", change.to), ("max", change.longest)) if value}
    begun = begin(src, out, {**given, "to": to}, to)
    return write(begun, out, given | {"to": to}, change, said)


def _scaling(size: Any, longest: int | None) -> Scaling:
    """Raises UsageError ``usage.size`` unless one of both is given."""
    if (size is None) == (longest is None):
        text = "give the new size, as --to 512x512, or the longest side, as --max 1024"
        raise UsageError("usage.size", f"{text}{'' if size is None else ', not both'}")
    return Scaling(None if size is None else size_of(size), longest)
