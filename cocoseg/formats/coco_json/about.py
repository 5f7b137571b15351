"""The metadata of a COCO JSON and its images, which is copied to the output without validation.

    {"info": {"description", "year", ...}, "licenses": [{"id", "name", "url"}],
     "images": [{"license", "coco_url", "flickr_url", "date_captured", ...}]}

A sample carries its image's row undecoded; only writers of JSON parse it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import Problem, SampleError
from cocoseg.files.documents import NOT_A_NUMBER
from cocoseg.model import Sample

_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_ENCODER = msgspec.json.Encoder()
TILES = "tiles"  # what ``cocoseg tile`` says of all tiles
_BEGINS = {"info": b"{", "licenses": b"[", TILES: b"{"}
_WRITTEN = ("id", "file_name", "height", "width")
_OF_ANNOTATIONS = (
    *("id", "image_id", "category_id", "iscrowd", "area", "bbox", "segmentation", "segment_id", "score"),
)


class Described(msgspec.Struct):
    """A document with optional metadata."""

    info: Raw | UnsetType = UNSET
    licenses: Raw | UnsetType = UNSET
    tiles: Raw | UnsetType = UNSET
    fill: Raw | UnsetType = UNSET  # "opencv" in what ``to-coco --fill opencv`` wrote

    def fill_problems(self, source: str) -> tuple[Problem, ...]:
        """A warning if the polygons are for another fill than pycocotools', which is the one of all readers here."""
        if self.fill is UNSET or bytes(self.fill) != b'"opencv"':
            return ()
        what = "its polygons run through the centres of pixels, for tools that fill with OpenCV"
        advice = "here masks lack half a pixel all around: convert their source again without --fill opencv"
        return (Problem("poly.fill", f"{source}: {what}; {advice}"),)

    @property
    def about(self) -> dict[str, bytes]:
        """The usable metadata: ``info`` and ``tiles`` if they are objects, ``licenses`` if it is a list."""
        found = compact({name: raw for name in _BEGINS if (raw := getattr(self, name)) is not UNSET})
        return {name: text for name, text in found.items() if text.startswith(_BEGINS[name])}


def image_fields(row: Raw | None) -> dict[str, bytes]:
    """The fields of an image's row, except those that every writer sets. Raises SampleError ``json.depth``.

    >>> image_fields(Raw(b'{"id": 1, "license": 3, "width": 8}'))
    {'license': b'3'}
    """
    return _others(row, _WRITTEN, "an image's")


def annotation_fields(row: Raw, has_pixels: bool) -> dict[str, bytes]:
    """The fields of an annotation's row, except those that are computed. Raises SampleError ``json.depth``.

    A mask without a pixel has no box and area of its own, so those of the row stay.

    >>> annotation_fields(Raw(b'{"id": 1, "bbox": [1, 2, 3, 4], "track_id": 7}'), True)
    {'track_id': b'7'}
    """
    written = _OF_ANNOTATIONS if has_pixels else tuple(name for name in _OF_ANNOTATIONS if name not in ("bbox", "area"))
    return _others(row, written, "an annotation's")


def _others(row: Raw | None, written: Collection[str], whose: str) -> dict[str, bytes]:
    """The fields of a row except ``written``. Raises SampleError ``json.depth``."""
    if row is None:
        return {}
    try:
        return compact({name: raw for name, raw in _FIELDS.decode(row).items() if name not in written})
    except RecursionError:  # the call stack was less deep when the file was read
        raise SampleError("json.depth", f"brackets are nested too deeply for {whose} row") from None


def image_row(sample: Sample) -> bytes:
    """A sample's row of ``images`` as a line of JSON. Raises as ``image_fields`` does."""
    height, width = sample.size
    written = {"id": sample.image_id, "file_name": sample.file_name or sample.key, "height": height, "width": width}
    try:
        return _ENCODER.encode(written | {name: Raw(text) for name, text in image_fields(sample.row).items()})
    except SampleError as error:
        raise error.at(sample.place) from None


def compact(found: Mapping[str, Raw]) -> dict[str, bytes]:
    """The values, each on one line without spaces. Values with NaN or infinity are left out, as JSON has neither."""
    texts = {name: _on_one_line(bytes(raw)) for name, raw in found.items()}
    return {name: text for name, text in texts.items() if NOT_A_NUMBER.encode() not in text}


def _on_one_line(text: bytes) -> bytes:
    """A value without spaces; only lists and objects have any outside their strings."""
    return msgspec.json.format(text, indent=-1) if text.startswith((b"[", b"{")) else text
