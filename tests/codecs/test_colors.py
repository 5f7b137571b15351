"""Ids from colours: unique, never black, near the colour of their category, and always the same."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.codecs import colors
from cocoseg.codecs.colors import ids_near
from cocoseg.codecs.panoptic import ID_LIMIT, rgb_from_ids
from cocoseg.errors import SampleError

PERSON = 220 | 20 << 8 | 60 << 16
ids = st.integers(0, ID_LIMIT - 1)


@given(st.lists(st.sampled_from([0, 1, 255, PERSON, ID_LIMIT - 1]) | ids, max_size=60), st.integers(0, 2**64 - 1))
@settings(deadline=None)
def test_every_segment_has_an_id_of_its_own(bases: list[int], seed: int) -> None:
    found = ids_near(np.array(bases, np.int64), seed)
    assert len(set(found.tolist())) == len(bases)
    assert all(0 < number < ID_LIMIT for number in found.tolist())


@given(st.lists(st.integers(1, ID_LIMIT - 1), min_size=1, max_size=40), st.integers(0, 2**64 - 1))
@settings(deadline=None)
def test_the_first_of_a_category_has_its_colour_and_no_other_has_it(bases: list[int], seed: int) -> None:
    found = ids_near(np.array(bases, np.int64), seed).tolist()
    for index, number in enumerate(found):
        assert (number == bases[index]) == (index == bases.index(bases[index]))
        assert number == bases[index] or number not in bases


def test_a_colour_that_things_have_too_is_the_stuffs() -> None:
    found = ids_near(np.array([PERSON, 5, PERSON, PERSON]), 1, np.array([False, False, True, False])).tolist()
    assert found[1:3] == [5, PERSON]
    assert len(set(found)) == 4


@pytest.mark.parametrize("base", [PERSON, 1, ID_LIMIT - 1])
def test_others_are_near_it(base: int) -> None:
    found = rgb_from_ids(ids_near(np.full(200, base, np.int64), seed=7)).astype(int)
    steps = np.abs(found - rgb_from_ids(np.array([base])).astype(int))
    assert 20 < steps.max() <= 30


def test_black_is_void_and_given_to_nobody() -> None:
    found = ids_near(np.zeros(500, np.int64), seed=3)
    assert 0 not in found
    assert rgb_from_ids(found).max() <= 30


def test_the_neighbourhood_grows_where_there_are_too_many() -> None:
    found = ids_near(np.full(40_000, 1, np.int64), seed=5)  # 32 · 31 · 31 colours are near the darkest red
    assert len(np.unique(found)) == 40_000
    assert found[0] == 1
    farthest = rgb_from_ids(found).max(axis=1)
    assert 30 < np.percentile(farthest, 90) < 128


def test_in_the_end_any_colour_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colors, "_ATTEMPTS", 0)
    assert ids_near(np.array([3, 3, 3, 0, 1]), seed=5).tolist() == [3, 2, 4, 5, 1]


def test_in_any_process_they_are_the_same() -> None:
    expected = [PERSON, 3080432, 3542722, 5, 2503373]
    bases = [PERSON, PERSON, PERSON, 5, PERSON]
    assert ids_near(np.array(bases), seed=2**63 + 11).tolist() == expected
    code = "import sys, numpy as np; from cocoseg.codecs.colors import ids_near; "
    code += f"print(ids_near(np.array({bases}), seed=2**63 + 11).tolist())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == str(expected)


def test_what_comes_after_changes_nothing() -> None:
    bases = np.array([PERSON] * 20 + [9] * 20)
    np.testing.assert_array_equal(ids_near(bases, 1)[:20], ids_near(bases[:20], 1))


def test_more_segments_than_colours() -> None:
    with pytest.raises(SampleError, match=r"16,777,216 segments, but a picture has colours for 16,777,215") as caught:
        ids_near(np.broadcast_to(np.int64(1), ID_LIMIT), seed=0)
    assert caught.value.category == "limit.segments"


def test_no_segment_at_all() -> None:
    assert ids_near(np.zeros(0, np.int64), seed=0).tolist() == []
