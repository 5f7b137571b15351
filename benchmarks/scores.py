"""Question: how fast do scores of a model become classes, against numpy's ``argmax``?

    python benchmarks/scores.py [rounds]

480×640 pixels of 19 and 150 classes, for each order of memory and each type: the codec alone, in turn with ``argmax``
in the same process. Beside them stands numpy's ``max``, which reads every score once and finds no class.
"""

from __future__ import annotations

import sys
import timeit
from collections.abc import Callable

import numpy as np

from cocoseg.codecs.scores import best_classes

ORDERS = {"(C, H, W)": (0, 1, 2), "(H, W, C)": (1, 2, 0), "Fortran": (2, 1, 0)}


def best(ways: list[Callable[[], object]], rounds: int) -> list[float]:
    """The shortest time of each, in milliseconds, taken in turn."""
    times = [[1000 * timeit.timeit(way, number=1) for way in ways] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def main(rounds: int = 7) -> None:
    chance = np.random.default_rng(0)
    for classes in (19, 150):
        for dtype in ("float32", "float16", "float64"):
            values = chance.standard_normal((classes, 480, 640)).astype(dtype)
            for name, order in ORDERS.items():
                scores = np.ascontiguousarray(values.transpose(order)).transpose(np.argsort(order))
                ways = [lambda s=scores: best_classes(s), lambda s=scores: s.argmax(0), lambda s=scores: s.max(0)]
                assert np.array_equal(ways[0](), ways[1]())
                ours, usual, most = best(ways, rounds)
                times = f"{ours:6.1f} ms, argmax {usual:6.1f} ms = {usual / ours:5.2f}, max {most:6.1f} ms"
                print(f"{classes:3} {dtype} {name:9} {times}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
