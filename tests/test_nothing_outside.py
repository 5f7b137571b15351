"""Whatever a JSON says, nothing outside is opened: proven by an audit hook that sees every path."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import badinput

SPY = """
import json, os, sys
touched = {"read": [], "written": []}
folders = []
def whole(path, folder=-1):
    if folder in (-1, None): return os.fsdecode(path)
    return os.path.join(os.readlink(f"/proc/self/fd/{folder}"), os.fsdecode(path))
def spy(event, args):
    if event == "open":
        path, mode, flags = args
        if isinstance(path, int): return
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        touched["written" if writes else "read"].append(whole(path, folders[-1] if folders else None))
    elif event in ("os.rename", "os.link"):
        touched["written"] += [whole(args[0], args[2]), whole(args[1], args[3])]
    elif event == "os.symlink":
        touched["written"] += [os.fsdecode(args[0]), whole(args[1], args[2])]
    elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.chown", "shutil.rmtree"):
        folder = args[-1] if event in ("os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.chown") else None
        if not isinstance(args[0], int): touched["written"].append(whole(args[0], folder))
real = os.open
def opening(path, flags, mode=0o777, *, dir_fd=None):  # the event does not say which folder a path is relative to
    folders.append(dir_fd)
    try:
        return real(path, flags, mode, dir_fd=dir_fd)
    finally:
        folders.pop()
import cocoseg.tools.semantic, cocoseg.formats.panoptic.reader, PIL.PngImagePlugin
os.open = opening
sys.addaudithook(spy)
try:
    cocoseg.tools.semantic.to_semantic(sys.argv[1], sys.argv[2], labels="panopticapi")
except cocoseg.CocosegError:
    pass
print(json.dumps(touched))
"""

NAMES = [
    "../escape.png", "../../escape.png", "..", "x/../../escape.png", "x/..", "/etc/passwd", "//etc/passwd",
    "/../escape.png", "./../escape.png", "..\\escape.png", "x\\..\\..\\escape.png", "C:\\escape.png", "C:escape.png",
    "c:/escape.png", "\\\\host\\share\\a.png", "//host/share/a.png", "\\\\?\\C:\\a.png", "file:///etc/passwd",
    "file:/etc/passwd", "http://host/a.png", "s3://bucket/a.png", "... /../escape.png", ".. /escape.png",
    "../ escape.png", ".../../escape.png", "a/.../../../escape.png", "..\u200b/../escape.png", "\x00/../escape.png",
    "a.png\x00.txt", "~/escape.png/../../../escape.png", "/dev/stdout", "/proc/self/environ", "cocoseg.json",
    "./cocoseg.json", ".cocoseg-tmp-1", "sub/.cocoseg-tmp-1/a.png",
]  # fmt: skip


def touched(source: Path, out: Path) -> dict[str, list[str]]:
    command = [sys.executable, "-c", SPY, str(source), str(out)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def inside(path: str, folder: Path) -> bool:
    return Path(os.path.normpath(path)).is_relative_to(folder)


def check(paths: dict[str, list[str]], tmp_path: Path) -> None:
    assert [path for path in paths["written"] if not inside(path, tmp_path / "out")] == []
    data = [path for path in paths["read"] if "python" not in path and "cocoseg/labels/tables" not in path]
    assert [path for path in data if not inside(path, tmp_path)] == []
    assert not (tmp_path / "escape.png").exists()


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in badinput.names("doc") if "_name_" in name])
def test_corpus(name: str, tmp_path: Path) -> None:
    source = badinput.lay_out(badinput.load(name), tmp_path / "set")
    check(touched(source, tmp_path / "out"), tmp_path)


def test_every_form_of_escape_is_refused_and_opens_nothing(tmp_path: Path) -> None:
    document = badinput.base_document()
    good = document["annotations"][0]
    document["images"] = [{"id": n, "height": 8, "width": 8} for n in range(len(NAMES) + 1)]
    document["annotations"] = [{**good, "image_id": n, "file_name": name} for n, name in enumerate(NAMES)]
    document["annotations"].append({**good, "image_id": len(NAMES), "file_name": "a.png"})
    source = badinput.lay_out({"input": {"raw": json.dumps(document)}}, tmp_path / "set")
    (tmp_path / "set" / "escape.png").write_bytes(badinput.base_png())
    paths = touched(source, tmp_path / "out")
    check(paths, tmp_path)
    written = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*"))
    assert written == [".cocoseg", ".cocoseg/page-0000-000000000.jsonl", "a.png", "cocoseg.json"]
    assert [path for path in paths["read"] if path.endswith("escape.png")] == []
    report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
    assert len(report["failures"]) == len(NAMES)
    assert {failure["category"] for failure in report["failures"]} == {"path.escape", "path.invalid"}


def test_a_link_in_out_that_leads_away_is_not_followed(tmp_path: Path) -> None:
    case = badinput.load("doc-093_name_collision_basename")
    source = badinput.lay_out(case, tmp_path / "set")
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "x").symlink_to(tmp_path / "elsewhere")
    touched(source, tmp_path / "out")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
    assert [failure["category"] for failure in report["failures"]] == ["path.escape"]
    assert [report[name] for name in ("listed", "images", "failed")] == [3, 2, 1]
