"""Options: one declaration gives the signature, the help and the command line."""

from __future__ import annotations

import inspect
import json
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
from cocoseg.cli.app import build
from cocoseg.codecs.onehot import Layout
from cocoseg.formats import FORMATS
from cocoseg.formats.coco.writer import Fill, Shape
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
    "to-yolo": options.ToYolo,
    "to-hf": options.ToHf,
    "to-voc": options.ToVoc,
    "to-shards": options.ToShards,
    "info": options.Reading,
    "read": options.Reading,
}
STACKS = ("to-yolo", "to-hf", "to-voc", "to-shards")  # with photos: tools/test_stack_options.py
CONVERSIONS = [command for command in DECLARED if command.startswith("to-") and command not in STACKS]
COMMANDS: dict[str, Any] = typer.main.get_command(build()).commands  # type: ignore[attr-defined]
ROWS = [(command, row) for command, kind in DECLARED.items() for row in options.declared(kind)]


def tool(command: str) -> Any:
    return getattr(cocoseg, command.replace("-", "_"))


def called(command: str, folder: Path, **given: Any) -> Any:
    """The result of a tool for the fixture."""
    places = (SOURCE, folder / "out.json") if command.startswith("to-") else (SOURCE,)
    return tool(command)(*places, **given)


@pytest.mark.parametrize(("command", "row"), ROWS, ids=[f"{command}-{row.name}" for command, row in ROWS])
def test_an_option_is_in_the_signature_and_the_help(command: str, row: options.Declared) -> None:
    parameter = inspect.signature(tool(command)).parameters[row.name]
    assert (parameter.kind, parameter.default) == (parameter.KEYWORD_ONLY, row.option.default)
    assert f"* ``{row.name}``: {row.option.help}" in tool(command).__doc__


@pytest.mark.parametrize(
    ("command", "row"),
    [(command, row) for command, row in ROWS if command in COMMANDS],
)
def test_an_option_is_on_the_command_line(command: str, row: options.Declared) -> None:
    shown = {parameter.name: parameter for parameter in COMMANDS[command].params}
    assert (row.name in shown) is (row.option.shell is not None)
    if row.option.shell:
        assert tuple(shown[row.name].opts) == row.flags
        said = (row.option.shell.help or row.option.help).rstrip(".")
        assert shown[row.name].help.startswith(said)
        if row.name == "source_format":
            assert shown[row.name].help.startswith(f"{said}: {', '.join(FORMATS)}.")
        elif row.choices:
            assert shown[row.name].metavar == "|".join(row.choices)


@pytest.mark.parametrize("command", DECLARED)
def test_a_function_has_the_declared_options_and_no_others(command: str) -> None:
    parameters = inspect.signature(tool(command)).parameters.values()
    names = {row.name for row in parameters if row.kind is row.KEYWORD_ONLY}
    assert names == set(DECLARED[command].__annotations__)
    assert "options" not in inspect.signature(tool(command)).parameters


@pytest.mark.parametrize("command", DECLARED)
def test_a_misspelt_option_names_the_nearest(command: str, tmp_path: Path) -> None:
    said = rf"{command.replace('-', '_')}\(\) has no option 'catgories'; did you mean 'categories'\?"
    with pytest.raises(TypeError, match=said):
        called(command, tmp_path, catgories=None)
    assert list(tmp_path.iterdir()) == []


def test_an_option_that_is_near_none_lists_all() -> None:
    with pytest.raises(TypeError, match="its options are categories, images, png_dir"):
        cocoseg.read(SOURCE, zzz=1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("command", "row"),
    [(command, row) for command, row in ROWS if row.choices],
)
def test_a_value_that_is_none_of_the_choices(command: str, row: options.Declared, tmp_path: Path) -> None:
    wrong = ["xyz", ""] + ([None] if row.option.default is not None else [])
    for value in wrong:
        with pytest.raises(cocoseg.UsageError, match=f"^{row.name} is {value!r}, expected one of {row.choices[0]}"):
            called(command, tmp_path, **{row.name: value})


WRONG: dict[str, Any] = {
    "bool": ["no", 1, None],
    "int": ["2", None, True],
    "int | None": ["2", 1.5, True],
    "float": ["2", None, True],
    "float | None": ["2", True],
    "StrPath | None": [3, ["a.json"], ""],
    "StrPath | LabelScheme": [3, None, ""],
    "StrPath | LabelScheme | None": [3, ""],
    "Executor | None": ["dask", 3],
    "Callable[[Any], None] | None": [3],
    "str | None": [3, "", " "],
}


@pytest.mark.parametrize(("command", "row"), [(command, row) for command, row in ROWS if not row.choices])
def test_a_value_of_a_wrong_kind_is_answered_at_once(command: str, row: options.Declared, tmp_path: Path) -> None:
    for value in WRONG[row.text]:
        with pytest.raises(cocoseg.UsageError, match=f"^{row.name} is {re.escape(repr(value))}, expected ") as caught:
            called(command, tmp_path, **{row.name: value})
        assert caught.value.category == f"usage.{row.category}"
    assert list(tmp_path.iterdir()) == []


TAKES = {
    "categories": "panoptic.json",
    "images": "semantic",
    "png_dir": "panoptic.json",
    "instances": "semantic",
    "stuff": "instances.json",
    "photos": "instances.json",
    "val_photos": "instances.json",
}


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (command, row.name)
        for command, row in ROWS
        if row.option.metavar in ("FILE", "DIR") and (command, row.name) != ("info", "png_dir")  # which info describes
    ],
)
def test_a_misspelt_path_names_the_option_and_the_nearest(command: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "instances.json").write_text("{}")
    places = (FIXTURES / TAKES[name], tmp_path / "out.json")[: 2 if command.startswith("to-") else 1]
    others: dict[str, Any] = {"photos": FIXTURES / "photos", "val": places[0]} if name == "val_photos" else {}
    said = f"^{name}: .*instanecs.json' does not exist; did you mean '{tmp_path}/instances.json'"
    for path in (tmp_path / "instanecs.json", f"{tmp_path}/instanecs.json"):
        with pytest.raises(cocoseg.DocumentError, match=said) as caught:
            tool(command)(*places, **{name: path}, **others)
        assert caught.value.category == "file.missing"
    with pytest.raises(cocoseg.DocumentError, match=f"^{name}: '/no/folder/a.json' does not exist$"):
        tool(command)(*places, **{name: "/no/folder/a.json"}, **others)


def test_a_misspelt_source_names_the_nearest() -> None:
    for call in (cocoseg.read, cocoseg.info):
        with pytest.raises(cocoseg.DocumentError, match="^'fixtures/panoptik.json' does not exist; did you mean 'fixt"):
            call("fixtures/panoptik.json")
    result = run("to-semantic", "fixtures/instance.json", "out")
    assert (result.code, "did you mean 'fixtures/instances.json'?" in result.stderr) == (3, True)


@pytest.mark.parametrize("value", [3, None, ["a"], ""])
def test_a_place_that_is_not_a_path(value: Any) -> None:
    for call in (cocoseg.read, cocoseg.info, cocoseg.verify):
        with pytest.raises(cocoseg.UsageError, match=r"^(path|src|out) is .*, expected a path"):
            call(value)
    with pytest.raises(cocoseg.UsageError, match="^out is .*, expected a path"):
        cocoseg.to_semantic(SOURCE, value)


def test_an_empty_place_is_not_the_current_folder(tmp_path: Path) -> None:
    for call in (("to-semantic", SOURCE, ""), ("to-masks", "", "out"), ("verify", ""), ("info", SOURCE, "--class", "")):
        result = run(*call, cwd=tmp_path)
        assert (result.code, result.stdout) == (2, "")
        assert " is '', expected a " in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "row"), [(command, row) for command, row in ROWS if row.option.least is not None and row.flags]
)
def test_a_number_below_the_least(command: str, row: options.Declared, tmp_path: Path) -> None:
    least: Any = row.option.least
    for value in (least - 1, float("nan"))[: 1 if row.number is int else 2]:
        with pytest.raises(
            cocoseg.UsageError, match=f"^{row.name} is {value!r}, expected at least {least:g}"
        ) as caught:
            called(command, tmp_path, **{row.name: value})
        assert caught.value.category == f"usage.{row.category}"
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_numpy_are_taken(tmp_path: Path) -> None:
    import numpy

    found = cocoseg.to_semantic(
        SOURCE, tmp_path, limit=numpy.int64(2), time_limit=numpy.float32(9), dry_run=numpy.True_
    )  # type: ignore[arg-type]
    assert found.listed == 2
    assert cocoseg.to_semantic(SOURCE, tmp_path, time_limit=9, dry_run=True).listed == 3


def test_workers_of_verify(tmp_path: Path) -> None:
    with pytest.raises(cocoseg.UsageError, match="^workers is '2', expected a whole number"):
        cocoseg.verify(tmp_path, workers="2")  # type: ignore[arg-type]
    for workers in (0, -1):
        with pytest.raises(cocoseg.UsageError, match=f"^workers is {workers}, expected at least 1") as caught:
            cocoseg.verify(tmp_path, workers=workers)
        assert caught.value.category == "usage.workers"


def test_every_sentence_ends() -> None:
    assert [row.name for _, row in ROWS if not row.option.help.endswith(".")] == []


@pytest.mark.parametrize(
    ("declaration", "name", "kind"),
    [
        (options.Painting, "overlap", Overlap),
        (options.ToCoco, "segmentation", Shape),
        (options.ToCoco, "fill", Fill),
        (options.ToOneHot, "layout", Layout),
        (options.ToOneHot, "dtype", Dtype),
        (options.ToOneHot, "format", Format),
    ],
)
def test_choices_are_those_of_the_code(declaration: Any, name: str, kind: Any) -> None:
    rows = {row.name: row for row in options.declared(declaration)}
    assert rows[name].choices == kind.__args__


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("to-semantic", "--workers", "x"), "--workers is 'x', expected a whole number, 1 or more"),
        (("to-semantic", "-j", "0"), "--workers is '0', expected a whole number, 1 or more"),
        (("to-semantic", "-j", "1.5"), "--workers is '1.5', expected a whole number, 1 or more"),
        (("to-semantic", "--limit", "-1"), "--limit is '-1', expected a whole number, 1 or more"),
        (("to-semantic", "--time-limit", "nan"), "--time-limit is 'nan', expected a number, 0.001 or more"),
        (("to-coco", "--simplify", "a lot"), "--simplify is 'a lot', expected a number, 0 or more"),
        (("to-semantic", "--overlap", "fil"), "area, score, void, error; did you mean 'file'?"),
        (
            ("to-coco", "--as", "polygon"),
            "--as is 'polygon', expected one of rle, rle-list, polygons; did you mean 'poly",
        ),
        (("to-coco", "--from", "pascal"), "--source-format is 'pascal', expected one of panoptic, coco, "),
        (("verify", "-j", "two"), "--workers is 'two', expected a whole number, 1 or more"),
    ],
)
def test_a_wrong_value_is_answered_in_our_words(call: tuple[str, ...], said: str, tmp_path: Path) -> None:
    command, *wrong = call
    result = run(command, *(() if command == "verify" else (SOURCE,)), tmp_path / "out.json", *wrong)
    assert (result.code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_short_spellings(tmp_path: Path) -> None:
    assert run("-V").stdout == run("--version").stdout
    result = run("to-semantic", SOURCE, tmp_path / "out", "-j", "2", "-q")
    assert (result.code, result.stdout, result.stderr) == (0, "", "")
    assert run("verify", tmp_path / "out", "-q", "-j", "1").stdout == ""


def test_quiet_says_what_went_wrong_and_verbose_says_all(tmp_path: Path) -> None:
    for number in range(25):
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / f"{number}.png").write_bytes(b"")
    call = ("to-semantic", tmp_path / "set", tmp_path / "out", "--from", "semantic", "--source-labels", "mask2former")
    quiet, plain, verbose = (run(*call, *more).stdout.splitlines() for more in (("-q",), (), ("-v", "-q")))
    assert quiet[0].startswith("Refused (25 ")
    assert "and 5 more" in quiet[-1]
    assert set(quiet) < set(plain)
    assert len(verbose) == 26


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("to-c", "to-coco"),
        ("to-semantic a b --overlap v", "void"),
        ("to-semantic a b --labels mask", "mask2former"),
        ("labels mask", "mask2former"),
        ("to-semantic a b --labels fixtures/instances.j", "fixtures/instances.json"),
    ],
)
def test_the_shell_completes_commands_and_choices(words: str, found: str) -> None:
    env = {
        "_COCOSEG_COMPLETE": "complete_bash",
        "COMP_WORDS": f"cocoseg {words}",
        "COMP_CWORD": str(len(words.split())),
    }
    assert run(env=env).stdout.split() == [found]


@pytest.mark.parametrize("command", CONVERSIONS)
def test_the_first_images_only(command: str, tmp_path: Path) -> None:
    result = run(command, SOURCE, tmp_path / "out.json", "--limit", "2", "--json")
    assert (result.code, result.summary["listed"], result.summary["images"]) == (0, 2, 2)
    assert result.summary["notes"] == ["only the first 2 images of 3 (--limit)"]
    where = tmp_path / ("out.json.cocoseg" if command == "to-coco" else "out.json") / "cocoseg.json"
    assert json.loads(where.read_text())["options"]["limit"] == 2
    assert run(command, SOURCE, tmp_path / "out.json", "-q").code == 0
    assert run("verify", tmp_path / "out.json").code == 0
    for more in ((), ("--dry-run",)):
        result = run(command, SOURCE, tmp_path / "out.json", "--limit", "2", *more)
        assert (result.code, "would drop 1 of them; choose another OUT [usage.limit]" in result.stderr) == (2, True)
    whole = called(command, tmp_path / "again", limit=3)
    assert (whole.listed, whole.notes) == (3, [])


@pytest.mark.parametrize("flag", ["--from", "--source-format"])
def test_both_spellings_of_the_source_format(flag: str) -> None:
    assert run("info", SOURCE, flag, "panoptic").code == 0
    result = run("info", SOURCE, flag, "nothing")
    assert result.code == 2
    assert all(name in result.stderr for name in FORMATS)


def test_the_help_shows_both_spellings() -> None:
    assert "--source-format, --from" in run("info", "--help").stdout


def test_a_registered_format_is_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, "friendly", FORMATS["coco"])
    info = typer.main.get_command(build()).commands["info"]  # type: ignore[attr-defined]
    shown = next(row for row in info.params if row.name == "source_format")
    assert f": {', '.join(FORMATS)}." in shown.help


@pytest.mark.parametrize("command", CONVERSIONS)
def test_a_split_goes_through_every_conversion(command: str, tmp_path: Path) -> None:
    source = FIXTURES / "voc"
    listed = sorted(path.stem for path in (source / "ImageSets" / "Segmentation").iterdir())
    for split in (listed[0], source / "ImageSets" / "Segmentation" / f"{listed[0]}.txt"):
        result = run(command, source, tmp_path / "out.json", "--split", split, "--json", "--dry-run")
        assert result.code == 0, result.stderr
        assert result.summary["listed"] == len(cocoseg.read(source, split=listed[0]))
    assert len(cocoseg.read(source, split=listed[0])) < len(cocoseg.read(source))


def test_a_report_names_the_split(tmp_path: Path) -> None:
    source = FIXTURES / "voc"
    name = sorted(path.stem for path in (source / "ImageSets" / "Segmentation").iterdir())[0]
    assert run("to-semantic", source, tmp_path / "out", "--split", name, "--from", "voc").code == 0
    told = json.loads((tmp_path / "out" / "cocoseg.json").read_text())["options"]
    assert (told["split"], told["from"]) == (name, "voc")


def test_the_list_of_a_split_is_not_written_over(tmp_path: Path) -> None:
    names = FIXTURES / "voc" / "ImageSets" / "Segmentation" / "val.txt"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "val.txt").write_bytes(names.read_bytes())
    result = run("to-semantic", FIXTURES / "voc", tmp_path / "out", "--split", tmp_path / "out" / "val.txt")
    assert (result.code, "choose another OUT" in result.stderr) == (2, True)


def test_the_overview_has_whole_sentences_in_sections() -> None:
    text = run("--help", env={"COLUMNS": "80"}).stdout
    assert not re.search(r"\w(\.\.\.|…)", text)
    assert "example" in text.lower()
    assert max(map(len, text.splitlines())) <= 80
    titles = ["Options", "Convert", "Reshape", "Train", "Look", "Check"]
    assert re.findall(r"^(\w+):$", text, re.MULTILINE) == titles
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
    code = "import sys; from cocoseg.cli.app import build; import typer; typer.main.get_command(build()); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "msgspec", "rich", "PIL"} & set(loaded)


def test_a_command_starts_without_pydantic() -> None:
    code = "import os, sys; sys.argv[1:] = ['info', 'fixtures/panoptic.json', '-q']\n"
    code += "from cocoseg.cli import guard; guard._end = lambda *_: print(*sys.modules); guard.main()"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "cocoseg.tools.info" in loaded
    assert "pydantic" not in loaded


def test_labels_of_a_folder_are_those_of_its_data_set(tmp_path: Path) -> None:
    out = tmp_path / "masks"
    assert run("to-masks", SOURCE, out).code == 0
    result = run("labels", "index", out)
    assert result.code == 0, result.stderr
    assert result.stdout == run("labels", "index", SOURCE).stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_fits_the_terminal(command: str) -> None:
    text = run(command, "--help", env={"COLUMNS": "80"}).stdout
    assert not re.search(r"\w(\.\.\.|…)", text.partition("\n")[2])
    assert max(map(len, text.splitlines())) <= 80
    assert "Example: cocoseg " in text
