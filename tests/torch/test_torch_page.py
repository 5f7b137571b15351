"""What docs/training.md says about targets and losses is so."""

from __future__ import annotations

import re
from typing import Any, get_args

import numpy as np

import cocoseg.losses
import cocoseg.torch
from cocoseg.torch.dataset import Target
from conftest import ROOT

SECTION = (ROOT / "docs" / "training.md").read_text(encoding="utf-8").partition("## Names\n")[0]


def test_the_ten_lines_train() -> None:
    code, *_ = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert code.count("\n") <= 11
    assert (names["images"].shape, names["class_maps"].shape) == ((3, 3, 6, 9), (3, 6, 9))
    assert names["network"].weight.grad.abs().sum() > 0


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
