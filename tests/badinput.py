"""Reads the cases in ``tests/badinputs`` and lays their data sets out on disk."""

from __future__ import annotations

import base64
import functools
import json
import operator
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "badinputs"
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def names(*prefixes: str) -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json") if path.stem.split("-")[0] in prefixes)


def load(name: str) -> dict[str, Any]:
    case: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    case["input"] = decode(case["input"])
    return case


def decode(value: Any) -> Any:
    """A case's value with its tagged parts (``{"$hex": ...}``) made real."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (tag := next(iter(value))) in TAGS:
        return TAGS[tag](value[tag])
    return {key: decode(item) for key, item in value.items()}


def lay_out(case: dict[str, Any], root: Path) -> Path:
    """Write the data set of a 'document' or 'png' case under ``root``; the path of its panoptic.json."""
    document, files = base_document(), {f"panoptic/{name}.png": base_png() for name in "abc"}
    for action, path, *value in case["input"].get("patch", []):
        patch(document, action, path, *value)
    text = case["input"].get("raw", json.dumps(document))
    root.mkdir(exist_ok=True)
    (root / "panoptic.json").write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    (root / "panoptic").mkdir()
    for name, content in (files | case["input"].get("files", {})).items():
        put(root / name, content)
    return root / "panoptic.json"


def patch(document: Any, action: str, path: list[Any], *value: Any) -> None:
    parent = functools.reduce(operator.getitem, path[:-1], document)
    if action == "set":
        parent[path[-1]] = value[0]
    elif action == "del":
        del parent[path[-1]]
    else:
        parent[path[-1]].append(value[0])


def put(path: Path, content: Any) -> None:
    if content is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif "symlink" in content:
        path.symlink_to(content["symlink"])
    elif content.get("dir"):
        path.mkdir()
    elif content.get("fifo"):
        os.mkfifo(path)


def base_document() -> dict[str, Any]:
    """Three 8×8 images a, b, c, each with segment 1 (left half, category 1) and segment 2 (right half, category 2)."""
    halves = [{"id": n, "category_id": n, "area": 32, "bbox": [4 * (n - 1), 0, 4, 8], "iscrowd": 0} for n in (1, 2)]
    return {
        "info": {},
        "licenses": [],
        "images": [{"id": n, "file_name": f"{c}.jpg", "height": 8, "width": 8} for n, c in enumerate("abc", 1)],
        "annotations": [
            {"image_id": n, "file_name": f"{c}.png", "segments_info": [dict(half) for half in halves]}
            for n, c in enumerate("abc", 1)
        ],
        "categories": [
            {"id": 1, "name": "person", "supercategory": "person", "isthing": 1, "color": [220, 20, 60]},
            {"id": 2, "name": "sky", "supercategory": "sky", "isthing": 0, "color": [70, 130, 180]},
        ],
    }


def base_labels() -> np.ndarray:
    return np.repeat([[1, 2]], 4, axis=1).repeat(8, axis=0)


def base_png() -> bytes:
    return build_png(8, 8, pixels=[[1, 0, 0] * 4 + [2, 0, 0] * 4] * 8)


def build_png(
    width: int,
    height: int,
    color_type: int = 2,
    bit_depth: int = 8,
    pixels: list[list[int]] | None = None,
    fill: int = 0,
    interlace: int = 0,
    before_idat: Any = (),
    after_iend: Any = (),
    drop: Any = (),
    bad_crc: Any = (),
    idat_cut: int | None = None,
    tail: bytes = b"",
    ihdr_width: int | None = None,
    ihdr_height: int | None = None,
    split_idat: int = 1,
    cut: int | None = None,
) -> bytes:
    """A PNG, right or wrong in any way that a case asks for. ``pixels``: rows of samples; None: all ``fill``."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color_type]
    rows = [[fill] * (width * channels)] * height if pixels is None else pixels
    if interlace:
        rows = [
            [sample for x in range(x0, width, dx) for sample in rows[y][x * channels : (x + 1) * channels]]
            for x0, y0, dx, dy in PASSES
            for y in range(y0, height, dy)
        ]
    stream = deflate(pack(row, bit_depth) for row in rows if row)[:idat_cut]
    header = struct.pack(
        ">IIBBBBB", ihdr_width or width, ihdr_height or height, bit_depth, color_type, 0, 0, bool(interlace)
    )
    if ihdr_width == 0 or ihdr_height == 0:
        header = struct.pack(">II", ihdr_width or 0, ihdr_height or height) + header[8:]
    step = max(1, -(-len(stream) // split_idat))
    chunks = [("IHDR", header), *before_idat]
    chunks += [("IDAT", stream[start : start + step]) for start in range(0, len(stream), step)]
    chunks += [("IEND", b""), *after_iend]
    body = b"".join(chunk(name, content, name in bad_crc) for name, content in chunks if name not in drop)
    return (b"\x89PNG\r\n\x1a\n" + body + tail)[:cut]


def deflate(rows: Any) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(b"\0" + row) for row in rows), packer.flush()])


def pack(row: list[int], bit_depth: int) -> bytes:
    if bit_depth == 8:
        return bytes(row)
    if bit_depth == 16:
        return struct.pack(f">{len(row)}H", *row)
    bits = "".join(format(value, f"0{bit_depth}b") for value in row)
    return bytes(int(bits[place : place + 8].ljust(8, "0"), 2) for place in range(0, len(bits), 8))


def chunk(name: str, content: bytes, wrong_checksum: bool = False) -> bytes:
    checksum = zlib.crc32(name.encode() + content) ^ wrong_checksum
    return struct.pack(">I", len(content)) + name.encode() + content + struct.pack(">I", checksum)


TAGS: dict[str, Any] = {
    "$f": float,
    "$i": int,
    "$hex": bytes.fromhex,
    "$b64": base64.b64decode,
    "$rep": lambda pair: decode(pair[0]) * pair[1],
    "$cat": lambda parts: functools.reduce(operator.add, decode(parts)),
    "$np": lambda pair: np.array(decode(pair[1]), dtype=pair[0]),
    "$npstr": np.str_,
    "$tuple": lambda items: tuple(decode(items)),
    "$png": lambda options: build_png(**{key: decode(value) for key, value in options.items()}),
    "$zlib": lambda content: zlib.compress(decode(content), 9),
}
