from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.errors import CocosegError
from conftest import FIXTURES

PANOPTIC, INSTANCES, PHOTOS = FIXTURES / "panoptic.json", FIXTURES / "instances.json", FIXTURES / "photos"


@pytest.mark.parametrize("to", ["coco", "panoptic", "semantic"])
def test_photos_are_scaled_with_their_labels(to: Any, tmp_path: Path) -> None:
    result = cocoseg.resize(PANOPTIC, tmp_path / "out", longest=5, to=to, photos=PHOTOS)
    assert not result.failures
    sizes = {Path(sample.key).stem: sample.size for sample in cocoseg.read(tmp_path / "out")}
    assert sizes == {"touching": (4, 5), "crowd": (4, 5), "row": (1, 5)}
    for path in (tmp_path / "out" / "photos").rglob("*.*"):
        assert np.array(Image.open(path)).shape[:2] == sizes[path.stem]
    assert cocoseg.verify(tmp_path / "out").whole


def test_ids_and_fields_stay_and_positions_do_not(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    for row in document["annotations"]:
        row |= {"track_id": 7, "keypoints": [1, 2, 2]}
    (tmp_path / "source.json").write_text(json.dumps(document))
    cocoseg.resize(tmp_path / "source.json", tmp_path / "out.json", to="12x16")
    found = json.loads((tmp_path / "out.json").read_text())
    assert [(row["id"], row["height"], row["width"]) for row in found["images"]] == [
        (row["id"], 12, 16) for row in document["images"]
    ]
    assert all(row["track_id"] == 7 and "keypoints" not in row and "of" not in row for row in found["annotations"])
    assert {row["id"] for row in found["annotations"]} <= {row["id"] for row in document["annotations"]}


@pytest.mark.parametrize(("to", "size"), [((3, 5), [3, 5]), (4, [4, 4]), (np.array([3, 5]), [3, 5])])
@pytest.mark.parametrize("option", ["to", "size"])
def test_a_size_may_be_numbers(option: str, to: Any, size: list[int], tmp_path: Path) -> None:
    kind: Any = {"to": "coco"} if option == "size" else {}
    cocoseg.resize(INSTANCES, tmp_path / "a.json", **kind, **{option: to})
    rows = json.loads((tmp_path / "a.json").read_text())["images"]
    assert {(row["height"], row["width"]) for row in rows} == {tuple(size)}


def test_what_loses_all_pixels_is_dropped_and_counted(tmp_path: Path) -> None:
    result: Any = cocoseg.resize(PANOPTIC, tmp_path / "out", size="1x1", to="panoptic")
    assert result.dropped == cocoseg.to_panoptic(PANOPTIC, tmp_path / "usual", dry_run=True).segments - result.segments
    assert result.dropped


def test_all_kinds_agree(tmp_path: Path) -> None:
    for to, name in (("coco", "a.json"), ("panoptic", "b"), ("semantic", "c")):
        cocoseg.resize(PANOPTIC, tmp_path / name, size="5x3", to=to)  # type: ignore[arg-type]
    for name in ("a.json", "b"):
        cocoseg.to_semantic(tmp_path / name, tmp_path / f"{name}-maps")
        for path in (tmp_path / "c").rglob("*.png"):
            found = np.array(Image.open(tmp_path / f"{name}-maps" / path.relative_to(tmp_path / "c")))
            np.testing.assert_array_equal(found, np.array(Image.open(path)))


@pytest.mark.parametrize(
    ("options", "category"),
    [
        ({}, "usage.size"),
        ({"to": "coco"}, "usage.size"),
        ({"to": "4x4", "longest": 5}, "usage.size"),
        ({"to": "0x4"}, "usage.size"),
        ({"to": "cocoa"}, "usage.to"),
        ({"to": ""}, "usage.to"),
        ({"to": ()}, "usage.to"),
        ({"to": (1, 2, 3)}, "usage.size"),
        ({"to": (4, 4), "size": (4, 4)}, "usage.to"),
        ({"size": (0, 4)}, "usage.size"),
        ({"size": np.zeros(3)}, "usage.size"),
        ({"to": "4x4", "size": "4x4"}, "usage.to"),
        ({"longest": 0}, "usage.max"),
    ],
)
def test_what_cannot_be_done_is_refused(options: dict[str, Any], category: str, tmp_path: Path) -> None:
    with pytest.raises(CocosegError) as caught:
        cocoseg.resize(INSTANCES, tmp_path / "out.json", **options)
    assert caught.value.category == category
