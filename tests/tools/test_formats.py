"""Everything converts to everything that the table says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from formats.scenes import THINGS
from formats.test_scenes import module_of, options_of, tells_things

import cocoseg
from cocoseg.cli.app import build
from cocoseg.formats import FORMATS
from cocoseg.tools import formats
from command import cocoseg as run
from conftest import FIXTURES

CATEGORIES = {"categories": FIXTURES / "panoptic.json"}
SOURCES: dict[str, tuple[Path, dict[str, Any]]] = {
    "panoptic": (FIXTURES / "panoptic.json", {}),
    "coco": (FIXTURES / "instances.json", {}),
    "coco-folder": (Path("of-one-image"), {}),
    "semantic": (FIXTURES / "semantic", CATEGORIES),
    "semantic, with --instances": (FIXTURES / "semantic", CATEGORIES | {"instances": FIXTURES / "instance-numbers"}),
    "two-channel": (FIXTURES / "two-channel", CATEGORIES),
    "voc": (FIXTURES / "voc", {}),
    "masks": (Path("masks"), {}),
}


@pytest.fixture(scope="module")
def masks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("masks") / "masks"
    cocoseg.to_masks(FIXTURES / "instances.json", out)
    whole = json.loads((FIXTURES / "instances.json").read_text())
    (out.parent / "of-one-image").mkdir()
    for image in whole["images"]:
        rows = [row for row in whole["annotations"] if row["image_id"] == image["id"]]
        path = out.parent / "of-one-image" / f"{image['id']}.json"
        path.write_text(json.dumps(whole | {"images": [image], "annotations": rows}))
    return out


def test_every_reader_and_every_command_is_in_the_table() -> None:
    import typer

    commands = typer.main.get_command(build()).commands  # type: ignore[attr-defined]
    assert {name.partition(",")[0] for name in formats.sources()} == set(FORMATS)
    for_training = {"to-yolo", "to-hf", "to-voc", "to-shards"}  # docs/stacks.md says what these lose
    assert {*formats.TARGETS, *for_training} == {name for name in commands if name.startswith("to-")}
    assert SOURCES.keys() <= formats.sources().keys()


@pytest.mark.parametrize("target", list(formats.TARGETS))
@pytest.mark.parametrize("source", list(SOURCES))
def test_it_is_so(source: str, target: str, masks: Path, tmp_path: Path) -> None:
    path, options = SOURCES[source]
    convert = getattr(cocoseg, target.replace("-", "_"))
    out = tmp_path / ("out.json" if target == "to-coco" else "out")
    summary = convert(masks.parent / path, out, **options)
    assert (summary.images, summary.failures) == (3, [])
    assert cocoseg.verify(out).whole
    if target == "to-coco":
        _check_crowds(source, json.loads(out.read_text())["annotations"])


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in SOURCES])
def test_it_is_so_of_the_scene(name: str, tmp_path: Path) -> None:
    (tmp_path / "scene").mkdir()
    source, options = module_of(name).write(tmp_path / "scene"), options_of(name, tmp_path / "scene")
    cocoseg.to_coco(source, tmp_path / "out.json", **options)
    document = json.loads((tmp_path / "out.json").read_text())
    names = getattr(module_of(name), "NAMES", {})
    called = [names.get(thing, thing) for thing in THINGS]
    things = {row["id"] for row in document["categories"] if row["name"] in called}
    crowds = {row["iscrowd"] for row in document["annotations"] if row["category_id"] in things}
    said = formats.remark(FORMATS[name], formats.TARGETS["to-coco"])
    assert crowds == {int(said == "things of a class as one crowd" or not tells_things(name))}


def _check_crowds(source: str, rows: list[dict[str, Any]]) -> None:
    """That things are one crowd, or crowds things, where the table says so."""
    things = [row for row in rows if row["category_id"] < 100]
    said = formats.remark(formats.sources()[source], formats.TARGETS["to-coco"])
    crowds = sum(row["iscrowd"] for row in things)
    assert crowds == {"things of a class as one crowd": len(things), "crowds as things": 0}.get(said, 1)


def test_the_command_prints_the_table() -> None:
    result = run("formats")
    assert result.code == 0
    assert all(kind.what in result.stdout for kind in formats.sources().values())
    assert all(f"{name}: {target.what}" in result.stdout for name, target in formats.TARGETS.items())
    assert "  to-masks, to-coco, to-panoptic: things of a class as one crowd\n" in result.stdout
    assert "folder of class maps\n  holds no overlaps, no instances\n" in result.stdout
    assert "(SA-1B)\n  to-" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_as_json() -> None:
    found = run("formats", "--json").summary
    assert found["commands"] == {name: target.what for name, target in formats.TARGETS.items()}
    assert found["sources"].keys() == formats.sources().keys()
    for name, source in formats.sources().items():
        expected = {command: formats.remark(source, target) for command, target in formats.TARGETS.items()}
        assert found["sources"][name] == {"what": source.what, "cannot_hold": formats.lacks(source)} | expected
