"""What README and the pages in docs/ say is so: generated parts, commands, snippets and their output."""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

import error_list
import generate
from cocoseg.labels import PRESETS, label_scheme
from command import cocoseg as run
from conftest import ROOT

README = ROOT / "README.md"
PAGES = generate.pages()
NAMES = [page.name for page in PAGES]
TIMES = re.compile(r"in [\d.]+ s(?: \([\d,]+ (?:images|pairs)/s\))?")
NATIVE = re.compile(r"^  native .*\n", re.MULTILINE)
ELSEWHERE = re.compile(r"(?:^|\s)(?:coco/|\w+://)|^dask ")  # a user's files, storage or machines: not here


class Block(NamedTuple):
    language: str
    text: str


def blocks(page: Path, *languages: str) -> list[Block]:
    found = re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [Block(*row) for row in found if not languages or row[0] in languages]


def calls(block: Block) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output that is shown."""
    for call in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, output = call.partition("\n")
        yield command, output


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has the fixtures and nothing else."""
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_generated_parts_are_as_the_code_makes_them(page: Path) -> None:
    text = page.read_text("utf-8")
    assert generate.rewritten(text) == text, "run python docs/generate.py"


def test_all_parts_are_generated_somewhere() -> None:
    parts = {part for page in PAGES for _, part, _ in generate.PART.findall(page.read_text("utf-8"))}
    assert {part.split()[0] for part in parts} == set(generate.PARTS)
    assert {f"options {command}" for command in ["shared", *generate.COMMANDS]} <= parts


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_and_python_run_and_print_what_is_shown(page: Path, desk: Path) -> None:
    names: dict[str, object] = {}
    shown = blocks(page)
    for number, block in enumerate(shown):
        if block.language == "console":
            check_console(block, desk)
        elif block.language == "pycon":
            check_doctest(block, page, names)
        elif block.language == "python":
            if "torch" in block.text and not torch_is_here():
                pytest.skip("torch is not installed")
            output = next((after.text for after in shown[number + 1 : number + 2] if after.language == "text"), "")
            check_python(block, output, names)


def check_console(block: Block, desk: Path) -> None:
    for command, output in calls(block):
        if ELSEWHERE.search(command):
            assert not output, command
            continue
        program, *words = shlex.split(command)
        assert program == "cocoseg"
        result = run(*words, cwd=desk)
        assert result.code == 0, result.stderr
        if output:
            assert as_shown(result.stdout) == as_shown(output), command


def check_doctest(block: Block, page: Path, names: dict[str, object]) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), 0)
    printed = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(test, out=printed.write, clear_globs=False).failed == 0, printed.getvalue()
    names |= test.globs


def check_python(block: Block, output: str, names: dict[str, object]) -> None:
    """A text block right below is what the lines print."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(block.text, names)
    assert printed.getvalue() == output


def as_shown(text: str) -> str:
    """What is printed without what depends on the machine: times, and that the native part is not there."""
    return NATIVE.sub("", TIMES.sub("in TIME", text))


def torch_is_here() -> bool:
    spec = find_spec("torch")
    return spec is not None and spec.origin is not None


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_shown_calls_have_commands_and_options_that_exist(page: Path) -> None:
    for command, _ in (call for block in blocks(page, "console") for call in calls(block)):
        program, name, *words = shlex.split(command)
        if program == "cocoseg":
            known = {option for parameter in generate.COMMANDS[name].params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= known, command


def test_commands_that_only_exist_elsewhere_are_few() -> None:
    found = [command for page in PAGES for block in blocks(page, "console") for command, _ in calls(block)]
    there = [command for command in found if ELSEWHERE.search(command)]
    assert len(there) < len(found) / 2


@pytest.mark.parametrize(("number", "category", "index"), [(0, 1, 0), (1, 18, 1), (2, 7, 0)])
def test_the_scheme_files_are_read(number: int, category: int, index: int, tmp_path: Path) -> None:
    import cocoseg

    path = tmp_path / "labels.toml"
    path.write_text(blocks(ROOT / "docs" / "labels.md", "toml")[number].text, "utf-8")
    scheme = label_scheme(path, cocoseg.read("fixtures/panoptic.json").categories)
    assert scheme.class_of[category] == index


def test_ci_runs_the_two_commands_word_for_word() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    commands = [line for block in blocks(README, "sh") for line in block.text.splitlines()]
    assert len(commands) == 2
    assert all(command in script for command in commands)


def test_the_first_command_prints_what_is_shown(desk: Path) -> None:
    first, shown = blocks(README, "sh", "text")[:2]
    words = shlex.split(first.text.split("/cocoseg ")[1])
    assert as_shown(run(*words, cwd=desk).stdout) == as_shown(shown.text)


def test_every_command_has_a_section() -> None:
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert sorted(re.findall(r"^## cocoseg (\S+)$", text, re.MULTILINE)) == sorted(generate.COMMANDS)


def test_every_preset_is_in_the_tables() -> None:
    for page in (README, ROOT / "docs" / "labels.md"):
        named = re.findall(r"^\| `([\w-]+)` \|", page.read_text("utf-8"), re.MULTILINE)
        assert set(PRESETS) <= set(named), page


def test_the_list_of_categories_has_those_of_the_corpus() -> None:
    listed = {row.category for row in error_list.raised(ROOT / "cocoseg")}
    cases = [json.loads(path.read_text("utf-8")) for path in (ROOT / "tests" / "badinputs").glob("*.json")]
    sure = [case["expect"] for case in cases if case["expect"]["verdict"] != "either"]
    expected = {verdict.get("category") for verdict in sure} - {None}
    assert len(expected) > 30
    assert expected <= listed


@pytest.mark.parametrize(
    "page", [*PAGES, *map(ROOT.joinpath, ["DESIGN.md", "CONTRIBUTING.md", "SECURITY.md"])], ids=str
)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!\w+:)([^)#]*)(?:#([^)]+))?\)", page.read_text("utf-8")):
        file = page.parent / target if target else page
        assert file.is_file(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w-]", "", title.lower().replace(" ", "-")) for title in headings}, anchor


def test_the_scripts_that_are_named_are_there() -> None:
    guide, recipes = (ROOT.joinpath(name).read_text("utf-8") for name in ("CONTRIBUTING.md", "justfile"))
    scripts = {ROOT / name for name in re.findall(r"\.ci/\w+", guide + recipes)}
    assert len(scripts) == 6
    assert all(os.access(script, os.X_OK) for script in scripts)
    assert set(re.findall(r"`just (\w+)`", guide)) <= set(re.findall(r"^(\w+).*:$", recipes, re.MULTILINE))


def test_the_files_that_contributing_names_are_there() -> None:
    named = re.findall(
        r"\b((?:cocoseg|docs|fixtures|tests|benchmarks)/[\w./]+)", (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    )
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
