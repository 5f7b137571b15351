"""Options: one declaration gives the signature, the help and the command line."""

from __future__ import annotations

import inspect
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

import cocoseg
from cocoseg import options
from cocoseg.cli.app import app
from cocoseg.codecs.onehot import Layout
from cocoseg.formats import FORMATS
from cocoseg.formats.coco.writer import Shape
from cocoseg.formats.onehot import Dtype, Format
from cocoseg.labels.scheme import Overlap
from command import cocoseg as run
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"
DECLARED: dict[str, Any] = {
    "to-semantic": options.ToSemantic,
    "to-onehot": options.ToOneHot,
    "to-masks": options.ToMasks,
    "to-coco": options.ToCoco,
    "to-panoptic": options.ToPanoptic,
    "info": options.Reading,
}
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
ROWS = [(command, row) for command, kind in DECLARED.items() for row in options.declared(kind)]


def tool(command: str) -> Any:
    return getattr(cocoseg, command.replace("-", "_"))


@pytest.mark.parametrize(("command", "row"), ROWS, ids=[f"{command}-{row.name}" for command, row in ROWS])
def test_an_option_is_in_the_signature_the_help_and_the_command(command: str, row: options.Declared) -> None:
    parameter = inspect.signature(tool(command)).parameters[row.name]
    assert (parameter.kind, parameter.default) == (parameter.KEYWORD_ONLY, row.option.default)
    assert f"* ``{row.name}``: {row.option.help}" in tool(command).__doc__
    shown = {parameter.name: parameter for parameter in COMMANDS[command].params}
    assert (row.name in shown) is not row.option.python_only
    if row.name in shown:
        assert shown[row.name].help.startswith(row.option.negated or row.option.help)


@pytest.mark.parametrize("command", DECLARED)
def test_a_function_has_the_declared_options_and_no_others(command: str) -> None:
    parameters = inspect.signature(tool(command)).parameters.values()
    names = {row.name for row in parameters if row.kind is row.KEYWORD_ONLY}
    assert names == set(DECLARED[command].__annotations__)


@pytest.mark.parametrize("command", DECLARED)
def test_a_misspelt_option_names_the_nearest(command: str, tmp_path: Path) -> None:
    places = (SOURCE,) if command == "info" else (SOURCE, tmp_path / "out.json")
    with pytest.raises(TypeError, match=r"no option is called 'catgories'; did you mean 'categories'\?"):
        tool(command)(*places, catgories=None)
    assert list(tmp_path.iterdir()) == []


def test_every_sentence_ends() -> None:
    assert [row.name for _, row in ROWS if not row.option.help.endswith(".")] == []


@pytest.mark.parametrize(
    ("declaration", "name", "kind"),
    [
        (options.Painting, "overlap", Overlap),
        (options.ToCoco, "segmentation", Shape),
        (options.ToOneHot, "layout", Layout),
        (options.ToOneHot, "dtype", Dtype),
        (options.ToOneHot, "format", Format),
    ],
)
def test_choices_are_those_of_the_code(declaration: Any, name: str, kind: Any) -> None:
    rows = {row.name: row for row in options.declared(declaration)}
    assert rows[name].choices == kind.__args__


@pytest.mark.parametrize("flag", ["--from", "--source-format"])
def test_both_spellings_of_the_source_format(flag: str, tmp_path: Path) -> None:
    assert run("info", SOURCE, flag, "panoptic").code == 0
    result = run("info", SOURCE, flag, "nothing")
    assert result.code == 2
    assert all(name in result.stderr for name in FORMATS)


def test_the_overview_has_whole_sentences_in_sections() -> None:
    text = run("--help", env={"COLUMNS": "80"}).stdout
    assert not re.search(r"\w(\.\.\.|…)", text)
    assert max(map(len, text.splitlines())) <= 80
    assert re.findall(r"^(\w+):$", text, re.MULTILINE) == ["Options", "Convert", "Look", "Check"]
    assert "\x1b" not in text


def on_a_terminal(*args: str) -> str:
    """What the command prints to a terminal."""
    ours, theirs = pty.openpty()
    try:
        subprocess.run([sys.executable, "-m", "cocoseg", *args], stdout=theirs, check=True)
        return os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_the_overview_is_in_colour_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in on_a_terminal("--help")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in on_a_terminal("--help")


def test_help_loads_no_numpy() -> None:
    code = "import sys, cocoseg.cli.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "msgspec", "rich", "PIL"} & set(loaded)


def test_labels_of_a_folder_are_those_of_its_data_set(tmp_path: Path) -> None:
    out = tmp_path / "masks"
    assert run("to-masks", SOURCE, out).code == 0
    result = run("labels", "index", out)
    assert result.code == 0, result.stderr
    assert result.stdout == run("labels", "index", SOURCE).stdout
