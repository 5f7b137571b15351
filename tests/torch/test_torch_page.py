"""What docs/training.md says about targets and losses is so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import PIL.Image
import pytest

import cocoseg.losses
import cocoseg.torch
from cocoseg.torch.dataset import Target
from conftest import ROOT

SECTION = (ROOT / "docs" / "training.md").read_text(encoding="utf-8").partition("## Names\n")[0]


def test_the_first_lines_train(capsys: pytest.CaptureFixture[str]) -> None:
    code, *_ = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert code.count("\n") <= 18
    losses = [float(loss) for loss in re.findall(r"loss ([\d.]+)", capsys.readouterr().out)]
    assert len(losses) == 5
    assert losses == sorted(set(losses), reverse=True)
    assert (names["images"].shape, names["class_maps"].shape) == ((3, 3, 6, 9), (3, 6, 9))
    assert names["network"].weight.grad.abs().sum() > 0


def put_photos(folder: Path) -> None:
    """JPEG photos of other sizes, one that a camera stored turned, and their instances, drawn as viewers show them."""
    (folder / "photos").mkdir()
    images, annotations = [], []
    for number, (width, height, orientation) in enumerate([(40, 30, 1), (30, 40, 6), (24, 24, 1), (32, 20, 8)]):
        exif = PIL.Image.Exif()
        exif[0x0112] = orientation
        photo = PIL.Image.new("RGB", (width, height), (30, 90, 200))
        photo.paste((230, 120, 40), (2, 3, 17, 15))
        stored = photo.rotate({6: 90, 8: -90}.get(orientation, 0), expand=True)
        stored.save(folder / "photos" / f"{number}.jpg", exif=exif)
        images.append({"id": number, "file_name": f"{number}.jpg", "width": width, "height": height})
        box = [2, 3, 15, 12]
        corners = [2, 3, 17, 3, 17, 15, 2, 15]
        row = {"id": number + 1, "image_id": number, "category_id": 7, "bbox": box, "area": 180, "iscrowd": 0}
        annotations.append(row | {"segmentation": [corners]})
    document = {"images": images, "annotations": annotations, "categories": [{"id": 7, "name": "cell"}]}
    (folder / "instances.json").write_text(json.dumps(document))


@pytest.mark.parametrize("page", ["README.md", "docs/training.md"])
def test_the_same_lines_train_on_a_folder_of_photos(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_photos(tmp_path)
    monkeypatch.chdir(tmp_path)
    code, *_ = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert {"fixtures/panoptic.json", "fixtures/photos"} <= set(re.findall(r'"(.*?)"', code))
    names: dict[str, Any] = {}
    exec(code.replace("fixtures/panoptic", "instances").replace("fixtures/photos", "photos"), names)
    losses = [float(loss) for loss in re.findall(r"loss ([\d.]+)", capsys.readouterr().out)]
    assert losses == sorted(set(losses), reverse=True)
    for image, class_map in names["data"]:
        assert ((image[0] > 128) == (class_map == 1)).float().mean() > 0.97


def test_every_target_and_every_help_for_losses_has_a_row() -> None:
    rows = "\n".join(line for line in SECTION.splitlines() if line.startswith("|"))
    assert all(f'"{target}"' in rows for target in get_args(Target))
    helps = {name for name, value in vars(cocoseg.losses).items() if callable(value) and name[0].islower()}
    public = {name for name in helps if getattr(cocoseg.losses, name).__module__ == "cocoseg.losses"}
    assert [name for name in public if not re.search(rf"\b{name}\b", SECTION)] == []


def test_every_name_in_it_is_there() -> None:
    for room, name in re.findall(r"`cocoseg\.(torch|losses)\.(\w+)`", SECTION):
        assert hasattr(getattr(cocoseg, room), name)


def test_the_helps_for_losses_take_the_targets() -> None:
    data = cocoseg.torch.SegmentationDataset("fixtures/panoptic.json")
    ids = cocoseg.torch.SegmentationDataset("fixtures/panoptic.json", target="panoptic")
    for (_, class_map), (_, table) in zip(data, ids, strict=True):
        found = cocoseg.losses.signed_distances(class_map, data.num_classes, data.void)
        assert np.array_equal(found, cocoseg.losses.signed_distances(class_map.numpy(), data.num_classes))
        weights = cocoseg.losses.boundary_weights(class_map, data.void, id_map=table["id_map"])
        assert weights.shape == class_map.shape
    counts = cocoseg.losses.class_counts(data.dataset, data.labels)
    assert counts.pixels.tolist() == [28, 5, 13, 13, 11]
