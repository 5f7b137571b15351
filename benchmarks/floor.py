"""The codec floor: decode every PNG and encode a class map of its size, with the libraries that cocoseg uses.

Nothing else: no JSON but for the names, no ids, no checks, no files written. The class maps are those that
``cocoseg to-semantic`` made of the first pictures, read once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from kornia_rs import io
from PIL import Image
from zlib_ng import zlib_ng

from cocoseg.parallel import tune_memory

DISTINCT = 4


def main(source: str, maps: str) -> None:
    tune_memory()
    names = [row["file_name"] for row in json.loads(Path(source).read_text())["annotations"]]
    class_maps = [np.asarray(Image.open(Path(maps) / name)) for name in names[:DISTINCT]]
    folder = Path(source).with_suffix("")
    for number, name in enumerate(names):
        class_map = class_maps[number % DISTINCT]
        height, width = class_map.shape
        io.decode_image_png_u8((folder / name).read_bytes(), (height, width), "rgb")
        rows = np.empty((height, width + 1), np.uint8)
        rows[:, 0] = 2
        rows[0, 1:] = class_map[0]
        np.subtract(class_map[1:], class_map[:-1], out=rows[1:, 1:])
        packer = zlib_ng.compressobj(1, strategy=zlib_ng.Z_RLE)
        packer.compress(rows) + packer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
