from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.codecs import deflate

COPIED = st.one_of(st.just(0), st.integers(3, 900))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 900), COPIED), max_size=8),
    st.integers(0, 600),
    st.sampled_from([b"\1", b"\x80\x3f", b"abc"]),
    st.sampled_from([1, 2, 3, 4, 5, 8, 21, 133, 532]),
    st.binary(max_size=9),
)
def test_zlib_reads_what_was_described(
    parts: list[tuple[int, int]], rest: int, one: bytes, period: int, head: bytes
) -> None:
    expected = bytearray(1000)  # enough to copy from
    for gap, copied in parts:
        expected += bytes(gap) + one
        for _ in range(copied):
            expected.append(expected[-period])
    expected += bytes(rest)
    gaps = np.array([*(gap for gap, _ in parts), rest])
    copied = np.array([copied for _, copied in parts], np.int64)
    gaps[0] += 1000
    bits = deflate.block(gaps, one, copied, period, last=True)
    stream = deflate.stored(head) + np.packbits(bits, bitorder="little").tobytes()
    reader = zlib.decompressobj(-zlib.MAX_WBITS)
    assert reader.decompress(stream) == head + expected
    assert reader.eof


def test_symbols_so_rare_that_their_codes_would_be_too_long() -> None:
    """Counts like Fibonacci's numbers make the longest codes of all."""
    counts = np.zeros(286, np.int64)
    fibonacci = [1, 1]
    while len(fibonacci) < 40:
        fibonacci.append(sum(fibonacci[-2:]))
    counts[:40] = fibonacci
    lengths = deflate.code_lengths(counts)
    assert 0 < lengths[:40].min() <= lengths.max() <= 15
    assert sum(2.0**-length for length in lengths.tolist() if length) == 1


@pytest.mark.parametrize(("times", "expected"), [([2, 3], [0, 1, 0, 1, 2]), ([0, 1, 0], [0]), ([], [])])
def test_within(times: list[int], expected: list[int]) -> None:
    assert deflate.within(np.array(times, np.int64)).tolist() == expected
