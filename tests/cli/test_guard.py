"""The guard around every command: hostile surroundings end in a sentence and an exit code, never in a traceback."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cocoseg
from command import without_progress
from conftest import FIXTURES

pytestmark = pytest.mark.long

ODD = os.fsdecode(b"caf\xe9")
COMMANDS = {
    "to-semantic": ["to-semantic", FIXTURES / "panoptic.json", "out"],
    "to-onehot": ["to-onehot", FIXTURES / "panoptic.json", "out"],
    "to-masks": ["to-masks", FIXTURES / "panoptic.json", "out"],
    "to-coco": ["to-coco", FIXTURES / "panoptic.json", "out.json"],
    "to-panoptic": ["to-panoptic", FIXTURES / "instances.json", "out"],
    "info": ["info", FIXTURES / "panoptic.json"],
    "labels": ["labels", "index", FIXTURES / "panoptic.json"],
    "formats": ["formats"],
    "verify": ["verify", "done"],
    "a missing file": ["info", "missing\u00e9.json"],
    "help": ["--help"],
    "a wrong call": ["to-semantic", "--nonsense"],
}
USUAL = {"a missing file": 3, "a wrong call": 2}
# what is run in a shell before or around the command, and the exit codes that are right besides the usual one
SURROUNDINGS: dict[str, tuple[str, set[int]]] = {
    "a full device": ("{} >/dev/full", {4}),
    "stderr on a full device": ("{} 2>/dev/full", set()),
    "a closed stdout": ("{} >&-", set()),
    "all closed": ("{} <&- >&- 2>&-", set()),
    "an ASCII terminal": ("PYTHONIOENCODING=ascii {}", set()),
    "a Latin-1 terminal": ("PYTHONIOENCODING=latin-1 {}", set()),
    "no locale": ("PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 LC_ALL=C {}", set()),
    "six open files": ("ulimit -n 6; {}", {1, 4, 70}),
    "200 MB of address space": ("ulimit -v 200000; {}", {1, 70}),
    "100 MB of address space": ("ulimit -v 100000; {}", {70}),
    "no file may have a byte": ("ulimit -f 0; {}", {4}),
    "a wrong start method": ("COCOSEG_START=nonsense {}", {2}),
    "a strange terminal": ("TERM=nonsense COLUMNS=x LINES=-1 {}", set()),
    "no home": ("HOME=/none TMPDIR=/none {}", set()),
}


def shell(line: str, cwd: Path, *args: object, seconds: float = 60) -> subprocess.CompletedProcess[bytes]:
    """The command with ``args`` in the place of ``{}`` in a line for the shell."""
    command = shlex.join(map(os.fspath, [sys.executable, "-m", "cocoseg", *map(str, args)]))
    return subprocess.run(
        ["sh", "-c", line.format(command)], cwd=cwd, capture_output=True, timeout=seconds, check=False
    )


def said(result: subprocess.CompletedProcess[bytes]) -> list[bytes]:
    """The lines on stderr, without what Python warns of."""
    assert b"Traceback" not in result.stdout + result.stderr
    return [line for line in without_progress(result.stderr).splitlines() if line.startswith(b"cocoseg:")]


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_hostile_surroundings(command: str, surroundings: str, tmp_path: Path) -> None:
    cocoseg.to_semantic(FIXTURES / "panoptic.json", tmp_path / "done")
    line, others = SURROUNDINGS[surroundings]
    result = shell(line, tmp_path, *COMMANDS[command])
    assert result.returncode in {USUAL.get(command, 0), *others}
    assert len(said(result)) <= 2
    if result.returncode not in (0, 1) and "2>" not in line:
        assert said(result), "an exit code without a sentence"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_is_json_on_every_terminal(encoding: str, tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "instances.json").read_text())
    document["categories"][0]["name"] = "café 犬 🐕"
    (tmp_path / "a.json").write_text(json.dumps(document))
    for words in (["info", "a.json", "--json"], ["labels", "index", "a.json", "--json"], ["info", "né.json", "--json"]):
        result = shell(f"PYTHONIOENCODING={encoding} {{}}", tmp_path, *words)
        found = json.loads(result.stdout.decode(encoding))
        assert result.returncode == (3 if "né.json" in words else 0)
        assert "café 犬 🐕" in json.dumps(found, ensure_ascii=False) or "'né.json' does not exist" in found["message"]


class TestNamesThatAreNotUtf8:
    @pytest.mark.parametrize("command", ["to-semantic", "to-onehot", "to-masks", "to-coco", "to-panoptic"])
    def test_of_source_and_output(self, command: str, tmp_path: Path) -> None:
        (tmp_path / f"{ODD}.json").write_bytes((FIXTURES / "instances.json").read_bytes())
        out = f"{ODD}-made.json" if command == "to-coco" else ODD
        strict = "PYTHONIOENCODING=utf-8:strict {}"
        for words in ([command, f"{ODD}.json", out], [command, f"{ODD}.json", out, "--json"], ["verify", out]):
            result = shell(strict, tmp_path, *words)
            assert (result.returncode, said(result)) == (0, [])
        assert b"caf\\udce9" in result.stdout
        assert shell(strict, tmp_path, "info", out).returncode == (3 if command == "to-onehot" else 0)

    @pytest.mark.parametrize("words", [["info"], ["verify"], ["labels", "index"], ["to-semantic", "--labels"], ["-"]])
    def test_of_what_is_not_there(self, words: list[str], tmp_path: Path) -> None:
        result = shell("PYTHONIOENCODING=utf-8:strict {}", tmp_path, *words, f"{ODD}.json", "out")
        assert result.returncode in (2, 3, 4)
        assert len(said(result)) == 1

    def test_inside_a_folder(self, tmp_path: Path) -> None:
        cocoseg.to_semantic(FIXTURES / "panoptic.json", tmp_path / "maps")
        one = next((tmp_path / "maps").glob("*.png"))
        (tmp_path / "maps" / f"{ODD}.png").write_bytes(one.read_bytes())
        for words in (["info", "maps"], ["to-coco", "maps", "a.json"], ["to-semantic", "maps", "out"]):
            result = shell("PYTHONIOENCODING=utf-8:strict {}", tmp_path, *words)
            assert result.returncode in (0, 1)
            assert said(result) == []


def unforeseen(tmp_path: Path, raises: str, *words: str) -> subprocess.CompletedProcess[str]:
    """``cocoseg formats`` whose tool raises something."""
    code = "import sys, cocoseg.tools.formats as tool\n"
    code += f"def table(): {raises}\ntool.table = table\n"
    code += f"sys.argv = ['cocoseg', 'formats', *{words!r}]\nfrom cocoseg.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False
    )


class TestWhatNobodyForesaw:
    @pytest.mark.parametrize(
        ("raises", "code", "sentence"),
        [
            ("raise ValueError('a\\n\\x1b[31mb')", 70, "did not foresee this (ValueError: a)"),
            ("raise ZeroDivisionError", 70, "did not foresee this (ZeroDivisionError)"),
            ("raise ValueError('caf\\udce9\\x1b')", 70, "(ValueError: caf\\udce9\\x1b)"),
            ("raise BrokenPipeError(32, 'Broken pipe')", 70, "[Errno 32] Broken pipe"),
            ("raise OSError(28, 'No space left on device')", 70, "No space left on device"),
            ("raise OSError(24, 'Too many open files')", 70, "too many open files; allow more (ulimit -n)"),
            ("raise MemoryError", 70, "not enough memory"),
            ("raise ImportError('first') from OSError('cause')", 70, "can't be loaded (OSError: cause)"),
            ("table()", 3, "nested too deeply"),
            ("raise KeyboardInterrupt", 130, "cocoseg: stopped; finished images are kept"),
            ("sys.exit(9)", 9, None),
        ],
    )
    def test_is_one_sentence(self, raises: str, code: int, sentence: str | None, tmp_path: Path) -> None:
        result = unforeseen(tmp_path, raises)
        assert (result.returncode, result.stdout) == (code, "")
        assert len(result.stderr.splitlines()) == (sentence is not None)
        assert sentence is None or sentence in result.stderr

    def test_is_an_object_with_json(self) -> None:
        code = "import sys, cocoseg.tools.info as tool\ndef info(*_, **__): raise ValueError('x')\ntool.info = info\n"
        code += "sys.argv = ['cocoseg', 'info', '.', '--json']\nfrom cocoseg.cli import main\nmain()"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 70
        assert json.loads(done.stdout)["category"] == "internal.error"
        assert done.stderr == f"cocoseg: {json.loads(done.stdout)['message']} [internal.error]\n"

    def test_is_printed_in_full_with_debug(self, tmp_path: Path) -> None:
        result = unforeseen(tmp_path, "raise ValueError('x')", "--debug")
        assert result.returncode == 70
        assert "Traceback" in result.stderr
        assert "in table" in result.stderr
        assert result.stderr.endswith("[internal.error]\n")


def test_a_loop_of_links_in_the_place_of_out(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("out")
    (tmp_path / "out.json").symlink_to("out.json")
    for command in ("to-semantic", "to-onehot", "to-masks", "to-coco", "to-panoptic"):
        result = shell("{}", tmp_path, *COMMANDS[command])
        assert result.returncode in (2, 4)
        assert len(said(result)) == 1


def test_an_image_id_of_thousands_of_digits(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "instances.json").read_text())
    document["images"][0]["id"] = document["annotations"][0]["image_id"] = "9" * 5000
    (tmp_path / "a.json").write_text(json.dumps(document))
    for words in (["info"], ["to-coco"], ["to-masks"], ["to-semantic"], ["to-panoptic"]):
        result = shell(
            "{}", tmp_path, *words, "a.json", *(["out.json" if words == ["to-coco"] else words[0]][: words != ["info"]])
        )
        assert result.returncode in (0, 1)
        assert said(result) == []


@pytest.mark.parametrize("levels", [960, 970, 975, 978, 981, 984, 987, 990, 993, 1000, 100_000])
def test_nesting_of_any_depth(levels: int, tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "panoptic.json").read_text())
    document["annotations"][0]["segments_info"][0]["x"] = "@"
    (tmp_path / "a.json").write_text(json.dumps(document).replace('"@"', "[" * levels + "]" * levels))
    (tmp_path / "a").symlink_to(FIXTURES / "panoptic")
    for words in (["info", "a.json"], ["to-coco", "a.json", "out.json"], ["to-masks", "a.json", "out"]):
        result = shell("{}", tmp_path, *words, "--png-dir", "a")
        assert result.returncode in (0, 1, 3)
        assert result.returncode != 3 or b"[json.depth]" in result.stderr
        assert len(said(result)) == (result.returncode == 3)


def started(tmp_path: Path, *words: str) -> subprocess.Popen[str]:
    """A run that has begun, and takes a while."""
    code = "import sys, time, cocoseg.tools.formats as tool\n"
    code += "def table():\n  print('begun', flush=True)\n  try: time.sleep(20)\n  finally: time.sleep(5)\n"
    code += f"tool.table = table\nsys.argv = ['cocoseg', 'formats', *{words!r}]\nfrom cocoseg.cli import main\nmain()"
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


@pytest.mark.parametrize(
    ("number", "code", "sentence"),
    [
        (signal.SIGTERM, 143, "cocoseg: stopped by SIGTERM; finished images are kept\n"),
        (signal.SIGINT, 130, "cocoseg: stopped; finished images are kept\n"),
    ],
)
def test_a_second_signal_stops_at_once_and_says_what_is_kept(
    number: int, code: int, sentence: str, tmp_path: Path
) -> None:
    with started(tmp_path) as process:
        process.send_signal(number)
        time.sleep(0.2)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=3)
    assert (process.returncode, stderr) == (code, sentence)


def test_a_signal_while_typer_reads_the_words() -> None:
    code = "import os, signal, sys\nfrom typer.core import TyperGroup\nfrom cocoseg.cli import main\n"
    code += "TyperGroup.parse_args = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
    code += "sys.argv = ['cocoseg', 'formats', '--json']\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (143, "cocoseg: stopped by SIGTERM; finished images are kept\n")
    assert json.loads(done.stdout)["category"] == "run.stopped"


@pytest.mark.parametrize("after", [0.06, 0.08, 0.1, 0.15, 0.2, 0.3])
@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_signal_while_the_command_starts(after: float, times: int, tmp_path: Path) -> None:
    code = "import os, sys\nfrom cocoseg.cli import main\nos.write(1, b'!')\n"
    code += f"sys.argv = ['cocoseg', 'to-semantic', {str(FIXTURES / 'panoptic.json')!r}, 'out', '--json']\nmain()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.read(1) == b"!"
        time.sleep(after - 0.05)
        for _ in range(times):
            process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=10)
    assert process.returncode in (0, 143)
    if process.returncode == 143:
        assert stderr == b"cocoseg: stopped by SIGTERM; finished images are kept\n"
        assert json.loads(stdout)["category"] == "run.stopped"
