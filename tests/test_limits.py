"""The limit of pixels: the same in all readers, raised by one option, and none for masks that stay runs."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cocoseg
from cocoseg.codecs import rle
from cocoseg.limits import MAX_PIXELS, allowing
from cocoseg.targets.segments import instances, panoptic
from command import cocoseg as run
from conftest import FIXTURES

SIDE = 40_000
SOURCES: list[tuple[str, dict[str, Any]]] = [
    ("panoptic.json", {}),
    ("semantic", {"categories": FIXTURES / "panoptic.json"}),
    ("two-channel", {"categories": FIXTURES / "panoptic.json"}),
    ("voc", {}),
]


def allowed_mib() -> float:
    """Memory that a run may take: a process counts what the one that started it had, too."""
    return max(200.0, 1.2 * run("--version").rss_mib)


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    """A detection JSON of an image of 1,600,000,000 pixels, with a polygon and an RLE."""
    polygon = {"segmentation": [[10, 10, SIDE - 10, 20, 30_000, 39_000]], "iscrowd": 0}
    runs = {"segmentation": {"size": [SIDE, SIDE], "counts": [5, 10, SIDE**2 - 15]}, "iscrowd": 1}
    rows = [{"id": n, "image_id": 1, "category_id": 1, **row} for n, row in enumerate((polygon, runs), 1)]
    images = [{"id": 1, "file_name": "a.jpg", "height": SIDE, "width": SIDE}]
    document = {"images": images, "annotations": rows, "categories": [{"id": 1, "name": "x"}]}
    (tmp_path / "huge.json").write_text(json.dumps(document))
    return tmp_path / "huge.json"


@pytest.mark.parametrize("args", [(), ("--as", "polygons"), ("--stuff",)])
def test_json_to_json_needs_no_pixels(args: tuple[str, ...], huge: Path, tmp_path: Path) -> None:
    result = run("to-coco", huge, tmp_path / "out.json", *args)
    assert (result.code, result.stderr) == (0, "")
    assert result.rss_mib < allowed_mib()
    assert len(json.loads((tmp_path / "out.json").read_text())["annotations"]) == 2 - ("--stuff" in args)


@pytest.mark.parametrize("command", ["to-semantic", "to-onehot", "to-masks", "to-panoptic"])
def test_pixels_are_refused_before_memory_is_taken_for_them(command: str, huge: Path, tmp_path: Path) -> None:
    result = run(command, huge, tmp_path / "out", "--json")
    assert [row["category"] for row in result.summary["failures"]] == ["limit.pixels"]
    assert "1,600,000,000 pixels, more than the 178,956,970 allowed; allow more with --max-pixels" in result.stdout
    assert (result.code, result.rss_mib < allowed_mib()) == (1, True)


@pytest.mark.parametrize(("source", "options"), SOURCES)
def test_one_option_for_all_readers(source: str, options: dict[str, Any], tmp_path: Path) -> None:
    whole = cocoseg.to_masks(FIXTURES / source, tmp_path / "out", dry_run=True, **options)
    few = cocoseg.to_masks(FIXTURES / source, tmp_path / "out", dry_run=True, max_pixels=12, **options)
    assert not whole.failures
    assert {row.category for row in few.failures} == {"limit.pixels"}
    assert 0 < len(few.failures) < len(whole.failures) + whole.images


def test_masks_and_detection_files_too(tmp_path: Path) -> None:
    cocoseg.to_masks(FIXTURES / "instances.json", tmp_path / "masks")
    for source in (FIXTURES / "instances.json", tmp_path / "masks"):
        summary = cocoseg.to_semantic(source, tmp_path / "out", dry_run=True, max_pixels=12)
        assert {row.category for row in summary.failures} == {"limit.pixels"}


def test_the_command_raises_it(tmp_path: Path) -> None:
    side = 13_400
    picture = {"id": 1, "file_name": "a.png", "height": side, "width": side}
    row = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": {"size": [side, side], "counts": [0, side**2]}}
    document = {"images": [picture], "annotations": [row], "categories": [{"id": 1, "name": "x"}]}
    (tmp_path / "a.json").write_text(json.dumps(document))
    options = ("--max-pixels", 180_000_000)
    assert run("to-semantic", tmp_path / "a.json", tmp_path / "out").code == 1
    assert run("to-semantic", tmp_path / "a.json", tmp_path / "out", *options).code == 0
    assert run("to-coco", tmp_path / "out", tmp_path / "refused.json").code == 1
    assert run("to-coco", tmp_path / "out", tmp_path / "b.json", *options).code == 0
    assert json.loads((tmp_path / "b.json").read_text())["annotations"][0]["area"] == side**2
    report = json.loads((tmp_path / "b.json.cocoseg" / "cocoseg.json").read_text())
    assert report["options"]["max_pixels"] == 180_000_000


def test_a_data_set_has_its_own_limit(tmp_path: Path) -> None:
    source = FIXTURES / "instances.json"
    small, usual = cocoseg.read(source, max_pixels=12), cocoseg.read(source)
    labels = cocoseg.label_scheme("index", usual)
    assert cocoseg.semantic(usual[0], labels).shape == (6, 8)
    with pytest.raises(cocoseg.SampleError, match="48 pixels, more than the 12 allowed"):
        cocoseg.semantic(small[0], labels)
    assert cocoseg.semantic(usual[0], labels).shape == (6, 8)


@pytest.mark.parametrize("source", ["instances.json", "panoptic.json", "voc"])
@pytest.mark.parametrize("other", [12, MAX_PIXELS])
def test_a_sample_has_the_limit_of_its_data_set(source: str, other: int) -> None:
    usual = cocoseg.read(FIXTURES / source)
    sample, labels = usual[0], cocoseg.label_scheme("index", usual)
    sample = pickle.loads(pickle.dumps(replace(sample, max_pixels=other)))
    paints: list[Callable[[], Any]] = [
        lambda: cocoseg.semantic(sample, labels),
        lambda: cocoseg.instance_masks(sample),
        lambda: panoptic(sample, labels),
        lambda: instances(sample, labels).masks,
        lambda: sample.id_map,
    ]
    for paint in paints:
        with allowing(MAX_PIXELS if other == 12 else 12):
            if other == 12:
                with pytest.raises(cocoseg.SampleError, match="more than the 12 allowed"):
                    paint()
            else:
                paint()


def test_a_sample_outlives_the_limit_of_another_data_set() -> None:
    source = FIXTURES / "panoptic.json"
    large, small = cocoseg.read(source, max_pixels=48), cocoseg.read(source, max_pixels=47)
    sample = large[0]
    assert sample.max_pixels == 48
    assert small[2].max_pixels == 47
    labels = cocoseg.label_scheme("index", large)
    assert cocoseg.semantic(sample, labels).shape == (6, 8)
    assert sample.without([1]).max_pixels == 48


def test_decoding_has_the_limit_of_the_thread() -> None:
    masks = rle.pack(np.array([0, 48]), np.array([0, 2]), (6, 8))
    with allowing(47), pytest.raises(cocoseg.SampleError, match="--max-pixels"):
        rle.decode(masks)
    assert rle.decode(masks).all()
    assert MAX_PIXELS == 178_956_970


def test_less_than_one_pixel_is_refused() -> None:
    with pytest.raises(cocoseg.UsageError, match="max_pixels is 0, expected at least 1"):
        cocoseg.read(FIXTURES / "panoptic.json", max_pixels=0)


def test_a_limit_ends_with_what_it_was_given_for() -> None:
    for sample in cocoseg.read(FIXTURES / "panoptic.json", max_pixels=48)[:1]:
        cocoseg.instance_masks(sample)
    assert cocoseg.decode({"size": [10, 10], "counts": [100]}, (10, 10)).shape == (10, 10)
