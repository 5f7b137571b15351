"""What answers.c prints, of the extension as Python loads it: ``python answers.py FOLDER < paths``.

FOLDER has the extension. Nothing but the standard library is needed, so that any machine's Python can run it.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from importlib import import_module
from types import ModuleType

sys.path.insert(0, sys.argv[1])

WAYS = [(1 << 2 | 1 << 6, 0xFFFFFF), (1 << 6, 0xFFFFFFFF), (1 << 0 | 1 << 3, 0xFFFFFFFF)]
MOST = 1 << 24


def lowest_first(numbers: array[int]) -> bytes:
    found = array(numbers.typecode, numbers)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def answer(native: ModuleType, data: bytes, kinds: int, kept: int) -> str:
    found = native.runs(data, kinds, MOST, kept)
    if found is None:
        return "none"
    height, width, _, bytes_of_values, numbers, lengths = found
    values = array("I", bytes_of_values)
    numbers, lengths = (memoryview(part).cast("n").tolist() for part in (numbers, lengths))
    sums = [zlib.crc32(b"".join(map(lowest_first, (values, array("I", numbers), array("I", lengths)))))]
    for code, bits in [("B", 8), ("H", 16)]:
        cut = array(code, (values[number] & ((1 << bits) - 1) for number in numbers)).tobytes()
        painting = cut, array("q", lengths).tobytes(), height, width, bits
        sums.extend(zlib.crc32(native.rows(*painting, by_column)) for by_column in (False, True))
    return " ".join(map(str, [height, width, len(values), len(numbers), *(f"{sum:08x}" for sum in sums)]))


def main(folder: str) -> None:
    sys.path.insert(0, folder)
    native = import_module("_native")
    for line in sys.stdin:
        path = line.rstrip("\n")
        with open(path, "rb") as file:
            data = file.read()
        for way, (kinds, kept) in enumerate(WAYS):
            print(path, way, answer(native, data, kinds, kept))


if __name__ == "__main__":
    main(sys.argv[1])
