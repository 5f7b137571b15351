"""Errors: one tree, each with a builtin parent, a category for code and a sentence for people."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoseg import errors
from cocoseg.errors import (
    CocosegError,
    DocumentError,
    LabelError,
    OutputError,
    Problem,
    SampleError,
    UsageError,
    show,
)

KINDS = [UsageError, DocumentError, SampleError, LabelError, OutputError]


def test_the_tree_holds_every_error_of_the_module() -> None:
    found = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert found == {CocosegError, *KINDS}


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (UsageError, ValueError),
        (DocumentError, ValueError),
        (SampleError, ValueError),
        (LabelError, ValueError),
        (OutputError, OSError),
    ],
)
def test_each_error_is_caught_by_the_root_and_by_its_builtin_parent(kind: type, builtin: type) -> None:
    assert issubclass(kind, CocosegError)
    assert issubclass(kind, builtin)
    with pytest.raises(builtin, match="^a sentence$"):
        raise kind("a.category", "a sentence")


@pytest.mark.parametrize("kind", [CocosegError, *KINDS])
class TestEveryError:
    def test_reads_as_its_message(self, kind: type[CocosegError]) -> None:
        error = kind("png.corrupt", "the PNG can't be decoded")
        assert str(error) == error.message == "the PNG can't be decoded"
        assert error.category == "png.corrupt"
        assert error.problem == Problem("png.corrupt", "the PNG can't be decoded")

    def test_keeps_kind_category_and_message_on_its_way_to_another_process(self, kind: type[CocosegError]) -> None:
        error = kind("id.range", "segment id 0 is void")
        for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
            assert type(twin) is kind
            assert twin.problem == error.problem
            assert str(twin) == str(error)

    def test_at_puts_the_place_in_front_and_leaves_the_error_itself(self, kind: type[CocosegError]) -> None:
        error = kind("id.range", "segment id 0 is void")
        inner, outer = error.at("annotations[3]"), error.at("annotations[3]").at("a.json")
        assert (type(inner), inner.category) == (kind, "id.range")
        assert str(inner) == "annotations[3]: segment id 0 is void"
        assert str(outer) == "a.json: annotations[3]: segment id 0 is void"
        assert str(error) == "segment id 0 is void"

    def test_needs_a_category_and_a_message(self, kind: type[CocosegError]) -> None:
        with pytest.raises(TypeError):
            kind("a message alone")


def test_a_problem_is_a_value_that_prints_compares_hashes_and_pickles() -> None:
    problem = Problem("json.depth", "too deep")
    assert str(problem) == "json.depth: too deep"
    assert {problem, Problem("json.depth", "too deep")} == {problem}
    assert pickle.loads(pickle.dumps(problem)) == problem


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a.png", "'a.png'"),
        ("naïve 日本.png", "'naïve 日本.png'"),
        (7, "7"),
        (None, "None"),
        ([1, "a"], "[1, 'a']"),
        ("a\nb\t", r"'a\nb\t'"),
        ("\x1b[2J", r"'\x1b[2J'"),
        ("gnp\u202e.exe", r"'gnp\u202e.exe'"),
        ("\ud800", r"'\ud800'"),
        ("\u2028", r"'\u2028'"),
        (b"\xff", r"b'\xff'"),
    ],
)
def test_show_quotes_and_escapes(value: object, shown: str) -> None:
    assert show(value) == shown


@given(st.text() | st.binary() | st.integers() | st.floats() | st.lists(st.text()), st.integers(4, 90))
def test_shown_values_fit_print_on_one_line_and_encode(value: object, limit: int) -> None:
    shown = show(value, limit)
    assert len(shown) <= limit
    assert shown.isprintable()
    assert shown.encode()
    assert shown == repr(value) or shown.endswith("...")


def test_show_cuts_only_what_is_too_long() -> None:
    assert show("x" * 78) == f"'{'x' * 78}'"
    assert show("x" * 79) == f"'{'x' * 76}..."


def test_show_shows_even_a_number_that_python_refuses_to_print() -> None:
    assert len(show(10**5000)) <= 80


def test_only_what_is_near_is_suggested() -> None:
    from cocoseg.errors import most_like

    assert most_like("nix.json", ["lim.json", "good.json"]) == ""
    assert most_like("good", ["oo"]) == ""
    assert most_like("pan", ["pen", "panoptic.json"]) == "panoptic.json"
    assert most_like("instanecs.json", ["instances.png", "instances.json", "instances"]) == "instances.json"
