"""Blocks of a deflate stream (RFC 1951) for bytes of which it is known where they repeat: nothing is searched for.

Such bytes are zeros, and something short again and again in them:

    gap of zeros: literal 0, copies from 1 and 4 before | the something: literals | copies from one period before
"""

from __future__ import annotations

import heapq
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint8]

SHORTEST = 3  # copy
FARTHEST = 1 << 15  # distance of a copy

_LONGEST = 258
_ZEROS = 4  # from where long gaps are copied: zlib reads so four times as fast as from 1 before
_END = 256  # the symbol that ends a block


def stored(head: bytes) -> bytes:
    """A block of bytes as they are."""
    size = len(head).to_bytes(2, "little")
    return b"\0" + size + bytes(byte ^ 255 for byte in size) + head


def within(times: Ints) -> Ints:
    """Counts from 0 in each group of ``times``: [2, 3] -> [0, 1, 0, 1, 2]."""
    ends = np.cumsum(times)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - times, times)


class _Tokens(NamedTuple):
    """A column of tokens, one for each gap: the symbol (n,) or one for all, how often, and the distance copied from."""

    symbol: Ints
    times: Ints
    extra: Ints
    extra_bits: Ints
    distance: int = 0


def block(gaps: Ints, one: bytes, copied: Ints, period: int, last: bool) -> Bits:
    """A block with codes of its own, as its bits (k,) of 0 and 1: n + 1 ``gaps`` of zeros, and n ``one`` between them.

    Behind each of these ``copied`` (n,) bytes follow, 0 or at least 3, as they were ``period`` bytes before.
    """
    literals = np.where(gaps <= SHORTEST, gaps, 1)
    some = (np.arange(len(gaps)) < len(copied)).astype(np.int64)
    columns = [_literal(0, literals), *_copies(gaps - literals, 1, _ZEROS), *(_literal(byte, some) for byte in one)]
    columns += _copies(np.append(copied, 0), period, period)
    columns.append(_literal(_END, 1 - some))
    counts = np.bincount(np.concatenate([c.symbol for c in columns]), np.concatenate([c.times for c in columns]), 286)
    lengths = code_lengths(counts.astype(np.int64))
    distances = _distance_lengths(period)
    bits_of = partial(_bits, _codes(lengths), lengths, _codes(distances), distances)
    values, bits = zip(*map(bits_of, columns), strict=True)
    body = _lay(np.stack(values, 1), np.stack(bits, 1), np.stack([c.times for c in columns], 1))
    return np.concatenate([_header(lengths, distances, last), body])


def _literal(symbol: int, times: Ints) -> _Tokens:
    nothing = np.zeros_like(times)
    return _Tokens(np.full_like(times, symbol), times, nothing, nothing)


def _copies(count: Ints, distance: int, then: int) -> list[_Tokens]:
    """Copies of ``count`` bytes, 0 or 3 and more: one or two from ``distance`` before, and the longest from ``then``.

    Two, where one would be of 1 or 2 bytes, which is no copy.
    """
    full, rest = np.divmod(np.maximum(count - 1, 0), _LONGEST)
    some = (count > 0).astype(np.int64)
    short = some * (rest + 1 < SHORTEST)
    rest = np.where(count > 0, rest + 1 + short * (_LONGEST - SHORTEST), SHORTEST)
    return [
        _copy(rest, some, distance),
        _copy(np.full_like(rest, SHORTEST), short, distance),
        _copy(np.full_like(rest, _LONGEST), full - short, then),
    ]


def _copy(length: Ints, times: Ints, distance: int) -> _Tokens:
    return _Tokens(_LENGTH_SYMBOL[length], times, _LENGTH_EXTRA[length], _LENGTH_BITS[length], distance)


def _bits(codes: Ints, lengths: Ints, far: Ints, far_lengths: Ints, column: _Tokens) -> tuple[Ints, Ints]:
    """The bits of a column's tokens, the first lowest, and how many they are."""
    bits = lengths[column.symbol]
    value = codes[column.symbol] | column.extra << bits
    bits = bits + column.extra_bits
    if not column.distance:
        return value, bits
    symbol, extra, extra_bits = _distance_symbol(column.distance)
    value = value | (far[symbol] | extra << far_lengths[symbol]) << bits
    return value, bits + far_lengths[symbol] + extra_bits


def _lay(values: Ints, bits: Ints, times: Ints) -> Bits:
    """Tokens (n, columns), each so many times, one after the other, row by row: (bits,) uint8."""
    taken = (bits * times).reshape(-1)
    ends = np.cumsum(taken)
    start = (ends - taken).reshape(values.shape)
    laid = np.zeros(ends[-1], np.uint8)
    for value, width, often, place in zip(values.T, bits.T, times.T, start.T, strict=True):
        if (value == value[0]).all():
            _lay_same(laid, int(value[0]), np.repeat(place, often) + within(often) * width[0])
        else:
            _lay_each(laid, value[often > 0], place[often > 0])
    return laid


def _lay_same(laid: Bits, value: int, place: Ints) -> None:
    for bit in range(value.bit_length()):
        if value >> bit & 1:
            laid[place + bit] = 1


def _lay_each(laid: Bits, value: Ints, place: Ints) -> None:
    for bit in range(int(value.max()).bit_length()):
        laid[place[value >> bit & 1 > 0] + bit] = 1


def _header(lengths: Ints, distances: Ints, last: bool) -> Bits:
    """What a block begins with: the lengths of its codes, in four bits each."""
    numbers = [(int(last), 1), (2, 2), (286 - 257, 5), (30 - 1, 5), (19 - 4, 4), (0, 9), *[(4, 3)] * 16]
    numbers += [(_turned(length, 4), 4) for length in [*lengths.tolist(), *distances.tolist()]]
    return np.array([value >> bit & 1 for value, width in numbers for bit in range(width)], np.uint8)


def code_lengths(counts: Ints) -> Ints:
    """Huffman's code lengths for symbols that occur so often; rare ones count as 1 in 512, so that 15 bits hold all."""
    counts[0] += 1  # a code of one symbol would be none
    lengths = np.zeros(len(counts), np.int64)
    floor = int(counts.sum()) >> 9
    heap = [(max(int(counts[k]), floor), int(k), [int(k)]) for k in np.flatnonzero(counts)]
    heapq.heapify(heap)
    while len(heap) > 1:
        one, other = heapq.heappop(heap), heapq.heappop(heap)
        both = one[2] + other[2]
        lengths[both] += 1
        heapq.heappush(heap, (one[0] + other[0], min(one[1], other[1]), both))
    return lengths


def _codes(lengths: Ints) -> Ints:
    """The codes of RFC 1951, 3.2.2, their first bit lowest."""
    codes, code, before = np.zeros_like(lengths), 0, 0
    for symbol in np.lexsort((np.arange(len(lengths)), lengths)).tolist():
        if length := int(lengths[symbol]):
            code = code << length - before
            codes[symbol], code, before = _turned(code, length), code + 1, length
    return codes


def _turned(value: int, width: int) -> int:
    """The bits of a number the other way round."""
    return int(f"{value:0{width}b}"[::-1], 2)


def _distance_lengths(period: int) -> Ints:
    """Code lengths for the distances that there are, the shortest for a period."""
    lengths = np.zeros(30, np.int64)
    period = _distance_symbol(period)[0]
    zeros = [0, _distance_symbol(_ZEROS)[0]]
    lengths[zeros] = 1 if period in zeros else 2
    lengths[period] = 1
    return lengths


def _distance_symbol(distance: int) -> tuple[int, int, int]:
    """Symbol, extra value and its bits, of RFC 1951, 3.2.5."""
    if distance <= 2 or distance > FARTHEST:
        return (distance - 1 if distance <= 2 else 0), 0, 0
    bits = max((distance - 1).bit_length() - 2, 0)
    return 2 * bits + (distance - 1 >> bits), distance - 1 & (1 << bits) - 1, bits


def _length_table() -> tuple[Ints, Ints, Ints]:
    """Symbol, extra value and its bits of each length up to 258, of the same section."""
    rows = [(0, 0, 0)] * SHORTEST
    for past in range(_LONGEST - SHORTEST):
        bits = max(past.bit_length() - 3, 0)
        rows.append((257 + 4 * bits + (past >> bits), past & (1 << bits) - 1, bits))
    symbol, extra, extra_bits = np.array([*rows, (285, 0, 0)], np.int64).T
    return symbol, extra, extra_bits


_LENGTH_SYMBOL, _LENGTH_EXTRA, _LENGTH_BITS = _length_table()
