"""Charts as numbers: bars, histograms and clouds of dots, which the templates draw as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cocoseg.page.words import short
from cocoseg.stats.histogram import Histogram

HIGH = 100.0  # units of a chart's height
_BINS = 48  # of a histogram
_STEPS = 4  # bins of an octave on a log axis, of a power of two


class Bar(NamedTuple):
    """A bar of a series: where it begins and how wide it is, how high it is, and what it says."""

    x: float
    width: float
    height: float
    text: str


class Tick(NamedTuple):
    """A mark of an axis, at a share of it."""

    at: float
    text: str


class Bars(NamedTuple):
    """Bars of one series or two, ``width`` units wide. ``rows`` are the numbers as a table, under ``heads``."""

    series: list[list[Bar]]
    width: float
    xs: list[Tick]
    ys: list[Tick]
    heads: list[str]
    rows: list[list[str]]


class Dot(NamedTuple):
    """A dot at shares of both axes, of a size in pixels, of a series."""

    x: float
    y: float
    size: float
    series: int
    text: str


class Dots(NamedTuple):
    """A cloud of dots."""

    dots: list[Dot]
    xs: list[Tick]
    ys: list[Tick]
    heads: list[str]
    rows: list[list[str]]


def bars(
    values: Sequence[Sequence[float]],
    names: Sequence[str],
    shown: Sequence[Sequence[str]],
    heads: Sequence[str],
    xs: Sequence[Tick],
    *,
    log: bool = False,
    share: bool = False,
) -> Bars:
    """A group of bars for each name. ``values`` and what is ``shown`` of them have a row for each series.

    Values are whole numbers, or with ``share`` parts of 1.
    """
    top, ys = _log_axis(values) if log else _axis(max((max(row, default=0) for row in values), default=0), share)
    wide = 0.86 / len(values)
    series = [
        [
            Bar(round(x + 0.07 + k * wide, 3), round(wide, 3), _height(value, top, log), f"{name}: {text}")
            for x, (name, value, text) in enumerate(zip(names, row, texts, strict=True))
            if value > 0
        ]
        for k, (row, texts) in enumerate(zip(values, shown, strict=True))
    ]
    rows = [[name, *cells] for name, *cells in zip(names, *shown, strict=True) if any(cell != "0" for cell in cells)]
    return Bars(series, max(len(names), 1), list(xs), ys, list(heads), rows)


def histogram(sides: Sequence[Histogram], what: str, names: Sequence[str]) -> Bars:
    """Counts on a log axis; those of two sides as shares, so that sources of unlike sizes can be compared."""
    least = min((side.least for side in sides if side.total), default=0)
    most = max((side.most for side in sides if side.total), default=0)
    steps = next((n for n in (_STEPS, 2, 1) if _number(most, n) - _number(least, n) < _BINS), 1)
    first, last = _number(least, steps), _number(most, steps)
    counts = [[0] * (last - first + 1) for _ in sides]
    for side, row in zip(sides, counts, strict=True):
        for low, _, number in side.bins:
            row[_number(low, steps) - first] += number
    totals = [side.total or 1 if len(sides) > 1 else 1 for side in sides]
    drawn = [[n / total for n in row] for row, total in zip(counts, totals, strict=True)]
    bounds = [(_low(number, steps), _low(number + 1, steps) - 1) for number in range(first, last + 1)]
    labels = [f"{low:,}" if low == high else f"{low:,}–{high:,}" for low, high in bounds]
    shown = [[f"{n:,}" for n in row] for row in counts]
    ticks = [
        Tick((_place(value, steps) - first + (0.5 if value < steps * 2 else 0)) / (last - first + 1), short(value))
        for value in _ticks(least, most)
    ]
    return bars(drawn, labels, shown, [what, *names], _apart(ticks), share=len(sides) > 1)


def _apart(ticks: Sequence[Tick]) -> list[Tick]:
    """The marks that have room beside the one before."""
    found: list[Tick] = []
    for tick in ticks:
        if not found or tick.at - found[-1].at > 0.06:
            found.append(tick)
    return found


def shares(sides: Sequence[Sequence[int]], what: str, names: Sequence[str]) -> Bars:
    """Counts of shares from 0 to 1, in bins of equal width."""
    count = len(sides[0])
    labels = [f"{k * 100 // count}–{(k + 1) * 100 // count}%" for k in range(count)]
    totals = [sum(row) or 1 if len(sides) > 1 else 1 for row in sides]
    drawn = [[n / total for n in row] for row, total in zip(sides, totals, strict=True)]
    ticks = [Tick(share, f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)]
    shown = [[f"{n:,}" for n in row] for row in sides]
    return bars(drawn, labels, shown, [what, *names], ticks, log=len(sides) == 1, share=len(sides) > 1)


def dots(sides: Sequence[Mapping[tuple[int, int], int]], names: Sequence[str], most: int) -> Dots:
    """Sizes (height, width) of images as dots, larger where there are more; the ``most`` frequent of them."""
    found = [(images, size, k) for k, side in enumerate(sides) for size, images in side.items()]
    found = sorted(found, key=lambda row: (-row[0], row[1], row[2]))[:most]
    wide, xs = _axis(max((size[1] for _, size, _ in found), default=0))
    high, ys = _axis(max((size[0] for _, size, _ in found), default=0))
    drawn = [
        Dot(
            round(size[1] / wide, 4),
            round(size[0] / high, 4),
            round(5 + 2 * math.log2(images), 1),
            k,
            f"{size[1]:,} × {size[0]:,}: {images:,}",
        )
        for images, size, k in found
    ]
    rows = [[f"{size[1]:,} × {size[0]:,}", f"{images:,}", names[k] if names else ""] for images, size, k in found]
    return Dots(drawn, xs, ys, ["width × height", "images", "source"][: 3 if len(names) > 1 else 2], rows)


def _height(value: float, top: float, log: bool) -> float:
    if not log:
        return round(HIGH * value / top, 2)
    return round(HIGH * (0.04 + 0.96 * math.log10(max(value, 1)) / math.log10(top)), 2)


def _axis(most: float, share: bool = False) -> tuple[float, list[Tick]]:
    """The round number at the end of an axis from 0, and its marks."""
    if most <= 0:
        return 1.0, [Tick(0, "0"), Tick(1, "100%" if share else "1")]
    power = 10.0 ** math.floor(math.log10(most))
    step = next(n * power for n in (0.2, 0.25, 0.5, 1, 2, 2.5, 5) if n * power * 5 >= most)
    step = step if share else max(step, 1)
    steps = math.ceil(most / step - 1e-9)
    return steps * step, [
        Tick(k / steps, f"{100 * k * step:.3g}%" if share else short(k * step)) for k in range(steps + 1)
    ]


def _log_axis(values: Sequence[Sequence[float]]) -> tuple[float, list[Tick]]:
    most = max((max(row, default=0) for row in values), default=0)
    decades = max(math.ceil(math.log10(max(most, 1)) - 1e-9), 1)
    step = -(-decades // 5)
    marks = range(0, decades + 1, step)
    return 10.0**decades, [Tick(0.04 + 0.96 * k / decades, short(10.0**k)) for k in marks]


def _number(value: int, steps: int) -> int:
    """The bin of a value, with this many steps (a power of two) to an octave; a number up to twice that has its own."""
    shift = max(value.bit_length() - (2 * steps).bit_length() + 1, 0)
    return shift * steps + (value >> shift)


def _low(number: int, steps: int) -> int:
    """The least value of a bin."""
    if number < 2 * steps:
        return number
    octave, step = divmod(number, steps)
    return (steps + step) << (octave - 1)


def _place(value: int, steps: int) -> float:
    """Where a value lies on the axis of bins."""
    number = _number(value, steps)
    low, high = _low(number, steps), _low(number + 1, steps)
    return number + (value - low) / (high - low)


def _ticks(least: int, most: int) -> list[int]:
    """Round numbers in a range: powers of ten, or more where there are few."""
    powers = [10**k for k in range(len(str(most)))]
    for digits in ((1,), (1, 3), (1, 2, 5), range(1, 10)):
        found = [digit * power for power in powers for digit in digits if least <= digit * power <= most]
        found = ([0] if least == 0 else []) + found
        if len(found) >= 3:
            return found if len(found) <= 10 else found[:: -(-len(found) // 10)]
    return found or [least]
