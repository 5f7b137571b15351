"""The metadata of a COCO JSON and its images, which is copied to the output without validation.

    {"info": {"description", "year", ...}, "licenses": [{"id", "name", "url"}],
     "images": [{"license", "coco_url", "flickr_url", "date_captured", ...}]}

A sample carries its image's row undecoded; only writers of JSON parse it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import SampleError
from cocoseg.files.documents import NOT_A_NUMBER
from cocoseg.model import Sample

_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_ENCODER = msgspec.json.Encoder()
_BEGINS = {"info": b"{", "licenses": b"["}
_WRITTEN = ("id", "file_name", "height", "width")


class Described(msgspec.Struct):
    """A document with optional metadata."""

    info: Raw | UnsetType = UNSET
    licenses: Raw | UnsetType = UNSET

    @property
    def about(self) -> dict[str, bytes]:
        """The usable metadata: ``info`` if it is an object, ``licenses`` if it is a list."""
        found = _compact({name: raw for name in _BEGINS if (raw := getattr(self, name)) is not UNSET})
        return {name: text for name, text in found.items() if text.startswith(_BEGINS[name])}


def image_fields(row: Raw | None) -> dict[str, bytes]:
    """The fields of an image's row, except those that every writer sets. Raises SampleError ``json.depth``.

    >>> image_fields(Raw(b'{"id": 1, "license": 3, "width": 8}'))
    {'license': b'3'}
    """
    if row is None:
        return {}
    try:
        return _compact({name: raw for name, raw in _FIELDS.decode(row).items() if name not in _WRITTEN})
    except RecursionError:  # the call stack was less deep when the file was read
        raise SampleError("json.depth", "brackets are nested too deeply for an image's row") from None


def image_row(sample: Sample) -> bytes:
    """A sample's row of ``images`` as a line of JSON. Raises as ``image_fields`` does."""
    height, width = sample.size
    written = {"id": sample.image_id, "file_name": sample.file_name or sample.key, "height": height, "width": width}
    try:
        return _ENCODER.encode(written | {name: Raw(text) for name, text in image_fields(sample.row).items()})
    except SampleError as error:
        raise error.at(sample.place) from None


def _compact(found: Mapping[str, Raw]) -> dict[str, bytes]:
    """The values, each on one line without spaces. Values with NaN or infinity are left out, as JSON has neither."""
    texts = {name: msgspec.json.format(bytes(raw), indent=-1) for name, raw in found.items()}
    return {name: text for name, text in texts.items() if NOT_A_NUMBER.encode() not in text}
