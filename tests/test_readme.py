"""What the README says is so."""

from __future__ import annotations

import re

import pytest

from cocoseg.cli.app import app
from cocoseg.labels import PRESETS, label_scheme
from cocoseg.tools import formats
from conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_ci_runs_the_two_commands_word_for_word() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 2
    assert all(command in script for command in commands)


def test_the_python_lines_run() -> None:
    names: dict[str, object] = {}
    exec(blocks("python")[0], names)
    assert names["class_map"].shape == (6, 8)  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", [0, 1])
def test_the_scheme_files_are_read(number: int, tmp_path: object) -> None:
    from pathlib import Path

    import cocoseg

    path = Path(str(tmp_path)) / "labels.toml"
    path.write_text(blocks("toml")[number], encoding="utf-8")
    categories = cocoseg.read("fixtures/panoptic.json").categories
    scheme = label_scheme(path, categories)
    assert scheme.class_of[1 if number == 0 else 7] == 0


def test_the_output_shown_is_the_output(tmp_path: object) -> None:
    from pathlib import Path

    from command import cocoseg as run

    shown, *_ = blocks("text")
    out = Path(str(tmp_path)) / "out"
    found = run("to-semantic", "fixtures/panoptic.json", out, "--palette", cwd=ROOT).stdout
    first, *rest = found.replace(str(out), "out").splitlines()
    assert rest == shown.splitlines()[1:]
    assert re.sub(r"in .* images/s\)", "", first) == re.sub(r"in .* images/s\)", "", shown.splitlines()[0])


def test_every_preset_is_in_the_table() -> None:
    table = re.findall(r"^\| `([\w-]+)`(?: \(default\))? \|", README.split("---\n\n## ")[0], re.MULTILINE)
    assert table == list(PRESETS)


def test_the_table_of_conversions_is_that_of_the_code() -> None:
    heads, _, *rows = formats.table()
    lines = [["from \\ to", *(f"`{head}`" for head in heads[1:])], *rows]
    assert all(f"| {' | '.join(line)} |\n" in README for line in lines)


def test_every_command_and_option_is_described() -> None:
    import typer

    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        assert f"cocoseg {name}" in README
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        if name.startswith("to-"):
            assert options - {"--help"} <= set(re.findall(r"--[a-z-]+", README))


def test_the_calls_that_are_shown_have_commands_and_options_that_there_are() -> None:
    import typer

    group = typer.main.get_command(app)
    calls = [line for block in blocks("text") for line in block.splitlines() if line.startswith("cocoseg ")]
    assert calls
    for name, *words in (line.split()[1:] for line in calls):
        known = {option for parameter in group.commands[name].params for option in parameter.opts}  # type: ignore[attr-defined]
        assert {word for word in words if word.startswith("--")} <= known
