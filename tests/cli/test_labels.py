"""``cocoseg labels``."""

from __future__ import annotations

from pathlib import Path

from cocoseg.labels import PRESETS
from command import cocoseg as run
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"


def test_the_presets_are_listed() -> None:
    lines = run("labels").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(PRESETS)


def test_a_preset_with_a_class_table() -> None:
    lines = run("labels", "deeplab2").stdout.splitlines()
    assert lines[2].split() == ["1", "person", "1"]
    assert lines[-2].split() == ["133", "rug-merged", "200"]
    assert lines[-1].split() == ["0", "void"]


def test_a_preset_that_follows_a_source() -> None:
    assert "1  dog               18" in run("labels", "index", SOURCE).stdout
    result = run("labels", "index")
    assert result.code == 3
    assert "follow the data set's categories" in result.stderr


def test_the_printed_scheme_is_a_scheme_file(tmp_path: Path) -> None:
    text = run("labels", "index", SOURCE, "--json").stdout
    (tmp_path / "mine.json").write_text(text)
    assert run("labels", tmp_path / "mine.json", "--json").stdout == text


def test_the_pictures_of_a_json_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "panoptic.json").write_text(SOURCE.read_text())
    assert run("labels", "index", tmp_path / "panoptic.json").stdout == run("labels", "index", SOURCE).stdout


def test_a_folder_is_read_with_its_options(tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    assert run("to-semantic", SOURCE, maps).code == 0
    (maps / "cocoseg.json").unlink()
    assert run("labels", "index", maps, "--from", "semantic").code == 3
    result = run("labels", "mask2former", maps, "--from", "semantic", "--source-labels", "mask2former")
    assert result.code == 0, result.stderr
    assert result.stdout.splitlines()[1].split()[:2] == ["class", "name"]


def test_a_folder_with_a_class_table_is_followed() -> None:
    result = run("labels", "index", FIXTURES / "voc", "--split", "val")
    assert result.code == 0, result.stderr
    assert " aeroplane " in result.stdout


def test_an_option_that_means_nothing_for_a_json_is_refused() -> None:
    result = run("labels", "index", SOURCE, "--split", "val")
    assert result.code == 3
    assert "where --split means nothing [doc.kind]" in result.stderr


def test_unlabelled_has_two_spellings(tmp_path: Path) -> None:
    source = FIXTURES / "instances.json"
    for option in ("--unlabelled", "--unlabeled"):
        assert run("to-semantic", source, tmp_path / option, option, "void").code == 0
    first, second = (sorted((tmp_path / name).glob("*.png")) for name in ("--unlabelled", "--unlabeled"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert len(first) > 0


def test_a_preset_that_follows_a_source_says_that_it_is_missing(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('preset = "panopticapi"')
    for labels in ("index", "things-first", tmp_path / "mine.toml"):
        result = run("labels", labels)
        assert result.code == 3
        assert "SRC is missing" in result.stderr
        assert f"cocoseg labels {labels} SRC" in result.stderr
        assert "Python" not in result.stderr


def test_a_scheme_file_decides_as_it_does_in_a_conversion(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('preset = "index"\nunlabelled = 255')
    lines = run("labels", tmp_path / "mine.toml", FIXTURES / "instances.json").stdout.splitlines()
    assert lines[2].split()[0] == "0"
    assert "background" not in lines[2]


def test_background_is_printed_once(tmp_path: Path) -> None:
    rows = run("labels", "index", FIXTURES / "instances.json").stdout.splitlines()
    assert [row.split()[:2] for row in rows[2:] if row.split()[0] == "0"] == [["0", "background"]]
    classes = "[[classes]]\nindex = 1\nname = 'a'\ncategory_ids = [1]"
    (tmp_path / "a.toml").write_text(f"name = 'x'\nunlabelled = 0\n{classes}")
    assert run("labels", tmp_path / "a.toml").stdout.splitlines()[-1].split() == ["0", "unlabelled"]


def test_the_list_as_json() -> None:
    found = run("labels", "--json").summary
    assert found == {"presets": {name: preset.summary for name, preset in PRESETS.items()}}
