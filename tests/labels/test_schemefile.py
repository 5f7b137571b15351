"""Scheme files: saved schemes are read back, and errors name the file and the field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schemes import save_scheme

from cocoseg.errors import LabelError
from cocoseg.labels.choose import label_scheme
from cocoseg.labels.presets import PRESETS, official_categories
from cocoseg.labels.scheme import LIMIT, LabelClass, LabelScheme
from cocoseg.labels.schemefile import SchemeChanges, read_scheme, scheme_dict
from cocoseg.model import Category

SUFFIXES = [".json", ".toml"]
ROAD = {"name": "town", "classes": [{"index": 0, "name": "road", "category_ids": [7]}]}


@st.composite
def schemes(draw: st.DrawFn) -> LabelScheme:
    """Schemes of every kind, with any names."""
    numbers = st.integers(0, 300) | st.integers(0, LIMIT)
    names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    indices = draw(st.lists(numbers, min_size=1, max_size=4, unique=True))
    ids = iter(draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=16, max_size=16, unique=True)))
    color = st.none() | st.tuples(*[st.integers(0, 255)] * 3)
    things = draw(st.sampled_from(["keep", "merge", "drop"]))
    isthing = st.booleans() if things != "keep" else st.none() | st.booleans()
    classes = [
        LabelClass(
            index,
            draw(names),
            tuple(next(ids) for _ in range(draw(st.integers(number == 0, 3)))),
            draw(isthing),
            draw(color),
        )
        for number, index in enumerate(indices)
    ]
    return LabelScheme(
        draw(names),
        tuple(classes),
        draw(numbers.filter(lambda number: number not in indices)),
        draw(st.none() | numbers),
        draw(st.sampled_from(["class", "void", "drop"])),
        things,
        draw(st.sampled_from(["error", "void"])),
        tuple(next(ids) for _ in range(draw(st.integers(0, 2)))),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("schemes")


@pytest.mark.parametrize("suffix", SUFFIXES)
class TestRoundTrip:
    @given(scheme=schemes())
    @settings(max_examples=150, deadline=None)
    def test_what_is_saved_reads_back(self, folder: Path, suffix: str, scheme: LabelScheme) -> None:
        path = folder / f"any{suffix}"
        save_scheme(scheme, path)
        assert read_scheme(path) == scheme
        first = path.read_bytes()
        save_scheme(read_scheme(path), path)
        assert path.read_bytes() == first

    @pytest.mark.parametrize("preset", PRESETS)
    def test_presets_read_back(self, tmp_path: Path, suffix: str, preset: str) -> None:
        scheme = label_scheme(preset, official_categories(PRESETS[preset].table or "coco_panoptic"))
        save_scheme(scheme, tmp_path / f"a{suffix}")
        assert read_scheme(tmp_path / f"a{suffix}") == scheme
        assert label_scheme(tmp_path / f"a{suffix}").class_of == scheme.class_of

    def test_a_scheme_with_problems_reads_back_to_the_same_labels(self, tmp_path: Path, suffix: str) -> None:
        scheme = label_scheme("panopticapi", [Category(0, "zero"), Category(3, "three")])
        assert scheme.problems
        save_scheme(scheme, tmp_path / f"a{suffix}")
        back = read_scheme(tmp_path / f"a{suffix}")
        assert isinstance(back, LabelScheme)
        assert scheme_dict(back) == scheme_dict(scheme)

    def test_any_ending_but_toml_is_json(self, tmp_path: Path, suffix: str) -> None:
        scheme = LabelScheme("x", (LabelClass(0, "a", (1,)),))
        save_scheme(scheme, str(tmp_path / f"a{suffix.upper()}"))
        text = (tmp_path / f"a{suffix.upper()}").read_text()
        assert text.startswith("{") == (suffix == ".json")


def test_what_is_at_its_default_is_left_out() -> None:
    scheme = LabelScheme("town", (LabelClass(0, "road", (7,)), LabelClass(1, "nothing")))
    assert scheme_dict(scheme) == {
        "name": "town",
        "classes": [{"index": 0, "name": "road", "category_ids": [7]}, {"index": 1, "name": "nothing"}],
    }


def test_what_is_not_is_written() -> None:
    row = LabelClass(3, "car", (1, 2), True, (9, 8, 7))
    scheme = LabelScheme("town", (row,), 0, 5, "void", "merge", "void", (20,))
    assert scheme_dict(scheme) == {
        "name": "town",
        "classes": [{"index": 3, "name": "car", "category_ids": [1, 2], "isthing": True, "color": (9, 8, 7)}],
        "void": 0,
        "unlabelled": 5,
        "crowd": "void",
        "things": "merge",
        "unknown": "void",
        "ignored": [20],
    }


def test_the_file_of_the_manual_reads(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        'name = "road scenes"\nvoid = 255\ncrowd = "void"\n[[classes]]\nindex = 0\nname = "road"\ncategory_ids = [7, 8]\n'
    )
    expected = LabelScheme("road scenes", (LabelClass(0, "road", (7, 8)),), crowd="void")
    assert read_scheme(tmp_path / "a.toml") == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.json", '{"preset": "index", "things": "merge"}'), ("a.toml", 'preset = "index"\nthings = "merge"\n')],
)
def test_a_preset_reads_as_its_changes(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    changes = read_scheme(tmp_path / name)
    assert isinstance(changes, SchemeChanges)
    assert (changes.preset, changes.changes) == ("index", {"things": "merge"})


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(ROAD), encoding="utf-8-sig")
    assert read_scheme(tmp_path / "a.json").name == "town"


class TestRefused:
    def refusal(self, path: Path) -> LabelError:
        with pytest.raises(LabelError) as caught:
            read_scheme(path)
        assert str(caught.value).startswith((f"{path}: ", f"'{path}' "))
        assert str(caught.value).count(str(path)) == 1
        return caught.value

    @pytest.mark.parametrize(
        ("change", "category", "field"),
        [
            ({"void": "255"}, "label.type", "$.void"),
            ({"void": 1.5}, "label.type", "$.void"),
            ({"void": "1"}, "label.type", "$.void is text, expected a whole number"),
            ({"unlabelled": 1.5}, "label.type", "$.unlabelled is a number, expected a whole number or null"),
            ({"unlabelled": "bg"}, "label.type", "unlabelled is 'bg', expected background, void or a number"),
            ({"classes": [{"index": 0, "category_ids": [1]}]}, "label.type", "$.classes[0] has no 'name'; add it"),
            ({"void": -1}, "label.range", "void is -1"),
            ({"void": 70_000}, "label.range", "void is 70000"),
            ({"void": 0}, "label.collision", "void"),
            ({"crowd": "ignore"}, "label.type", "crowd is 'ignore', expected one of class, void, drop"),
            ({"crowd": "viod"}, "label.type", "expected one of class, void, drop; did you mean 'void'?"),
            ({"things": 3}, "label.type", "$.things"),
            ({"unknown": "no"}, "label.type", "unknown is 'no', expected one of error, void, drop"),
            ({"overlap": "areas"}, "label.type", "did you mean 'area'?"),
            ({"colour": 3}, "label.type", "unknown field 'colour'; the fields are name, classes, void, "),
            ({"unlabeld": 3}, "label.type", "unknown field 'unlabeld'; did you mean 'unlabelled'?"),
            ({"unlabelled": 3, "unlabeled": 3}, "label.type", "the same field"),
            ({"classes": []}, "label.type", "no classes"),
            ({"classes": {}}, "label.type", "$.classes"),
            ({"classes": [{"index": 0}]}, "label.type", "name"),
            ({"classes": [{"index": "0", "name": "a"}]}, "label.type", "$.classes[0].index"),
            ({"classes": [{"index": 0, "name": "a", "ids": [1]}]}, "label.type", "ids"),
            ({"classes": [{"index": 0, "name": "a", "category_ids": [1, 1]}]}, "label.collision", "category id 1"),
            ({"classes": [{"index": 0, "name": "a", "category_ids": [1.5]}]}, "label.type", "category_ids[0]"),
            ({"classes": [{"index": 0, "name": "a", "category_ids": [1], "color": [1, 2]}]}, "label.type", "color"),
            ({"classes": [{"index": 0, "name": "a", "category_ids": [1], "color": [1, 2, 300]}]}, "label.", "color"),
            ({"classes": [{"index": 0, "name": "a"}]}, "label.type", "no class has a category id"),
            ({"things": "merge"}, "doc.missing_key", "isthing"),
        ],
    )
    def test_what_is_wrong_is_named_with_file_and_field(
        self, tmp_path: Path, change: dict[str, Any], category: str, field: str
    ) -> None:
        path = tmp_path / "a.json"
        path.write_text(json.dumps(ROAD | change))
        error = self.refusal(path)
        assert error.category.startswith(category)
        assert field in str(error)

    @pytest.mark.parametrize("missing", ["name", "classes"])
    def test_what_is_missing_is_named(self, tmp_path: Path, missing: str) -> None:
        path = tmp_path / "a.json"
        path.write_text(json.dumps({key: value for key, value in ROAD.items() if key != missing}))
        error = self.refusal(path)
        assert error.category == "label.type"
        assert missing in str(error)

    @pytest.mark.parametrize(
        "text",
        [
            '{"preset": 3}',
            '{"preset": "index", "things": "some"}',
            '{"preset": "index", "classes": []}',
            "[]",
            "7",
            "null",
        ],
    )
    def test_files_of_another_shape(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "a.json"
        path.write_text(text)
        assert self.refusal(path).category == "label.type"

    @pytest.mark.parametrize("suffix", SUFFIXES)
    @pytest.mark.parametrize(
        "data",
        [
            b"{",
            b"\xff\xfe",
            b"\x1f\x8b\x08",
            b"<html>",
            b'{"a" = ',
            b"a = 1 = 2",
            b"\0",
            b"[" * 100_000,
            b"a = " + b"[" * 5000,
        ],
        ids=lambda data: repr(data[:8]),
    )
    def test_files_that_are_neither_json_nor_toml(self, tmp_path: Path, suffix: str, data: bytes) -> None:
        path = tmp_path / f"a{suffix}"
        path.write_bytes(data)
        assert self.refusal(path).category in ("label.type", "json.syntax", "json.encoding", "json.depth", "doc.type")

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_an_empty_file(self, tmp_path: Path, suffix: str) -> None:
        (tmp_path / f"a{suffix}").write_bytes(b"")
        assert self.refusal(tmp_path / f"a{suffix}").category in ("label.type", "json.syntax")

    @pytest.mark.parametrize(
        "digits", ["9" * 30, "9" * 5000, "0x" + "f" * 5000], ids=["long", "endless", "hexadecimal"]
    )
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_numbers_without_end(self, tmp_path: Path, suffix: str, digits: str) -> None:
        path = tmp_path / f"a{suffix}"
        rows = '"classes": [{"index": 0, "name": "a", "category_ids": [1]}]'
        text = f'{{"name": "x", "void": {digits}, {rows}}}'
        toml = f'name = "x"\nvoid = {digits}\n[[classes]]\nindex = 0\nname = "a"\ncategory_ids = [1]\n'
        path.write_text(toml if suffix == ".toml" else text)
        assert self.refusal(path).category.startswith("label.")

    @pytest.mark.parametrize(("name", "category"), [("none.json", "file.missing"), ("folder.toml", "path.invalid")])
    def test_what_is_no_file(self, tmp_path: Path, name: str, category: str) -> None:
        (tmp_path / "folder.toml").mkdir()
        assert self.refusal(tmp_path / name).category == category
