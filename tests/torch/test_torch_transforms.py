"""Geometric transforms of images and targets; labels are never mixed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import cocoseg
from cocoseg.errors import UsageError
from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.losses import boundary_weights
from cocoseg.torch import (
    Compose,
    Pad,
    PadCollate,
    RandomCrop,
    RandomFlip,
    Resize,
    SegmentationDataset,
    collate,
    drop_empty,
    one_hot,
    resize_class_map,
)
from cocoseg.torch.boxes import boxes_of

TARGETS = ["semantic", "onehot", "instances", "segments", "panoptic"]


def picture(target: Any) -> torch.Tensor:
    return target if isinstance(target, torch.Tensor) else target["masks" if "masks" in target else "id_map"]


def pair(kind: Any, source: str = "fixtures/instances.json", **options: Any) -> tuple[torch.Tensor, Any]:
    """An image whose red channel counts its pixels, and its target."""
    dataset = SegmentationDataset(source, target=kind, mode="panoptic", tv_tensors=False, **options)
    target = dataset[0][1]
    height, width = picture(target).shape[-2:]
    return torch.arange(3 * height * width, dtype=torch.uint8).view(3, height, width), target


class TestResizeClassMap:
    @settings(deadline=None)
    @given(*[st.integers(1, 12)] * 4)
    def test_takes_the_pixel_that_the_centre_lies_in(self, height: int, width: int, rows: int, columns: int) -> None:
        class_map = torch.arange(height * width).view(1, height, width)
        found = resize_class_map(class_map, (rows, columns))
        for y, x in np.ndindex(rows, columns):
            assert (
                found[0, y, x] == class_map[0, (2 * y + 1) * height // (2 * rows), (2 * x + 1) * width // (2 * columns)]
            )

    @pytest.mark.parametrize("size", [(7, 5), (13, 31), (20, 16), (3, 9)])
    def test_is_what_pillow_and_torch_take_where_no_centre_is_on_a_border(self, size: tuple[int, int]) -> None:
        class_map = torch.randint(0, 255, (11, 17), dtype=torch.uint8)
        found = resize_class_map(class_map, size)
        pillow = Image.fromarray(class_map.numpy()).resize(size[::-1], Image.Resampling.NEAREST)
        assert np.array_equal(found.numpy(), np.array(pillow))
        exact = torch.nn.functional.interpolate(class_map[None, None].float(), size, mode="nearest-exact")[0, 0]
        assert torch.equal(found, exact.to(torch.uint8))

    @pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int32, torch.int64, torch.float32])
    def test_keeps_dtype_and_leading_axes(self, dtype: torch.dtype) -> None:
        found = resize_class_map(torch.ones(2, 3, 4, 5, dtype=dtype), (8, 2))
        assert (found.dtype, found.shape) == (dtype, (2, 3, 8, 2))


@pytest.mark.parametrize("kind", TARGETS)
class TestEveryTarget:
    def test_flips_with_its_image(self, kind: Any) -> None:
        image, target = pair(kind)
        flipped, found = RandomFlip(1.0)(image, target)
        assert torch.equal(flipped, image.flip(-1))
        assert torch.equal(picture(found), picture(target).flip(-1))
        assert RandomFlip(0.0)(image, target)[1] is target

    def test_crops_with_its_image(self, kind: Any) -> None:
        image, target = pair(kind)
        corners = set()
        for seed in range(20):
            torch.manual_seed(seed)
            cropped, found = RandomCrop((3, 4))(image, target)
            start = int((image[0] == cropped[0, 0, 0]).flatten().nonzero()[0])
            top, left = divmod(start, image.shape[2])
            corners.add((top, left))
            window = picture(target)[..., top : top + 3, left : left + 4]
            if kind in ("instances", "segments"):
                window = window[window.flatten(1).ne(0).any(dim=1)]
            assert torch.equal(picture(found), window)
        assert len(corners) > 5

    def test_pads_with_nothing_and_class_maps_with_void(self, kind: Any) -> None:
        image, target = pair(kind)
        height, width = image.shape[1:]
        padded, found = Pad((10, 2), void=200)(image, target)
        assert padded.shape == (3, 10, width)
        assert torch.equal(picture(found)[..., :height, :], picture(target))
        assert (picture(found)[..., height:, :] == (200 if kind == "semantic" else 0)).all()
        assert Pad((1, 1))(image, target) == (image, target)

    def test_resizes_to_values_that_were_there(self, kind: Any) -> None:
        image, target = pair(kind)
        for size in ((13, 9), (2, 3)):
            resized, found = Resize(size)(image, target)
            assert resized.shape == (3, *size)
            assert resized.dtype == torch.uint8
            labels = resize_class_map(picture(target), size)
            if kind in ("instances", "segments"):
                labels = labels[labels.flatten(1).ne(0).any(dim=1)]
            assert torch.equal(picture(found), labels)

    def test_needs_no_image(self, kind: Any) -> None:
        _, target = pair(kind)
        chain = Compose([Resize((12, 16)), RandomCrop((20, 5)), RandomFlip(1.0)])
        assert chain(None, target)[0] is None
        assert picture(chain(None, target)[1]).shape[-2:] == (20, 5)


class TestColumns:
    def test_objects_without_a_pixel_go_and_the_rest_is_measured(self) -> None:
        image, target = pair("instances")
        _, found = RandomCrop((2, 2))(image, target)
        kept = picture(found)
        assert found["area"].tolist() == kept.flatten(1).sum(dim=1).tolist()
        assert torch.equal(found["boxes"], boxes_of(kept))
        assert {len(found[name]) for name in ("boxes", "labels", "masks", "area", "iscrowd")} == {len(kept)}
        assert found["image_id"] == target["image_id"]

    def test_ids_without_a_pixel_leave_the_table(self) -> None:
        image, target = pair("panoptic", "fixtures/panoptic.json")
        found = RandomCrop((2, 2))(image, target)[1]
        seen = found["id_map"].unique()
        assert set(found["ids"].tolist()) == set(seen.tolist()) - {0}
        assert found["area"].tolist() == [int((found["id_map"] == id).sum()) for id in found["ids"]]
        assert len(found["labels"]) == len(found["iscrowd"]) == len(found["ids"])

    def test_nothing_at_all_stays_nothing(self) -> None:
        dataset = SegmentationDataset("fixtures/instances.json", target="instances", tv_tensors=False)
        target = dataset[1][1]
        assert target["boxes"].shape == (0, 4)
        found = Compose([Resize((5, 6)), RandomCrop((8, 8)), RandomFlip(1.0)])(None, target)[1]
        assert found["masks"].shape == (0, 8, 8)
        assert (found["boxes"].shape, found["boxes"].dtype) == ((0, 4), torch.float32)

    def test_runs_are_refused(self) -> None:
        packed = SegmentationDataset("fixtures/panoptic.json", target="packed")[0][1]
        for transform in (RandomFlip(1.0), Resize((3, 3)), Pad((9, 9)), RandomCrop((2, 2))):
            with pytest.raises(UsageError, match="decode it first"):
                transform(None, packed)
        with pytest.raises(UsageError, match="decode it first"):
            PadCollate()([(None, packed)])

    def test_other_dicts_are_refused(self) -> None:
        with pytest.raises(UsageError, match=r"a target with \['labels'\] .* expected 'masks' or 'id_map'"):
            RandomFlip(1.0)(None, {"labels": torch.zeros(3)})
        with pytest.raises(UsageError, match="expected 'masks' or 'id_map'"):
            PadCollate()([(None, {})])

    def test_images_that_are_no_tensors_are_refused(self) -> None:
        target = torch.zeros(3, 4, dtype=torch.int64)
        for image in (Image.new("RGB", (4, 3)), np.zeros((3, 4, 3), np.uint8)):
            for transform in (RandomFlip(1.0), Resize((3, 3)), Pad((9, 9)), RandomCrop((2, 2))):
                with pytest.raises(UsageError, match=r"expected a tensor \(C, H, W\)"):
                    transform(image, target)


@pytest.mark.parametrize("size", [5, (5,), (0, 5), (5, -1), (5.0, 5), (1, 2, 3), "55"])
def test_sizes_have_a_height_and_a_width(size: Any) -> None:
    for makes in (Resize, RandomCrop, Pad, lambda size: resize_class_map(torch.zeros(3, 3), size)):
        with pytest.raises(UsageError, match=r"expected \(height, width\)"):
            makes(size)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int16, torch.uint16, torch.int32, torch.int64])
def test_class_maps_of_any_dtype(dtype: torch.dtype) -> None:
    class_map = torch.tensor([[0, 1, 0], [1, 1, 0]]).to(dtype)
    for transform in (RandomFlip(1.0), Resize((3, 7)), Pad((4, 5), void=1), RandomCrop((3, 2), void=1)):
        torch.manual_seed(0)
        found = transform(None, class_map)[1]
        torch.manual_seed(0)
        assert found.dtype == dtype
        assert torch.equal(found.long(), transform(None, class_map.long())[1])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_images_of_other_floats_are_resized(dtype: torch.dtype) -> None:
    image = torch.rand(3, 9, 11).to(dtype)
    found = Resize((4, 20))(image, torch.zeros(9, 11))[0]
    assert found.dtype == dtype
    assert torch.allclose(found.float(), Resize((4, 20))(image.float(), torch.zeros(9, 11))[0], atol=0.01)


def test_images_are_resized_as_torch_does_it() -> None:
    image = torch.rand(3, 9, 11)
    resized, _ = Resize((4, 20))(image, torch.zeros(9, 11))
    expected = torch.nn.functional.interpolate(image[None], (4, 20), mode="bilinear", antialias=True)[0]
    assert torch.equal(resized, expected)


def wide() -> SegmentationDataset:
    """Three images of a scheme with 300 classes, so that 255 is one."""
    source = cocoseg.read("fixtures/panoptic.json")
    classes = (LabelClass(255, "person", (1,)), LabelClass(299, "tree", (184,)))
    scheme = LabelScheme("wide", classes, void=65535, unknown="void")
    return SegmentationDataset(source, labels=scheme, images=lambda sample: torch.ones(3, *sample.size))


class TestVoid:
    def test_is_taken_from_the_data_set_in_batches(self) -> None:
        data = wide()
        for chosen in (data, data[:], torch.utils.data.Subset(data, [0, 1, 2])):
            _, targets = PadCollate()([chosen[0], chosen[1], chosen[2]])
            assert (targets[2, 1:] == 65535).all()
            assert set(targets.unique().tolist()) == {255, 299, 65535}

    def test_is_taken_from_the_data_set_in_transforms(self) -> None:
        chain = Compose([RandomFlip(1.0), Resize((3, 4)), Pad((5, 5)), RandomCrop((7, 7)), RandomFlip(0.0)])
        data = SegmentationDataset(wide().dataset, labels=wide().labels, transform=chain)
        for _, target in data:
            assert (target[5:] == 65535).all()
        _, targets = PadCollate(multiple_of=8)([data[0], data[1]])
        assert (targets[:, 7] == 65535).all()

    def test_outlives_the_transforms_of_others(self) -> None:
        chain = Compose([lambda image, target: (image, target.clone()), Pad((7, 7))])
        _, target = SegmentationDataset(wide().dataset, labels=wide().labels, transform=chain)[0]
        assert (target[6:] == 65535).all()

    def test_may_be_another(self) -> None:
        _, targets = PadCollate(7)([wide()[0], wide()[2]])
        assert (targets[1, 1:] == 7).all()

    @pytest.mark.parametrize(
        "pads", [Pad((1, 1)), RandomCrop((2, 2)), lambda image, target: PadCollate()([(image, target)])]
    )
    def test_of_maps_from_elsewhere_has_to_be_told(self, pads: Any) -> None:
        with pytest.raises(UsageError, match=r"pass void=data\.void") as caught:
            pads(None, torch.zeros(3, 3, dtype=torch.int64))
        assert caught.value.category == "usage.void"
        assert pads(None, torch.zeros(2, 3, 3)) is not None

    def test_reaches_the_losses(self) -> None:
        pytest.importorskip("scipy")
        class_map = wide()[2][1]
        assert (class_map == 255).any()
        assert not (class_map > 255).all()
        weights = boundary_weights(class_map)
        assert ((weights > 0) == (class_map != 65535).numpy()).all()

    def test_of_300_classes_is_not_255_in_one_hot(self) -> None:
        assert one_hot(torch.tensor([[255, 299]]), 300)[[255, 299]].tolist() == [[[1, 0]], [[0, 1]]]


class TestDropEmpty:
    def cropped(self, kind: str) -> dict[str, Any]:
        """A target whose masks a stranger's transform has cropped, and nothing else."""
        target = dict(pair(kind, "fixtures/instances.json")[1])
        name = "masks" if "masks" in target else "id_map"
        return target | {name: target[name][..., :2, :2]}

    @pytest.mark.parametrize("kind", ["instances", "segments", "panoptic"])
    def test_keeps_all_columns_in_step(self, kind: str) -> None:
        before = self.cropped(kind)
        image, target = drop_empty("image", before)
        present = (
            before["masks"].ne(0).flatten(1).any(dim=1)
            if "masks" in before
            else torch.isin(before["ids"], before["id_map"].contiguous())
        )
        assert 0 < present.sum() < len(present)
        assert image == "image"
        assert torch.equal(target["labels"], before["labels"][present])
        for name in {"boxes", "masks", "area", "iscrowd", "ids"} & target.keys():
            assert len(target[name]) == present.sum(), name
        if kind == "instances":
            assert torch.equal(target["boxes"], boxes_of(target["masks"]))
        if "area" in target:
            assert target["area"].sum() == (picture(before) != 0).sum()

    @pytest.mark.parametrize("cut", [drop_empty, RandomCrop((2, 2)), Compose([drop_empty])])
    def test_keeps_columns_of_any_name_in_step(self, cut: Any) -> None:
        target = {
            "masks": torch.tensor([[[0, 0], [0, 0]], [[0, 1], [0, 1]]], dtype=torch.uint8),
            "labels": torch.tensor([7, 9]),
            "scores": torch.tensor([0.25, 0.5]),
            "keypoints": torch.arange(12).view(2, 2, 3),
            "weights": np.array([3.0, 4.0]),
            "names": ["cat", "dog"],
            "size": torch.tensor([2, 2]),
            "image_id": torch.tensor([5]),
            "file": "ab",
        }
        found = cut(None, target)[1]
        assert (found["labels"].tolist(), found["scores"].tolist(), found["weights"].tolist()) == ([9], [0.5], [4.0])
        assert found["keypoints"].tolist() == [[[6, 7, 8], [9, 10, 11]]]
        assert found["names"] == ["dog"]
        assert (found["size"].tolist(), found["image_id"].tolist(), found["file"]) == ([2, 2], [5], "ab")

    def test_does_not_take_an_id_map_for_a_column(self) -> None:
        ids = torch.tensor([[4, 4], [4, 4]])
        found = drop_empty(None, {"id_map": ids, "ids": torch.tensor([3, 4]), "names": ["cat", "dog"]})[1]
        assert torch.equal(found["id_map"], ids)
        assert (found["ids"].tolist(), found["names"]) == ([4], ["dog"])

    def test_leaves_class_maps(self) -> None:
        class_map = torch.zeros(2, 2)
        assert drop_empty(None, class_map)[1] is class_map

    def test_refuses_what_is_out_of_step_already(self) -> None:
        target = self.cropped("instances")
        target |= {name: target[name][:1] for name in ("labels", "boxes", "masks")}
        with pytest.raises(UsageError, match="labels of 1, area of 3, .*; leave SanitizeBoundingBoxes out"):
            drop_empty(None, target)
        with pytest.raises(UsageError, match="decode it first"):
            drop_empty(None, SegmentationDataset("fixtures/panoptic.json", target="packed")[0][1])


@pytest.mark.parametrize("probability", ["a", 3, -0.1, float("nan"), None])
def test_a_probability_is_from_0_to_1(probability: Any) -> None:
    with pytest.raises(UsageError, match="^probability is .*, expected a number from 0 to 1") as caught:
        RandomFlip(probability)
    assert caught.value.category == "usage.number"


@pytest.mark.parametrize("multiple", ["8", 1.5, None, 0])
def test_a_multiple_is_a_whole_number(multiple: Any) -> None:
    with pytest.raises(UsageError, match="^multiple_of is .*, expected a whole number, at least 1") as caught:
        PadCollate(multiple_of=multiple)
    assert caught.value.category == "usage.number"


class TestCollate:
    def test_stacks_what_has_one_shape_and_lists_what_has_not(self) -> None:
        one, other = torch.zeros(2, 3), torch.zeros(3, 3)
        images, targets = collate([(one, one), (one, other)])
        assert images.shape == (2, 2, 3)
        assert [tuple(target.shape) for target in targets] == [(2, 3), (3, 3)]

    def test_dicts_stay_apart_and_runs_come_together(self) -> None:
        pairs = [pair("instances"), pair("instances")]
        assert [set(target) for target in collate(pairs)[1]] == [set(pairs[0][1])] * 2
        runs = SegmentationDataset("fixtures/panoptic.json", target="packed")
        assert len(collate([runs[0], runs[1], runs[2]])[1]) == 3

    def test_padding_makes_one_size(self) -> None:
        dataset = SegmentationDataset("fixtures/panoptic.json", images=lambda sample: torch.ones(3, *sample.size))
        images, targets = PadCollate(void=dataset.void, multiple_of=4)([dataset[0], dataset[1], dataset[2]])
        assert (images.shape, targets.shape) == ((3, 3, 8, 12), (3, 8, 12))
        assert images[2].sum() == 27
        assert np.array_equal(targets[2, :1, :9], dataset[2][1])
        assert (targets[2, 1:] == 255).all()
        with pytest.raises(UsageError, match="multiple_of is 0"):
            PadCollate(multiple_of=0)


class TestTorchvision:
    """If a torchvision for this torch is installed, its transforms know our targets."""

    def test_its_transforms_treat_masks_as_masks(self) -> None:
        v2 = pytest.importorskip("torchvision.transforms.v2", exc_type=(ImportError, RuntimeError))
        from torchvision import tv_tensors

        dataset = SegmentationDataset(
            "fixtures/instances.json", target="instances", images=lambda sample: torch.ones(3, *sample.size)
        )
        image, target = dataset[0]
        assert isinstance(target["masks"], tv_tensors.Mask)
        assert isinstance(image, tv_tensors.Image)
        flipped, found = v2.RandomHorizontalFlip(1.0)(image, target)
        ours = RandomFlip(1.0)(image, target)[1]
        assert torch.equal(found["masks"], ours["masks"])
        assert torch.equal(found["boxes"], ours["boxes"])
        assert isinstance(ours["boxes"], tv_tensors.BoundingBoxes)
        assert flipped.shape == image.shape
        self.check_crops(v2, image, target)
        plain = cocoseg.torch.SegmentationDataset("fixtures/panoptic.json")[0][1]
        assert isinstance(plain, tv_tensors.Mask)
        assert set(v2.Resize((13, 9))(plain).unique().tolist()) <= set(plain.unique().tolist())

    def check_crops(self, v2: Any, image: Any, target: Any) -> None:
        for form in ("XYXY", "XYWH", "CXCYWH"):
            chain = v2.Compose([v2.ConvertBoundingBoxFormat(form), v2.CenterCrop((2, 2)), drop_empty])
            cropped, found = chain(image, target)
            count = len(found["masks"])
            assert 0 < count < len(target["masks"])
            assert {len(found[name]) for name in ("boxes", "labels", "area", "iscrowd")} == {count}
            assert found["boxes"].format.name == form
            assert tuple(found["boxes"].canvas_size) == tuple(cropped.shape[-2:]) == (2, 2)
            back = v2.functional.convert_bounding_box_format(found["boxes"], new_format="XYXY")
            assert torch.equal(back.as_subclass(torch.Tensor), boxes_of(found["masks"].as_subclass(torch.Tensor)))
            assert found["area"].tolist() == found["masks"].flatten(1).sum(dim=1).tolist()
