"""Question: a class map to a one-hot array, how much faster than ``np.eye(C)[class_map]``? And back, than ``argmax``?

    COCOSEG_REAL_DATA=... python benchmarks/onehot.py [rounds]

Real COCO panoptic pictures of about 640×480 as class maps of 133 classes, with void and with class 0 in its place; and
the same numbers modulo 21. "Again" is written into an array that is used for every picture of a size.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import cocoseg
from cocoseg.codecs.onehot import from_one_hot, one_hot
from pictures import panoptic_set
from rle import ratio

Kind = Any


def class_maps(num_classes: int) -> list[np.ndarray]:
    with tempfile.TemporaryDirectory() as name:
        dataset = cocoseg.read(panoptic_set(Path(name) / "set", 4))
        maps = [cocoseg.semantic(sample, "mask2former") for sample in dataset]
    return [np.where(one == 255, 255, one % num_classes).astype(np.uint8) for one in maps]


def usual(class_map: np.ndarray, num_classes: int, layout: str, dtype: Kind) -> np.ndarray:
    # With 256 rows, all beyond the classes zeros, void is no IndexError.
    rows: np.ndarray = np.eye(256, num_classes, dtype=dtype)[class_map]
    return rows if layout == "hwc" else np.ascontiguousarray(rows.transpose(2, 0, 1))


def again(num_classes: int, layout: Any, dtype: Kind) -> Callable[[np.ndarray], np.ndarray]:
    kept: dict[tuple[int, ...], np.ndarray] = {}

    def convert(class_map: np.ndarray) -> np.ndarray:
        out = kept.get(class_map.shape)
        array = one_hot(class_map, num_classes, layout=layout, dtype=dtype, out=out)
        return kept.setdefault(class_map.shape, array)

    return convert


def table(num_classes: int, layout: Any, dtype: Kind, rounds: int) -> None:
    with_void = class_maps(num_classes)
    maps = [np.where(one == 255, 0, one).astype(np.uint8) for one in with_void]

    def theirs(class_map: np.ndarray) -> np.ndarray:
        return usual(class_map, num_classes, layout, dtype)

    def ours(class_map: np.ndarray) -> np.ndarray:
        return one_hot(class_map, num_classes, layout=layout, dtype=dtype)

    print(f"\n{num_classes} classes, {layout}, {np.dtype(dtype)}; microseconds a picture: numpy, cocoseg, ratio")
    if layout == "hwc" and dtype == np.uint8:
        ratio("one-hot, numpy as it is typed, float64", lambda one: np.eye(num_classes)[one], ours, maps, rounds)
    ratio("one-hot", theirs, ours, maps, rounds)
    ratio("one-hot, again", theirs, again(num_classes, layout, dtype), maps, rounds)
    ratio("one-hot, again, with void", theirs, again(num_classes, layout, dtype), with_void, rounds)
    arrays = [ours(one) for one in maps]
    axis = -1 if layout == "hwc" else 0
    ratio("back", lambda a: a.argmax(axis), lambda a: from_one_hot(a, layout=layout), arrays, rounds)


def main(rounds: int) -> None:
    for num_classes in (133, 21):
        for layout in ("hwc", "chw"):
            for dtype in (np.uint8, np.float32):
                table(num_classes, layout, dtype, rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
