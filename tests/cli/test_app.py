"""The command as a whole: help, exit codes, and an answer that helps to every mistake."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

import badinput
from command import Result, without_progress
from command import cocoseg as run
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"
COMMANDS = ["to-semantic", "to-onehot", "to-masks", "to-coco", "to-panoptic", "labels", "info", "formats"]


def answer(result: Result) -> str:
    """The one line with which a command refuses."""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert result.stdout == ""
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_that_runs(command: str, tmp_path: Path) -> None:
    text = run(command, "--help", env={"COLUMNS": "200"}).stdout
    example = re.search(r"Example: cocoseg (.*)", text)
    assert example, text
    for name in ("panoptic.json", "panoptic", "instances.json", "stuff.json"):
        if name not in re.findall(r"to-coco \S+ (\S+)", example[0]):
            (tmp_path / name).symlink_to(FIXTURES / name)
    assert run(*example[1].split(), cwd=tmp_path).code == 0


def test_without_arguments_the_commands_are_listed() -> None:
    result = run()
    assert all(command in result.stdout + result.stderr for command in COMMANDS)
    assert result.code == 2


def test_help_is_that_of_all_commands_also_before_one_of_them() -> None:
    assert run("--help", "to-masks").stdout == run("--help").stdout


def test_version() -> None:
    assert re.fullmatch(r"cocoseg \d+\.\d+\.\d+, with(out)? its native part.*\n", run("--version").stdout)


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    result = run("to-semantic", "panoptik.json", "out", cwd=tmp_path)
    assert result.code == 3
    assert answer(result) == "cocoseg: 'panoptik.json' does not exist [file.missing]"
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_preset_names_the_nearest(tmp_path: Path) -> None:
    result = run("to-semantic", SOURCE, tmp_path / "out", "--labels", "mask2fromer")
    assert result.code == 2
    assert "did you mean 'mask2former'?" in answer(result)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("{}", "no 'annotations'"),
        ("[]", "or an empty list"),
        ("null", "doc.type"),
        ('{"annotations": {}}', "annotations"),
        ('{"annotations": []}', "nothing to convert"),
    ],
)
def test_an_empty_json(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text(text)
    result = run("to-semantic", "empty.json", "out", cwd=tmp_path)
    assert result.code == 3
    assert said in answer(result)
    assert answer(result).startswith("cocoseg: empty.json: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out", ["panoptic", "panoptic/out", ".", "link"])
def test_out_among_the_sources_is_refused(out: str, tmp_path: Path) -> None:
    badinput.lay_out(badinput.load("doc-000_control_valid"), tmp_path / "set")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.png")}
    (tmp_path / "set" / "link").symlink_to("panoptic")
    result = run("to-semantic", "panoptic.json", out, "--overwrite", cwd=tmp_path / "set")
    assert result.code == 2
    assert "choose another OUT" in answer(result)
    assert {path: path.read_bytes() for path in before} == before


def test_out_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    result = run("to-semantic", SOURCE, tmp_path / "out")
    assert result.code == 4
    assert "is a file, expected a folder" in answer(result)
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("command", ["to-semantic", "to-coco"])
def test_the_parents_of_out_are_made(command: str, tmp_path: Path) -> None:
    assert run(command, SOURCE, tmp_path / "a" / "b" / "out.json").code == 0
    assert (tmp_path / "a" / "b" / "out.json").exists()


@pytest.mark.parametrize("command", ["to-semantic", "to-coco"])
@pytest.mark.parametrize("out", ["afile/out.json", "afile/b/out.json"])
@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_file_on_the_way_to_out_is_named(command: str, out: str, options: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "afile").write_text("mine")
    result = run(command, SOURCE, out, *options, cwd=tmp_path)
    assert result.code == 4
    assert answer(result).endswith("afile' is a file, expected a folder [out.parent]")
    assert (tmp_path / "afile").read_text() == "mine"


def test_no_picture_is_there(tmp_path: Path) -> None:
    (tmp_path / "panoptic.json").write_text(SOURCE.read_text())
    (tmp_path / "pictures").mkdir()
    result = run("to-semantic", "panoptic.json", "out", cwd=tmp_path)
    assert result.code == 3
    assert "the PNGs' folder 'panoptic' does not exist; name it with --png-dir" in answer(result)
    result = run("to-semantic", "panoptic.json", "out", "--png-dir", "pictures", cwd=tmp_path)
    assert result.code == 3
    assert "none of the 3 PNGs is in 'pictures'; is --png-dir right?" in answer(result)


def test_a_closed_stdout_ends_quietly(tmp_path: Path) -> None:
    import subprocess
    import sys

    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "cocoseg", "to-semantic", str(SOURCE), str(tmp_path / "out")]
    process = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=20)
    os.close(writer)
    assert without_progress(process.stderr) == b""
    assert process.returncode == 0
    assert len(list((tmp_path / "out").rglob("*.png"))) == 3


def test_json_is_strict_and_complete(tmp_path: Path) -> None:
    summary = json.loads(run("to-semantic", SOURCE, tmp_path / "out", "--json").stdout)
    assert [summary[name] for name in ("listed", "images", "failed", "made", "kept")] == [3, 3, 0, 3, 0]
    assert summary["pixels"] == {"0": 28, "1": 5, "2": 13, "3": 13, "4": 11, "255": 22}
    assert summary["void_share"] == round(22 / 92, 6)
    assert summary["class_names"]["0"] == "person"
    assert summary["class_names"]["255"] == "void"
    assert summary["pixels"].keys() == summary["class_names"].keys()
    assert summary["failures"] == summary["warnings"] == []


def problem(result: Result) -> dict[str, str]:
    """The object that a command prints in place of a result."""
    found = json.loads(result.stdout)
    assert result.stderr == f"cocoseg: {found['message']} [{found['category']}]\n"
    return found


@pytest.mark.parametrize(
    ("call", "code", "category"),
    [
        (("to-semantic", "no.json", "out"), 3, "file.missing"),
        (("to-semantic", SOURCE, "file"), 4, "out.not_folder"),
        (("to-semantic", SOURCE, "out", "--labels", "no"), 2, "label.preset"),
        (("to-semantic", SOURCE), 2, "usage.missing"),
        (("to-semantic", SOURCE, "out", "more"), 2, "usage.call"),
        (("to-semantic", SOURCE, "out", "--wrokers", "2"), 2, "usage.option"),
        (("to-semantik", SOURCE, "out"), 2, "usage.command"),
        (("info", "no.json"), 3, "file.missing"),
        (("verify", "no"), 4, "out.no_run"),
        (("labels", "index", "no.json"), 3, "file.missing"),
    ],
)
def test_json_is_printed_on_every_exit(call: tuple[str, ...], code: int, category: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    result = run(*call, "--json", cwd=tmp_path)
    assert (result.code, problem(result)["category"]) == (code, category)


def test_failures_in_json_name_the_file(tmp_path: Path) -> None:
    source = badinput.lay_out(badinput.load("png-025_truncated_ihdr"), tmp_path / "set")
    result = run("to-semantic", source, tmp_path / "out", "--json")
    assert result.code == 1
    assert [row["file"] for row in result.summary["failures"]] == ["a.png"]
    report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
    assert report["failures"] == result.summary["failures"]


@pytest.mark.parametrize("said", [("to-semantik",), ("to-semantic", SOURCE, "out", "--wrokers", "2")])
def test_a_misspelt_word_names_the_nearest(said: tuple[str, ...]) -> None:
    assert re.search("did you mean ('to-semantic'|--workers)", answer(run(*said)))


@pytest.mark.parametrize("flags", [("-O",), ("-W", "error"), ("-X", "dev", "-W", "error")])
def test_under_strict_interpreters(flags: tuple[str, ...], tmp_path: Path) -> None:
    import subprocess
    import sys

    command = [sys.executable, *flags, "-m", "cocoseg", "to-semantic", str(SOURCE), str(tmp_path / "out")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, without_progress(result.stderr.encode())) == (0, b"")


@pytest.mark.parametrize(("closed", "code"), [("1>&-", 0), ("2>&-", 0), ("0<&- 1>&- 2>&-", 0), (">/dev/full", 4)])
def test_streams_that_are_closed_or_full(closed: str, code: int, tmp_path: Path) -> None:
    import subprocess
    import sys

    command = f"exec {sys.executable} -m cocoseg to-semantic {SOURCE} {tmp_path / 'out'} {closed}"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=30)
    assert result.returncode == code
    assert "Traceback" not in result.stderr
    assert len(list((tmp_path / "out").rglob("*.png"))) == 3


def test_names_of_classes_do_not_steer_the_terminal(tmp_path: Path) -> None:
    document = badinput.base_document()
    document["categories"][0]["name"] = "\x1b[31mred\nline"
    source = badinput.lay_out({"input": {"raw": json.dumps(document)}}, tmp_path / "set")
    for args in (("to-semantic", source, tmp_path / "out"), ("labels", "index", source)):
        text = run(*args).stdout
        assert "\x1b" not in text
        assert r"\x1b[31mred\nline" in text


def test_a_misspelt_option_names_the_nearest_only() -> None:
    result = run("to-semantic", "a", "b", "--lables", "x")
    assert (result.code, result.stdout) == (2, "")
    assert "there is no option --lables; did you mean --labels? (see" in result.stderr
