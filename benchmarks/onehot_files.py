"""Question: a class map to the bytes of a .npz of its one-hot array, how much faster and smaller than by numpy?

    COCOSEG_REAL_DATA=... python benchmarks/onehot_files.py [rounds]

Real COCO panoptic pictures of about 640×480 as class maps of 133 classes, with void. All begin with the class map: ours
with no array in between, the others with ``one_hot`` and then what packs: numpy, zlib, zlib-ng. In the end, each is
read with ``np.load``.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from onehot import class_maps
from zlib_ng import zlib_ng

import cocoseg
from cocoseg.files.npz import Member, archive, npy
from cocoseg.formats.onehot import OneHots

CLASSES = 133
Pack = Callable[[np.ndarray, OneHots], bytes]


def array(class_map: np.ndarray, kind: OneHots) -> np.ndarray:
    return cocoseg.one_hot(class_map, CLASSES, layout=kind.layout, dtype=kind.dtype)


def ours(class_map: np.ndarray, kind: OneHots) -> bytes:
    return kind._npz(class_map)


def ours_npy(class_map: np.ndarray, kind: OneHots) -> bytes:
    return kind._npy(class_map)


def theirs(class_map: np.ndarray, kind: OneHots) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, onehot=array(class_map, kind))
    return file.getvalue()


def packed_by(library: Any, level: int) -> Pack:
    def pack(class_map: np.ndarray, kind: OneHots) -> bytes:
        data = npy(array(class_map, kind))
        packer = library.compressobj(level, zlib.DEFLATED, -15)
        member = Member("onehot.npy", packer.compress(data) + packer.flush(), len(data), zlib_ng.crc32(data))
        return archive([member])

    return pack


PACKS: dict[str, Pack] = {
    "np.savez_compressed": theirs,
    "zlib, level 1": packed_by(zlib, 1),
    "zlib-ng, level 2": packed_by(zlib_ng, 2),
    "zlib-ng, level 1": packed_by(zlib_ng, 1),
    "cocoseg .npz": ours,
    "cocoseg .npy": ours_npy,
}


def timed(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def read(data: bytes) -> np.ndarray:
    found = np.load(io.BytesIO(data))
    return found if isinstance(found, np.ndarray) else found["onehot"]


def table(kind: OneHots, maps: list[np.ndarray], rounds: int) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in PACKS}
    for _ in range(rounds):
        for name, pack in PACKS.items():
            seconds[name].append(statistics.mean(timed(lambda m=one, p=pack: p(m, kind)) for one in maps))  # type: ignore[misc]
    print(
        f"\n{CLASSES} classes, {kind.layout}, {kind.dtype}; ms a picture (lowest to highest round), bytes, ms to read"
    )
    for name, pack in PACKS.items():
        files = [pack(one, kind) for one in maps]
        assert all((read(data) == array(one, kind)).all() for data, one in zip(files, maps, strict=True))
        size = statistics.mean(map(len, files))
        back = statistics.mean(timed(lambda d=data: read(d)) for data in files)  # type: ignore[misc]
        found = sorted(seconds[name])
        spread = f"({found[0]:.1f} to {found[-1]:.1f})"
        print(f"{name:20} {statistics.median(found):7.1f} {spread:18} {size:13,.0f} {back:7.1f}")


def main(rounds: int) -> None:
    maps = class_maps(CLASSES)
    scheme = cocoseg.label_scheme("mask2former")
    for layout in ("hwc", "chw"):
        for dtype in ("uint8", "float32"):
            table(OneHots(scheme, layout, dtype), maps, rounds)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
