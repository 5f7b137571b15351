"""Runs decoded by torch against numpy's pictures, bit for bit."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cocoseg
from cocoseg.errors import UsageError
from cocoseg.files.png.write import write_class_map
from cocoseg.labels import LabelScheme
from cocoseg.model import Sample
from cocoseg.targets.segments import segments
from cocoseg.torch import PackedMasks, one_hot
from training import SCHEMES, samples


def padded(maps: list[np.ndarray], void: int) -> np.ndarray:
    height, width = (max(one.shape[axis] for one in maps) for axis in (0, 1))
    canvas = np.full((len(maps), height, width), void, maps[0].dtype)
    for index, one in enumerate(maps):
        canvas[index, : one.shape[0], : one.shape[1]] = one
    return canvas


@settings(deadline=None, max_examples=200)
@given(st.lists(samples(), min_size=1, max_size=4), st.sampled_from(SCHEMES))
def test_a_batch_is_what_numpy_makes_of_each(batch: list[Sample], scheme: LabelScheme) -> None:
    packed = PackedMasks.join([PackedMasks.of(sample, scheme) for sample in batch])
    class_map = padded([cocoseg.semantic(sample, scheme) for sample in batch], scheme.void)
    assert len(packed) == len(batch)
    assert np.array_equal(packed.class_map().numpy(), class_map)
    assert packed.class_map().dtype == (torch.uint8 if class_map.dtype == np.uint8 else torch.int32)
    sets = [segments(sample, scheme) for sample in batch]
    for found, labels, expected in zip(packed.masks(), packed.labels_each(), sets, strict=True):
        assert found.dtype == torch.bool
        assert np.array_equal(found.numpy(), expected.masks)
        assert labels.tolist() == expected.labels.tolist()
    hot = packed.one_hot(6, "hwc", torch.uint8)
    assert torch.equal(hot, one_hot(packed.class_map(), 6, scheme.void, "hwc", torch.uint8))


def test_what_a_class_map_marks_as_void_is_no_background(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(write_class_map(np.array([[0, 1, 255]], np.uint8)))
    (tmp_path / "c.json").write_text('[{"id": 1, "name": "a"}]')
    dataset = cocoseg.read(tmp_path, categories=tmp_path / "c.json")
    scheme = cocoseg.label_scheme("index", dataset, background=True)
    assert PackedMasks.of(dataset[0], scheme).class_map().tolist() == [[[0, 1, 255]]]


@pytest.mark.parametrize("source", ["fixtures/panoptic.json", "fixtures/instances.json"])
def test_travels_small(source: str) -> None:
    dataset = cocoseg.read(source)
    labels = cocoseg.label_scheme("index", dataset)
    packed = PackedMasks.join([PackedMasks.of(sample, labels) for sample in dataset])
    twin = pickle.loads(pickle.dumps(packed))
    assert torch.equal(twin.class_map(), packed.class_map())
    assert packed.nbytes < 2000
    moved = packed.to("cpu")
    assert torch.equal(moved.class_map(), packed.class_map())
    assert moved.sizes == packed.sizes


def test_pinning_pins_every_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    pinned: list[int] = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: pinned.append(len(self)) or self)
    dataset = cocoseg.read("fixtures/panoptic.json")
    packed = PackedMasks.of(dataset[0], "mask2former")
    found = torch.utils.data._utils.pin_memory.pin_memory((None, packed))[1]
    assert len(pinned) == 4
    assert torch.equal(found.class_map(), packed.class_map())


def test_real_pictures_take_a_tenth_of_their_masks(real_data: object) -> None:
    dataset = cocoseg.read(f"{real_data}/coco_panoptic/val2017_sample/panoptic_examples.json")
    packed = PackedMasks.of(dataset[0], "mask2former")
    assert packed.nbytes < sum(mask.nbytes for mask in packed.masks()) / 10
    assert np.array_equal(packed.class_map()[0].numpy(), cocoseg.semantic(dataset[0], "mask2former"))


def test_joins_packs_of_one_scheme_and_not_none() -> None:
    sample = cocoseg.read("fixtures/panoptic.json")[0]
    with pytest.raises(UsageError, match="0 packs"):
        PackedMasks.join([])
    with pytest.raises(UsageError, match="the same scheme for all"):
        PackedMasks.join([PackedMasks.of(sample, "mask2former"), PackedMasks.of(sample, "deeplab2")])
