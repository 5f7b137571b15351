"""Schemes by the name of a preset or file."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from schemes import save_scheme

import cocoseg
from cocoseg.errors import CocosegError, LabelError, UsageError
from cocoseg.labels.choose import label_scheme
from cocoseg.labels.presets import PRESETS
from cocoseg.labels.scheme import LabelClass, LabelScheme
from cocoseg.model import Categories, Category, Conventions
from conftest import FIXTURES

TOWN = [Category(7, "road", False), Category(23, "car", True), Category(24, "bus", True)]


def refusal(kind: type[CocosegError], labels: object, categories: list[Category] = TOWN) -> CocosegError:
    with pytest.raises(kind) as caught:
        label_scheme(labels, categories)
    return caught.value


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_scheme_is_taken_as_it_is() -> None:
    scheme = LabelScheme("mine", (LabelClass(0, "a", (1,)),))
    assert label_scheme(scheme, TOWN) is scheme


def test_index_is_chosen_where_nothing_is() -> None:
    assert label_scheme(categories=TOWN) == label_scheme("index", TOWN)


@pytest.mark.parametrize("suffix", [".json", ".toml", ".JSON", ".Toml"])
def test_a_file_is_known_by_its_ending(tmp_path: Path, suffix: str) -> None:
    scheme = LabelScheme("mine", (LabelClass(3, "road", (7,)), LabelClass(0, "car", (23, 24))), void=9)
    save_scheme(scheme, tmp_path / f"labels{suffix}")
    assert label_scheme(tmp_path / f"labels{suffix}") == scheme
    assert label_scheme(str(tmp_path / f"labels{suffix}")) == scheme


def test_a_preset_goes_before_a_file_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "index", "rubbish")
    assert label_scheme("index", TOWN).name == "index"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mask2fomer", "did you mean 'mask2former'? "),
        ("detectron2", "did you mean 'detectron2-fpn'? "),
        ("Index", "did you mean 'index'? "),
        ("xyz", ""),
        ("", ""),
        ("labels.yaml", ""),
    ],
)
def test_an_unknown_name_is_answered_with_the_names_that_there_are(name: str, hint: str) -> None:
    error = refusal(UsageError, name)
    assert error.category == "label.preset"
    assert str(error).startswith(f"no preset is called '{name}'; {hint}{'There' if hint else 'there'} are ")
    assert all(preset in str(error) for preset in PRESETS)


@pytest.mark.parametrize("name", ["index", "panopticapi", "panopticapi-things-other"])
def test_a_preset_of_the_data_sets_categories_needs_them(name: str) -> None:
    error = refusal(LabelError, name, [])
    assert error.category == "doc.missing_key"
    assert "--categories FILE" in str(error)


class TestAPresetWithChanges:
    def test_is_the_preset_but_for_them(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "a.toml",
            'preset = "index"\nthings = "merge"\ncrowd = "void"\nunknown = "void"\nvoid = 200\nunlabelled = 100',
        )
        scheme = label_scheme(path, TOWN)
        assert scheme.class_of == {7: 0, 23: 1, 24: 1}
        assert (scheme.things, scheme.crowd, scheme.unknown) == ("merge", "void", "void")
        assert (scheme.void, scheme.unlabelled) == (200, 100)

    def test_may_have_no_changes(self, tmp_path: Path) -> None:
        assert label_scheme(write(tmp_path / "a.json", '{"preset": "mask2former"}')) == label_scheme("mask2former")

    @pytest.mark.parametrize("void", [0, 1, -1, 70_000])
    def test_is_checked_like_any_scheme_and_the_file_is_named(self, tmp_path: Path, void: int) -> None:
        path = write(tmp_path / "a.json", f'{{"preset": "index", "void": {void}}}')
        error = refusal(LabelError, path)
        assert error.category in ("label.collision", "label.range")
        assert str(path) in str(error)

    def test_of_a_preset_that_there_is_not_names_the_file(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.json", '{"preset": "indx"}')
        error = refusal(CocosegError, path)
        assert error.category == "label.preset"
        assert str(path) in str(error)

    @pytest.mark.parametrize("other", ["a.json", "b.json", "c.toml"])
    def test_names_a_preset_and_never_another_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        path = write(tmp_path / "a.json", f'{{"preset": "{other}"}}')
        write(tmp_path / "b.json", '{"preset": "index"}')
        assert refusal(CocosegError, path).category == "label.preset"


@pytest.mark.parametrize("source", ["panoptic.json", "instances.json", "stuff.json", "voc"])
@pytest.mark.parametrize("labels", ["index", "index.toml"])
def test_the_categories_of_a_data_set_give_the_same_numbers(source: str, labels: str, tmp_path: Path) -> None:
    write(tmp_path / "index.toml", 'preset = "index"')
    dataset = cocoseg.read(FIXTURES / source)
    name = tmp_path / labels if "." in labels else labels
    assert label_scheme(name, dataset.categories) == replace(label_scheme(name, dataset), problems=())
    assert (
        label_scheme(name, pickle.loads(pickle.dumps(dataset[:1])).categories).numbers
        == label_scheme(name, dataset).numbers
    )


@pytest.mark.parametrize("wrong", ["a.json", 3, None, [1, 2], ["road"]])
def test_categories_of_another_type_are_named(wrong: object) -> None:
    with pytest.raises(UsageError, match="categories is a? ?[Nlsi]"):
        label_scheme("index", wrong)  # type: ignore[arg-type]


def test_names_are_those_of_the_classes() -> None:
    assert label_scheme("index", TOWN).names == ("road", "car", "bus")
    assert label_scheme("deeplab2").names[:2] == (None, "person")
    assert len(label_scheme("cocostuff").names) == label_scheme("cocostuff").num_classes


@pytest.mark.parametrize(("name", "said"), [("road", 1), ("background", 0)])
def test_a_file_that_makes_unlabelled_pixels_a_class_is_warned_of(name: str, said: int, tmp_path: Path) -> None:
    scheme = LabelScheme("mine", (LabelClass(0, name, (7,)), LabelClass(1, "car", (23,))), unlabelled=0)
    save_scheme(scheme, tmp_path / "a.json")
    found = label_scheme(tmp_path / "a.json", TOWN)
    assert [problem.category for problem in found.problems] == ["label.collision"] * said
    assert found.class_of[7] == 0


@pytest.mark.parametrize("wrong", ["void", "background", 1])
def test_background_is_yes_or_no(wrong: object) -> None:
    with pytest.raises(UsageError, match="background is .*expected True, False") as caught:
        label_scheme("index", TOWN, background=wrong)  # type: ignore[arg-type]
    assert caught.value.category == "usage.choice"


def test_all_categories_that_are_ignored_are_not_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.toml", 'preset = "index"\nignored = [7, 23, 24]')
    error = refusal(LabelError, path)
    assert (error.category, "all 3 categories are 'ignored'" in error.message) == ("label.type", True)


@pytest.mark.parametrize(("word", "unlabelled", "first"), [("background", 0, 1), ("void", None, 0)])
def test_a_scheme_file_may_use_the_words_of_the_option(
    word: str, unlabelled: int | None, first: int, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.toml", f'preset = "index"\nunlabelled = "{word}"')
    for categories in (TOWN, Categories(TOWN, Conventions("background")), Categories(TOWN, Conventions("void"))):
        scheme = label_scheme(path, categories)
        assert (scheme.unlabelled, scheme.class_of[7]) == (unlabelled, first)
    classes = "[[classes]]\nindex = 1\nname = 'a'\ncategory_ids = [1]"
    assert label_scheme(write(path, f'name = "x"\nunlabeled = "{word}"\n{classes}')).unlabelled == unlabelled
