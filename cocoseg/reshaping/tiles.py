"""Where tiles lie in an image, what they are called, and what their rows say of the image that they are of.

    {"id": 139000002, "file_name": "a_y0_x1792.jpg", "height": 1024, "width": 1024,
     "tile": {"image_id": 139, "file_name": "a.jpg", "size": [2048, 3000], "offset": [0, 1792]}}

``size`` is (height, width) and ``offset`` (y, x). A tile of a tile has the ``tile`` of that as ``of``.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from msgspec import Raw

from cocoseg.codecs.ragged import Ints
from cocoseg.codecs.windows import Size, Windows
from cocoseg.errors import SampleError
from cocoseg.files.names import png_name, stem
from cocoseg.formats.coco_json.about import image_fields
from cocoseg.model import ImageId, Sample

MOST = 1_000_000  # tiles of one image
_LARGEST = 2**53 // MOST  # id of an image whose tiles have numbers that JSON readers hold exactly


def windows_of(size: Size, side: Size, overlap: int) -> Windows:
    """The windows of an image of ``size``: every pixel is in one, and the last ones are shifted inwards.

    An image that is smaller than ``side`` (height, width) has windows as high or as wide as itself.

    >>> [part.tolist() for part in windows_of((10, 3), (4, 4), 1)[:2]]
    [[0, 3, 6], [0]]
    """
    height, width = min(side[0], size[0]), min(side[1], size[1])
    return Windows(_firsts(size[0], height, overlap), _firsts(size[1], width, overlap), (height, width))


def _firsts(length: int, side: int, overlap: int) -> Ints:
    if side == length:
        return np.zeros(1, np.int64)
    step = side - overlap
    count = -(-(length - side) // step) + 1
    return np.minimum(np.arange(count) * step, length - side)


def check_number(windows: Windows) -> None:
    """Raises SampleError ``limit.tiles`` for more tiles than an image may have."""
    if len(windows) > MOST:
        text = f"{len(windows):,} tiles, expected at most {MOST:,}; ask for larger tiles or less overlap"
        raise SampleError("limit.tiles", text)


def tile_id(image_id: ImageId, number: int, ends: str) -> ImageId:
    """The id of tile ``number``, which no other tile of the data set has, whatever images there are beside it.

    >>> tile_id(139, 2, "_y0_x1792"), tile_id("b", 2, "_y0_x1792")
    (139000002, 'b_y0_x1792')
    """
    if isinstance(image_id, int) and 0 <= image_id < _LARGEST:
        return image_id * MOST + number
    return f"{image_id}{ends}"


def tile_names(sample: Sample, offset: tuple[int, int], ending: str) -> tuple[str, str]:
    """The key and the file_name of a tile. With an ``ending``, that of a photo, both are called alike."""
    ends = "_y{}_x{}".format(*offset)
    key = png_name(f"{stem(sample.key)}{ends}")
    if ending:
        return key, f"{stem(sample.key)}{ends}{ending}"
    name = sample.file_name or sample.key
    return key, f"{stem(name)}{ends}{name[len(stem(name)) :]}"


def tile_row(sample: Sample, offset: tuple[int, int], fields: dict[str, Raw]) -> Raw:
    """The row of a tile as a JSON lists it, but for what every writer sets. ``fields`` are those of the image."""
    name = sample.file_name or sample.key
    about: dict[str, Any] = {"image_id": sample.image_id, "file_name": name, "size": sample.size, "offset": offset}
    about |= {"key": sample.key} if sample.key != png_name(name) else {}
    about |= {"of": fields["tile"]} if "tile" in fields else {}
    return Raw(msgspec.json.encode({**fields, "tile": about}))


def own_fields(sample: Sample) -> dict[str, Raw]:
    """The fields of an image's row that its tiles have too. Raises SampleError ``json.depth``."""
    return {name: Raw(text) for name, text in image_fields(sample.row).items()}
