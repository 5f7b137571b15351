from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.codecs import leb128
from cocoseg.errors import SampleError

GOLDEN = {
    (16,): b"`0",
    (0, 16): b"0`0",
    (1, 1, 14): b"11>",
    (5, 6, 5): b"565",
    (0, 1, 1, 1, 13): b"0110<",
    (3, 2, 1, 2, 8): b"32107",
}
counts_lists = st.lists(st.lists(st.integers(0, 2**32 - 1), max_size=12), max_size=6)


def offsets_of(parts: list) -> np.ndarray:
    return np.cumsum([0, *map(len, parts)])


def decode(*strings: bytes) -> list[list[int]]:
    counts, offsets = leb128.decode(b"".join(strings), offsets_of(list(strings)))
    return [part.tolist() for part in np.split(counts, offsets[1:-1])] if strings else []


def encode(*parts: list[int]) -> list[bytes]:
    text, offsets = leb128.encode(np.array([n for part in parts for n in part], np.int64), offsets_of(list(parts)))
    return [text[start:stop] for start, stop in pairwise(offsets)]


def plain_encode(counts: list[int]) -> bytes:
    out = bytearray()
    for index, count in enumerate(counts):
        number, more = count - (counts[index - 2] if index > 2 else 0), True
        while more:
            group, number = number & 31, number >> 5
            more = number != (-1 if group & 16 else 0)
            out.append(48 + (group | 32 * more))
    return bytes(out)


def plain_decode(string: bytes) -> list[int]:
    counts: list[int] = []
    number = shift = 0
    for character in string:
        number |= (character - 48 & 31) << shift
        shift += 5
        if not character - 48 & 32:
            number -= (character - 48 & 16) << shift - 4
            counts.append(number + (counts[-2] if len(counts) > 2 else 0))
            number = shift = 0
    return counts


def test_golden_strings_all_in_one_call() -> None:
    assert decode(*GOLDEN.values()) == [list(counts) for counts in GOLDEN]
    assert encode(*map(list, GOLDEN)) == list(GOLDEN.values())


def test_no_strings_and_empty_strings() -> None:
    assert decode() == []
    assert decode(b"", b"11>", b"") == [[], [1, 1, 14], []]
    assert encode([], [1, 1, 14], []) == [b"", b"11>", b""]


def test_needless_groups_are_read() -> None:
    assert decode(b"U0o2") == [[5, 95]]
    assert decode(b"P" * 11 + b"0") == [[0]]


@settings(max_examples=500, deadline=None)
@given(counts_lists)
def test_round_trip_and_plain_python(parts: list[list[int]]) -> None:
    strings = encode(*parts)
    assert strings == [plain_encode(part) for part in parts]
    assert decode(*strings) == parts


@settings(max_examples=500, deadline=None)
@given(st.lists(st.lists(st.integers(48, 111), max_size=20), min_size=1, max_size=4))
def test_any_string_reads_as_plain_python_or_is_refused(parts: list[list[int]]) -> None:
    strings = [bytes(part) for part in parts]
    try:
        found = decode(*strings)
    except SampleError as error:
        cut_off = any(string and string[-1] >= 80 for string in strings)
        assert error.category == ("rle.truncated" if cut_off else "rle.overflow")
    else:
        assert found == [plain_decode(string) for string in strings]


@pytest.mark.parametrize(
    ("string", "category"),
    [
        (b"b'11>'", "rle.charset"),
        (b"1~", "rle.charset"),
        (b"1\0", "rle.charset"),
        (b"11P", "rle.truncated"),
        (b"o" * 30 + b"0", "rle.overflow"),
        (b"P" * 12 + b"0", "rle.overflow"),
        (b"oooooooo3", "rle.overflow"),
    ],
)
def test_refused(string: bytes, category: str) -> None:
    with pytest.raises(SampleError) as caught:
        decode(b"11>", string, b"565")
    assert caught.value.category == category


def test_a_number_cut_off_does_not_run_into_the_next_string() -> None:
    with pytest.raises(SampleError, match="cut off"):
        decode(b"1P", b"11>")
