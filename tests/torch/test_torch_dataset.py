"""Every target equals numpy's, and every way to start a worker gives the same batches."""

from __future__ import annotations

import gc
import pickle
import re
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as with_fields
from PIL import Image
from torch.utils.data import ConcatDataset, DataLoader, Subset

import cocoseg
from cocoseg.errors import LabelError, Problem, SampleError, UsageError
from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.model import Dataset, Refused, Sample
from cocoseg.targets.segments import class_segments, instances, panoptic, segments
from cocoseg.torch import (
    ImageFolder,
    PadCollate,
    RandomCrop,
    RandomFlip,
    Resize,
    SegmentationDataset,
    collate,
    wrapping,
)
from conftest import FIXTURES
from training import SCHEMES, TOWN, drawn_sample, one_hot_loop, samples

SOURCES = ["fixtures/panoptic.json", "fixtures/instances.json"]
KINDS: list[dict[str, Any]] = [
    {"target": "semantic"},
    {"target": "semantic", "dtype": torch.uint8},
    {"target": "onehot"},
    {"target": "instances"},
    {"target": "segments"},
    {"target": "segments", "mode": "panoptic"},
    {"target": "panoptic"},
    {"target": "packed"},
]


def drawn(sample: Sample) -> Dataset:
    return Dataset((), (sample,), lambda entry: entry)


def target_of(sample: Sample, scheme: LabelScheme, **options: Any) -> Any:
    return SegmentationDataset(drawn(sample), labels=scheme, tv_tensors=False, **options)[0][1]


def same(found: Any, expected: Any) -> bool:
    if isinstance(found, torch.Tensor):
        return torch.equal(found, expected)
    if isinstance(found, dict):
        return found.keys() == expected.keys() and all(same(found[name], expected[name]) for name in found)
    if isinstance(found, list | tuple):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(found, cocoseg.torch.PackedMasks):
        return same(vars(found), vars(expected))
    return bool(found == expected)


def drawn_by_chance(test: Any) -> Any:
    return settings(deadline=None)(given(samples(), st.sampled_from(SCHEMES))(test))


def saying_crowds(sample: Sample, scheme: LabelScheme) -> AbstractContextManager[Any]:
    """Expects the warning of crowds where all objects of a sample are crowds."""
    crowds = instances(sample, scheme).iscrowd
    lost = crowds.all() and len(crowds)
    return pytest.warns(UserWarning, match=rf"only objects are crowds \({len(crowds)}\)") if lost else nullcontext()


class TestEveryTargetIsNumpys:
    @drawn_by_chance
    def test_semantic(self, sample: Sample, scheme: LabelScheme) -> None:
        found = target_of(sample, scheme, target="semantic")
        assert found.dtype == torch.int64
        assert np.array_equal(found.numpy(), cocoseg.semantic(sample, scheme))

    @drawn_by_chance
    def test_onehot(self, sample: Sample, scheme: LabelScheme) -> None:
        found = target_of(sample, scheme, target="onehot")
        expected = one_hot_loop(cocoseg.semantic(sample, scheme), scheme.num_classes, scheme.void)
        assert found.dtype == torch.float32
        assert np.array_equal(found.numpy(), expected)

    @drawn_by_chance
    def test_instances(self, sample: Sample, scheme: LabelScheme) -> None:
        found, expected = target_of(sample, scheme, target="instances", crowds=True), instances(sample, scheme)
        assert {name: str(value.dtype) for name, value in found.items() if name != "image_id"} == {
            "boxes": "torch.float32",
            "labels": "torch.int64",
            "masks": "torch.uint8",
            "area": "torch.float32",
            "iscrowd": "torch.int64",
        }
        names = {"boxes": "boxes", "labels": "labels", "masks": "masks", "area": "areas", "iscrowd": "iscrowd"}
        for name, column in names.items():
            assert np.array_equal(found[name].numpy(), getattr(expected, column)), name
        assert found["image_id"] == 7

    @drawn_by_chance
    def test_instances_without_crowds(self, sample: Sample, scheme: LabelScheme) -> None:
        every = target_of(sample, scheme, target="instances", crowds=True)
        single = every["iscrowd"] == 0
        expected = {name: value[single] if name != "image_id" else value for name, value in every.items()}
        with saying_crowds(sample, scheme):
            assert same(target_of(sample, scheme, target="instances"), expected)

    @drawn_by_chance
    def test_segments(self, sample: Sample, scheme: LabelScheme) -> None:
        by_mode = {
            "panoptic": segments(sample, scheme),
            "semantic": class_segments(sample, scheme),
        }
        for mode, expected in by_mode.items():
            with saying_crowds(sample, scheme) if mode == "panoptic" else nullcontext():
                found = target_of(sample, scheme, target="segments", mode=mode)
            assert (found["masks"].dtype, found["labels"].dtype) == (torch.bool, torch.int64)
            assert np.array_equal(found["masks"].numpy(), expected.masks)
            assert np.array_equal(found["labels"].numpy(), expected.labels)

    @drawn_by_chance
    def test_panoptic(self, sample: Sample, scheme: LabelScheme) -> None:
        found, expected = target_of(sample, scheme, target="panoptic"), panoptic(sample, scheme)
        for name, column in {"id_map": "id_map", "ids": "ids", "labels": "labels", "area": "areas"}.items():
            assert found[name].dtype == torch.int64
            assert np.array_equal(found[name].numpy(), getattr(expected, column)), name
        assert found["iscrowd"].tolist() == expected.iscrowd.astype(int).tolist()

    @drawn_by_chance
    def test_packed(self, sample: Sample, scheme: LabelScheme) -> None:
        with saying_crowds(sample, scheme):
            found = target_of(sample, scheme, target="packed")
        assert np.array_equal(found.class_map()[0].numpy(), cocoseg.semantic(sample, scheme))
        assert np.array_equal(found.masks()[0].numpy(), segments(sample, scheme).masks)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:This DataLoader will create")
@pytest.mark.parametrize("source", SOURCES)
class TestDataLoader:
    def batches(self, source: str, options: dict[str, Any], **loading: Any) -> list[Any]:
        dataset = SegmentationDataset(source, tv_tensors=False, **options)
        return list(DataLoader(dataset, batch_size=2, collate_fn=collate, **loading))

    @pytest.mark.parametrize("options", KINDS, ids=str)
    def test_two_forked_workers_give_the_same_batches(self, source: str, options: dict[str, Any]) -> None:
        alone = self.batches(source, options)
        assert len(alone) == 2
        if "fork" in torch.multiprocessing.get_all_start_methods():
            assert same(self.batches(source, options, num_workers=2, multiprocessing_context="fork"), alone)

    def test_two_spawned_workers_give_the_same_batches(self, source: str) -> None:
        every = ConcatDataset([SegmentationDataset(source, tv_tensors=False, **options) for options in KINDS])
        batches = [[3 * kind + index for index in indices] for kind in range(len(KINDS)) for indices in ([0, 1], [2])]
        loaders = [
            DataLoader(every, batch_sampler=batches, collate_fn=collate, **loading)
            for loading in ({}, {"num_workers": 2, "multiprocessing_context": "spawn"})
        ]
        alone, spawned = map(list, loaders)
        assert len(alone) == 2 * len(KINDS)
        assert same(spawned, alone)

    def test_padded_batches_have_one_shape(self, source: str) -> None:
        dataset = SegmentationDataset(source, images=lambda sample: torch.ones(3, *sample.size), tv_tensors=False)
        ((images, targets),) = DataLoader(dataset, batch_size=3, collate_fn=PadCollate(dataset.void))
        assert (images.shape, targets.shape) == ((3, 3, 6, 9), (3, 6, 9))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:This DataLoader will create")
@pytest.mark.parametrize("workers", [0, 1])
def test_a_bad_image_is_a_sample_error_in_a_worker_too(workers: int, tmp_path: Path) -> None:
    path = tmp_path / "panoptic.json"
    path.write_bytes(Path("fixtures/panoptic.json").read_bytes())
    (tmp_path / "panoptic" / "thin").mkdir(parents=True)
    for name in ("touching.png", "thin/row.png"):
        (tmp_path / "panoptic" / name).write_bytes((Path("fixtures/panoptic") / name).read_bytes())
    loader = iter(DataLoader(SegmentationDataset(path, tv_tensors=False), num_workers=workers, collate_fn=collate))
    next(loader)
    with pytest.raises(SampleError, match=r"crowd\.png' does not exist") as caught:
        next(loader)
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value)), caught.value.at("here")):
        assert (error.category, type(error)) == ("file.missing", type(caught.value))
        assert "crowd.png" in error.message


@pytest.mark.parametrize("options", KINDS, ids=str)
def test_a_pickle_gives_the_same_targets_without_its_maker(options: dict[str, Any]) -> None:
    dataset = SegmentationDataset("fixtures/panoptic.json", tv_tensors=False, **options)
    expected, data = dataset[2], pickle.dumps(dataset)
    del dataset
    gc.collect()
    assert same(pickle.loads(data)[2], expected)


class TestLabels:
    def test_of_instances_count_from_one(self) -> None:
        found = SegmentationDataset("fixtures/panoptic.json", target="instances")
        assert found[0][1]["labels"].tolist() == [1, 1]
        assert found.num_classes == 6

    def test_of_a_preset_stay_what_they_are(self) -> None:
        found = SegmentationDataset("fixtures/panoptic.json", target="instances", labels="mask2former")
        assert found[0][1]["labels"].tolist() == [0, 0]
        assert (found.num_classes, found.void) == (133, 255)

    def test_have_to_fit_the_dtype(self) -> None:
        with pytest.raises(LabelError, match="go up to 255"):
            SegmentationDataset("fixtures/panoptic.json", dtype=torch.int8)
        assert (
            SegmentationDataset("fixtures/panoptic.json", target="onehot", dtype=torch.bool)[0][1].dtype == torch.bool
        )

    @pytest.mark.parametrize(("dtype", "holds"), [(torch.bool, 1), (torch.bfloat16, 256), (torch.float16, 2048)])
    def test_have_to_fit_flags_and_short_floats_too(self, dtype: torch.dtype, holds: int) -> None:
        for void in (holds, holds + 1):
            scheme = LabelScheme("one", (LabelClass(0, "all", (3,)),), void=void, unknown="void")
            if void == holds:
                target = SegmentationDataset("fixtures/panoptic.json", labels=scheme, dtype=dtype)[0][1]
                assert set(target.long().unique().tolist()) <= {0, void}
            else:
                with pytest.raises(LabelError, match=f"go up to {void}"):
                    SegmentationDataset("fixtures/panoptic.json", labels=scheme, dtype=dtype)


class TestCrowds:
    def source(self) -> Dataset:
        """A car, a crowd of cars, and an image of which only the crowd is left."""
        both = drawn_sample(np.ones((2, 3, 4), bool))
        both = replace(both, iscrowd=np.array([False, True]))
        alone = replace(both, key="b.png", iscrowd=np.array([True, True]))
        return Dataset((), (both, alone, replace(alone, key="c.png")), lambda entry: entry)

    def test_are_left_out_of_instances_and_kept_on_request(self) -> None:
        data = SegmentationDataset(self.source(), target="instances", labels=TOWN, tv_tensors=False)
        assert {name: len(value) for name, value in data[0][1].items() if name != "image_id"} == {
            "boxes": 1,
            "labels": 1,
            "masks": 1,
            "area": 1,
            "iscrowd": 1,
        }
        data = SegmentationDataset(self.source(), target="instances", labels=TOWN, crowds=True)
        assert [target["iscrowd"].tolist() for _, target in data] == [[0, 1], [1, 1], [1, 1]]

    def test_that_were_the_only_objects_are_said_once_and_counted(self) -> None:
        data = SegmentationDataset(self.source(), target="instances", labels=TOWN)
        with pytest.warns(UserWarning, match=r"'b\.png': the only objects are crowds \(2\).*crowds=True") as said:
            assert [len(target["labels"]) for _, target in data] == [1, 0, 0]
        assert (len(said), data.notes["crowds"]) == (1, [1, 2])

    @pytest.mark.parametrize(
        ("target", "advice"), [("segments", "mode='semantic' has a mask"), ("packed", "class map")]
    )
    def test_that_were_the_only_objects_are_said_for_segments_too(self, target: Any, advice: str) -> None:
        data = SegmentationDataset(self.source(), target=target, mode="panoptic", labels=TOWN)
        with pytest.warns(UserWarning, match=rf"'b\.png': the only objects are crowds \(2\).*{advice}") as said:
            list(data)
        assert (len(said), data.notes["crowds"]) == (1, [1, 2])

    @pytest.mark.parametrize(
        ("target", "mode"), [("segments", "semantic"), ("semantic", "panoptic"), ("panoptic",) * 2]
    )
    def test_that_a_target_keeps_are_not_said(self, target: Any, mode: Any) -> None:
        data = SegmentationDataset(self.source(), target=target, mode=mode, labels=TOWN)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            list(data)
        assert data.notes["crowds"] == []

    def test_of_voc_are_said_although_its_background_is_a_segment(self) -> None:
        voc = cocoseg.read("fixtures/voc").map(lambda sample: replace(sample, iscrowd=sample.category_ids != 0))
        data = SegmentationDataset(voc, target="segments", mode="panoptic")
        with pytest.warns(UserWarning, match="the only objects are crowds"):
            assert data[0][1]["labels"].tolist() == [0]

    def test_are_an_option_of_instances_alone(self) -> None:
        with pytest.raises(UsageError, match="crowds=True keeps crowds in target='instances', not in 'panoptic'"):
            SegmentationDataset(self.source(), target="panoptic", labels=TOWN, crowds=True)


class TestErrors:
    def test_other_choices(self) -> None:
        with pytest.raises(UsageError, match="target is 'boxes', expected one of semantic"):
            SegmentationDataset("fixtures/panoptic.json", target="boxes")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="mode"):
            SegmentationDataset("fixtures/panoptic.json", mode="stuff")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=r"dtype is 'uint8', expected .* torch\.uint8"):
            SegmentationDataset("fixtures/panoptic.json", dtype="uint8")

    def test_flags_are_no_indices(self) -> None:
        data = SegmentationDataset("fixtures/panoptic.json")
        for flags in ([True, False, True], np.array([True, False, True]), torch.tensor([True, False, True])):
            with pytest.raises(UsageError, match="by their indices"):
                data[flags]  # type: ignore[index]
        with pytest.raises(IndexError):
            data[3]

    def test_tv_tensors_without_torchvision(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wrapping, "tv_tensors", lambda: None)
        with pytest.raises(UsageError, match="torchvision"):
            SegmentationDataset("fixtures/panoptic.json", tv_tensors=True)
        assert type(SegmentationDataset("fixtures/panoptic.json")[0][1]) is torch.Tensor

    def test_a_bad_image_fails_alone(self) -> None:
        def load(entry: int) -> Sample:
            if entry == 1:
                raise SampleError("png.corrupt", "the PNG is corrupt")
            return cocoseg.read("fixtures/panoptic.json")[entry]

        dataset = SegmentationDataset(Dataset((), range(3), load), labels="mask2former")
        assert len(dataset) == 3
        with pytest.raises(SampleError, match="corrupt"):
            dataset[1]
        assert dataset[2][1].shape == (1, 9)


class TestNames:
    def test_of_classes_are_by_index(self) -> None:
        data = SegmentationDataset("fixtures/panoptic.json")
        assert data.classes == ("person", "dog", "tree-merged", "sky-other-merged", "grass-merged")
        instances = SegmentationDataset("fixtures/panoptic.json", target="instances")
        assert instances.classes == ("background", *data.classes)

    def test_of_numbers_without_a_class_are_none(self) -> None:
        scheme = LabelScheme("gaps", (LabelClass(1, "road", (3,)), LabelClass(3, "sky", (4,))), unknown="void", void=0)
        assert SegmentationDataset("fixtures/panoptic.json", labels=scheme).classes == (None, "road", None, "sky")


class TestHarmlessProblems:
    def test_of_images_are_said_once_and_counted(self) -> None:
        odd = replace(
            drawn_sample(np.ones((1, 2, 2), bool)), problems=(Problem("mask.empty", "an object has no pixel"),)
        )
        source = Dataset(
            (), (odd, replace(odd, key="b.png", problems=()), replace(odd, key="c.png")), lambda entry: entry
        )
        data = SegmentationDataset(source, labels=TOWN)
        with pytest.warns(UserWarning, match=r"^an object has no pixel; data\.notes\['problems'\] lists") as said:
            assert len(list(data)) == 3
        assert (len(said), data.notes["problems"]) == (1, [0, 2])

    def test_of_a_file_and_its_scheme_are_said_once_for_each_kind(self) -> None:
        twice = [Problem("doc.extra", f"row {number} is odd") for number in range(3)]
        source = replace(cocoseg.read("fixtures/panoptic.json"), problems=(*twice, Problem("id.type", "ids are texts")))
        scheme = replace(cocoseg.label_scheme("index", source), problems=(Problem("label.name", "a name differs"),))
        with pytest.warns(UserWarning) as said:
            data = SegmentationDataset(source, labels=scheme)
        expected = ["row 0 is odd (and 2 more problems doc.extra)", "ids are texts", "a name differs"]
        assert [str(one.message) for one in said] == expected
        assert len(data[:1]) == 1


class TestByImageId:
    def test_finds_an_image_wherever_it_is(self) -> None:
        data = SegmentationDataset("fixtures/panoptic.json", target="panoptic", tv_tensors=False)
        ids = [target["image_id"] for _, target in data]
        assert same([data.by_image_id(id) for id in ids], list(data))
        assert same(data[2:].by_image_id(ids[2]), data[2])
        for part, id in ((data, 999), (data[2:], ids[0])):
            with pytest.raises(KeyError):
                part.by_image_id(id)

    def test_never_gives_another_image(self) -> None:
        source = cocoseg.read("fixtures/panoptic.json")
        refused = Refused("annotations[0]", Problem("id.range", "an id is wrong"), "a.png", 7)
        source = replace(source, entries=[refused, *source.entries[1:]])
        with pytest.warns(UserWarning, match="1 of 3 entries"):
            data = SegmentationDataset(source, on_error="skip")
        with pytest.raises(SampleError, match="an id is wrong"):
            data.by_image_id(7)

    def test_of_two_files_that_both_have_it_neither(self) -> None:
        source = cocoseg.read("fixtures/panoptic.json")
        other = replace(source, entries=[with_fields(source.entries[0], key="other.png")])
        with pytest.raises(UsageError, match="is that of 'touching.png' and 'other.png'"):
            SegmentationDataset(source + other).by_image_id(source.entries[0].image_id)


class TestParts:
    @pytest.mark.parametrize(
        ("which", "places"),
        [
            (slice(1, None), [1, 2]),
            ([2, 0], [2, 0]),
            (np.array([1]), [1]),
            (torch.tensor([2, 1]), [2, 1]),
            (range(2), [0, 1]),
            ([-1], [2]),
            ([], []),
        ],
        ids=str,
    )
    def test_are_data_sets(self, which: Any, places: list[int]) -> None:
        data = SegmentationDataset("fixtures/panoptic.json", tv_tensors=False)
        part = data[which]
        assert (len(part), part.void, part.num_classes) == (len(places), 255, 5)
        assert all(same(part[number], data[place]) for number, place in enumerate(places))
        assert same(part[-1:][0] if places else None, data[places[-1]] if places else None)

    def test_are_added_up_and_chosen_by_torch(self) -> None:
        data = SegmentationDataset("fixtures/panoptic.json", tv_tensors=False)
        both = data[:1] + data[2:]
        assert [same(both[0], data[0]), same(both[1], data[2]), len(both)] == [True, True, 2]
        for numbers in ([2, 0], torch.tensor([2, 0]), np.array([2, 0])):
            assert same(list(Subset(data, numbers)), [data[2], data[0]])  # type: ignore[arg-type]
        assert same(data[np.int64(1)], data[torch.tensor(1)])  # type: ignore[call-overload]


def broken(*places: int, strays: int = 0) -> Dataset:
    """The fixtures, with PNGs that are corrupt at these places, and rows that belong to no image."""
    source = cocoseg.read("fixtures/panoptic.json")
    stray = Refused("annotations[9]", Problem("id.unknown", "no such image"), stray=True)
    return Dataset(source.categories, [0, 1, 2] + [stray] * strays, Broken(source, places))


@dataclass(frozen=True)
class Broken:
    dataset: Dataset
    places: tuple[int, ...]
    source: str = "panoptic.json"

    def __call__(self, entry: Any) -> Sample:
        if entry in self.places:
            raise SampleError("png.corrupt", f"the PNG of {entry} is corrupt")
        return self.dataset[entry]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:This DataLoader will create")
class TestSkipping:
    @pytest.mark.parametrize(
        ("bad", "places"),
        [((), [0, 1, 2]), ((1,), [0, 2, 2]), ((2,), [0, 1, 0]), ((0, 2), [1, 1, 1])],
    )
    def test_gives_the_next_good_image_every_time(self, bad: tuple[int, ...], places: list[int]) -> None:
        data = SegmentationDataset(broken(*bad), tv_tensors=False, on_error="skip")
        good = SegmentationDataset("fixtures/panoptic.json", tv_tensors=False)
        expected = [good[place] for place in places]
        with pytest.warns(UserWarning, match="next good one") if bad else nullcontext([]) as said:
            for _ in range(2):
                assert same(list(data), expected)
        assert len(said) == (1 if bad else 0)
        assert (len(data), data.notes["skipped"]) == (3, list(bad))

    def test_ends_where_all_are_bad(self) -> None:
        data = SegmentationDataset(broken(0, 1, 2), on_error="skip")
        with (
            pytest.warns(UserWarning, match="image 1 cannot be used"),
            pytest.raises(SampleError, match=r"^none of the 3 images can be used; one of them: the PNG of 1") as caught,
        ):
            data[1]
        assert caught.value.category == "png.corrupt"
        with pytest.raises(SampleError, match="of 0 is corrupt"):
            data[0]

    @pytest.mark.filterwarnings("ignore:image . cannot be used")
    @pytest.mark.parametrize("method", ["fork", "spawn"])
    def test_is_counted_in_all_workers(self, method: str) -> None:
        data = SegmentationDataset(broken(0, 2), tv_tensors=False, on_error="skip")
        loading: dict[str, Any] = {"num_workers": 2, "multiprocessing_context": method, "collate_fn": collate}
        batches = list(DataLoader(data, **loading))
        assert len(batches) == 3
        assert data.notes == {**data.notes, "skipped": [0, 2]}

    def test_knows_what_the_file_refuses_and_drops_rows_without_an_image(self) -> None:
        source = broken(strays=2)
        refused = Refused("annotations[1]", Problem("id.range", "an id is wrong"), "b.png", 2)
        source = replace(source, entries=[0, refused, *source.entries[2:]])
        text = r"^3 of 5 entries of panoptic\.json cannot be used and are skipped; the first: an id is wrong$"
        with pytest.warns(UserWarning, match=text) as said:
            data = SegmentationDataset(source, tv_tensors=False, on_error="skip")
        assert same(data[1], data[2])
        assert (len(said), len(data), data.notes["skipped"]) == (1, 3, [1])

    def test_of_parts_is_their_own(self) -> None:
        data = SegmentationDataset(broken(1), tv_tensors=False, on_error="skip")
        with pytest.warns(UserWarning, match="image 0 cannot be used"):
            assert same(data[1:][0], data[2])
        assert data.notes["skipped"] == []

    def test_stays_with_a_pickle(self) -> None:
        data = SegmentationDataset(broken(1), tv_tensors=False, on_error="skip")
        with pytest.warns(UserWarning):
            data[1]
        twin = pickle.loads(pickle.dumps(data))
        assert (twin.notes, same(twin[1], data[1])) == (data.notes, True)

    def test_of_photos(self, tmp_path: Path) -> None:
        for key in ("touching", "thin/row"):
            (tmp_path / key).parent.mkdir(exist_ok=True)
            size = {"touching": (8, 6), "thin/row": (9, 1)}[key]
            Image.new("RGB", size).save((tmp_path / key).with_suffix(".jpg"))
        data = SegmentationDataset("fixtures/panoptic.json", images=tmp_path, on_error="skip")
        with pytest.warns(UserWarning, match="no photo 'crowd'"):
            assert [tuple(image.shape) for image, _ in data] == [(3, 6, 8), (3, 1, 9), (3, 1, 9)]

    def test_has_two_choices(self) -> None:
        with pytest.raises(UsageError, match="on_error is None, expected one of stop, skip"):
            SegmentationDataset("fixtures/panoptic.json", on_error=None)  # type: ignore[arg-type]


class TestImageFolder:
    @pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "a.png"])
    def test_finds_the_photo_of_a_key(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "a").mkdir()
        Image.fromarray(np.full((6, 8), 100, np.uint8)).save(tmp_path / name)
        found = ImageFolder(tmp_path)(self.sample("a.png"))
        assert (found.shape, found.dtype) == ((3, 6, 8), torch.uint8)
        assert abs(found.float() - 100).max() < 2

    def test_is_what_a_data_set_takes_as_images(self, tmp_path: Path) -> None:
        for sample in cocoseg.read("fixtures/instances.json"):
            path = (tmp_path / sample.key).with_suffix(".jpg")
            path.parent.mkdir(exist_ok=True)
            Image.new("RGB", sample.size[::-1]).save(path)
        dataset = SegmentationDataset("fixtures/instances.json", images=tmp_path)
        assert [tuple(image.shape) for image, _ in (dataset[0], dataset[1], dataset[2])] == [
            (3, 6, 8),
            (3, 3, 4),
            (3, 1, 9),
        ]

    def test_are_where_the_data_set_says(self) -> None:
        data = SegmentationDataset(FIXTURES / "yolo" / "data.yaml", images=True, tv_tensors=False)
        assert [tuple(image.shape[1:]) for image, _ in data] == [tuple(target.shape) for _, target in data]
        assert [tuple(image.shape) for image, _ in data] == [(3, 6, 8), (3, 2, 4), (3, 5, 3)]

    def test_are_found_for_every_kind_of_worker(self) -> None:
        data = SegmentationDataset(FIXTURES / "yolo" / "data.yaml", images=True, tv_tensors=False)
        for method in ("fork", "spawn"):
            loader = DataLoader(data, num_workers=1, batch_size=None, multiprocessing_context=method)
            assert [tuple(image.shape) for image, _ in loader] == [(3, 6, 8), (3, 2, 4), (3, 5, 3)]

    def test_are_asked_for_where_nothing_says(self) -> None:
        with pytest.raises(UsageError, match="panoptic.json does not say where its photos are; pass images=FOLDER"):
            SegmentationDataset("fixtures/panoptic.json", images=True)
        with pytest.raises(
            UsageError, match="voc/JPEGImages', which does not exist; expected the folder of the photos"
        ):
            SegmentationDataset("fixtures/voc", images=True)
        assert SegmentationDataset("fixtures/panoptic.json", images=False).images is None

    def test_of_two_data_sets_are_in_one_folder_or_asked_for(self, tmp_path: Path) -> None:
        train, val = (cocoseg.read(FIXTURES / "yolo", split=split) for split in ("train", "val"))
        with pytest.raises(UsageError, match="does not say where"):
            SegmentationDataset(train + val, images=True)
        whole = cocoseg.read(FIXTURES / "yolo")
        assert len(SegmentationDataset(whole[:1] + whole[1:], images=True)[2][0]) == 3

    def test_are_those_that_sizes_were_taken_from(self, tmp_path: Path) -> None:
        dataset = cocoseg.read("fixtures/instances.json", photos=tmp_path)
        assert SegmentationDataset(dataset, images=True).images == ImageFolder(str(tmp_path))

    def test_answers_at_once_where_there_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        for images, found in (("nofolder", "does not exist"), (tmp_path / "file", "is a file"), (5, "images is 5")):
            with pytest.raises(UsageError, match=found) as caught:
                SegmentationDataset("fixtures/panoptic.json", images=images)  # type: ignore[arg-type]
            assert caught.value.category == "usage.images"
            assert str(caught.value).startswith("images is ")

    def test_says_what_is_missing_damaged_or_of_another_size(self, tmp_path: Path) -> None:
        images = ImageFolder(tmp_path)
        with pytest.raises(SampleError, match="no photo"):
            images(self.sample("a.png"))
        (tmp_path / "a.jpg").write_bytes(b"no image")
        with pytest.raises(SampleError, match="cannot be read as an image"):
            images(self.sample("a.png"))
        Image.new("RGB", (6, 8)).save(tmp_path / "b.png")
        with pytest.raises(SampleError, match="has 8×6 pixels"):
            images(self.sample("b.png"))

    @pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
    def test_more_than_8_bits_are_not_cut_off(self, tmp_path: Path, dtype: Any) -> None:
        Image.fromarray(np.full((6, 8), 3000, dtype)).save(tmp_path / "a.tif")
        with pytest.raises(SampleError, match="more than 8 bits") as caught:
            ImageFolder(tmp_path)(self.sample("a.png"))
        assert caught.value.category == "image.mode"

    @pytest.mark.parametrize("name", ["photo.gif", "photo.jpg", "other/photo.JPG"])
    def test_goes_by_the_name_that_the_file_gives_the_photo(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "other").mkdir()
        Image.new("RGB", (8, 6)).save(tmp_path / name)
        Image.new("RGB", (1, 1)).save(tmp_path / "labels.png")
        asked = name.replace(".JPG", ".png")
        assert ImageFolder(tmp_path)(self.sample("labels.png", asked)).shape == (3, 6, 8)

    def test_a_photo_comes_before_labels_of_its_name(self, tmp_path: Path) -> None:
        Image.new("RGB", (8, 6)).save(tmp_path / "a.jpg")
        Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
        assert ImageFolder(tmp_path)(self.sample("a.png", "a.png")).shape == (3, 6, 8)

    @pytest.mark.parametrize("name", ["../secret.jpg", "../secret.png", "a/../../secret.jpg", "{parent}/secret.jpg"])
    def test_no_name_leads_out_of_the_folder(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "photos" / "a").mkdir(parents=True)
        Image.new("RGB", (8, 6)).save(tmp_path / "secret.jpg")
        asked = self.sample("labels.png", name.format(parent=tmp_path))
        with pytest.raises(SampleError, match="no photo"):
            ImageFolder(tmp_path / "photos")(asked)
        Image.new("RGB", (8, 6), "white").save(tmp_path / "photos" / "labels.png")
        assert ImageFolder(tmp_path / "photos")(asked).min() == 255

    def sample(self, key: str, file_name: str = "") -> Sample:
        return replace(cocoseg.read("fixtures/panoptic.json")[0], key=key, file_name=file_name)


BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


class TestOrientation:
    """Photos that a camera stored turned."""

    def upright(self, size: tuple[int, int]) -> Image.Image:
        pixels = np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8)
        return Image.fromarray(pixels)

    def store(self, path: Path, orientation: int, size: tuple[int, int]) -> np.ndarray:
        """Store an upright photo as a camera does; returns the stored pixels."""
        stored = self.upright(size).transpose(BACK[orientation]) if orientation > 1 else self.upright(size)
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored.save(path, exif=exif, **({"lossless": True} if path.suffix == ".webp" else {}))
        return np.array(stored)

    def sample(self, size: tuple[int, int]) -> Sample:
        return replace(drawn_sample(np.zeros((1, *size), bool)), key="a.png")

    @pytest.mark.parametrize("ending", [".png", ".tif", ".webp"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_is_obeyed_where_only_the_turned_size_agrees(self, tmp_path: Path, ending: str, orientation: int) -> None:
        stored = self.store(tmp_path / f"a{ending}", orientation, (4, 6))
        images = ImageFolder(tmp_path, "turned")
        if orientation > 4:
            assert np.array_equal(self.pixels(images(self.sample((4, 6)))), np.array(self.upright((4, 6))))
            assert np.array_equal(self.pixels(images(self.sample((6, 4)))), stored)
        assert images.guessed == []
        with pytest.raises(SampleError) as caught:
            images(self.sample((4, 7)))
        assert caught.value.category == "size.mismatch"
        height, width = stored.shape[:2]
        turned = r", 4×6 when turned by its EXIF orientation" if orientation > 4 else ""
        text = rf"has {height}×{width} pixels \(height × width\){turned}, its annotation 4×7; they belong"
        assert re.search(text, str(caught.value))

    @pytest.mark.parametrize("ending", [".png", ".tif", ".webp"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_is_an_option_where_both_sizes_agree(self, tmp_path: Path, ending: str, orientation: int) -> None:
        stored = self.store(tmp_path / f"a{ending}", orientation, (5, 5))
        for choice, expected in {"turned": np.array(self.upright((5, 5))), "stored": stored}.items():
            images = ImageFolder(tmp_path, choice)  # type: ignore[arg-type]
            expectation = pytest.warns(UserWarning) if orientation > 1 else nullcontext([])
            with expectation as said:
                found = [images(self.sample((5, 5))) for _ in range(2)]
            assert all(np.array_equal(self.pixels(one), expected) for one in found)
            other = {"turned": "stored", "stored": "turned"}[choice]
            assert len(said) == (orientation > 1)
            assert images.guessed == ["a.png", "a.png"] * (orientation > 1)
            assert all(f"orientation={other!r}" in str(one.message) for one in said)
            assert all(f"EXIF orientation {orientation}" in str(one.message) for one in said)

    def test_without_a_tag_says_nothing(self, tmp_path: Path) -> None:
        self.upright((5, 5)).save(tmp_path / "a.png")
        assert np.array_equal(self.pixels(ImageFolder(tmp_path)(self.sample((5, 5)))), np.array(self.upright((5, 5))))

    def test_of_a_data_set_is_said_once_and_counted(self, tmp_path: Path) -> None:
        keys = ["a.png", "b.png", "c.png"]
        for key, orientation in zip(keys, (3, 1, 6), strict=True):
            self.store(tmp_path / key, orientation, (5, 5))
        source = Dataset((), [replace(self.sample((5, 5)), key=key) for key in keys], lambda entry: entry)
        data = SegmentationDataset(source, labels=TOWN, images=tmp_path, tv_tensors=False)
        with pytest.warns(UserWarning, match=r"a\.png' has EXIF orientation 3") as said:
            images = [image for _ in range(2) for image, _ in data]
        assert all(np.array_equal(self.pixels(image), np.array(self.upright((5, 5)))) for image in images)
        assert (len(said), data.notes["orientation"]) == (1, [0, 2])

    def test_has_two_choices(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="orientation is 'exif', expected one of turned, stored"):
            ImageFolder(tmp_path, "exif")  # type: ignore[arg-type]

    def pixels(self, image: torch.Tensor) -> np.ndarray:
        return image.permute(1, 2, 0).numpy()


def test_without_torch_the_room_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess
    import sys

    code = "import sys, importlib.util as u; u.find_spec = lambda *a: None; import cocoseg.torch"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'cocoseg[torch]'" in done.stderr


class TestTvTensors:
    """With a stand-in for torchvision that has only the kinds of tensors."""

    @pytest.fixture(autouse=True)
    def _kinds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class TVTensor(torch.Tensor):
            __torch_function__ = torch._C._disabled_torch_function_impl

        class Mask(TVTensor):
            def __new__(cls, data: torch.Tensor, **details: Any) -> Any:
                found = data.as_subclass(cls)
                found.details = details
                return found

        class Kinds:
            pass

        Kinds.TVTensor, Kinds.Mask = TVTensor, Mask
        Kinds.Image, Kinds.BoundingBoxes = type("Image", (Mask,), {}), type("BoundingBoxes", (Mask,), {})
        Kinds.wrap = staticmethod(lambda new, like: new.as_subclass(type(like)))
        monkeypatch.setattr(wrapping, "tv_tensors", lambda: Kinds)

    def kind(self, value: Any) -> str:
        return type(value).__name__

    def test_name_images_masks_and_boxes(self) -> None:
        dataset = SegmentationDataset(
            "fixtures/instances.json", target="instances", images=lambda sample: torch.ones(3, *sample.size)
        )
        for image, target in (dataset[0], RandomFlip(1.0)(*dataset[0]), Resize((9, 7))(*dataset[0])):
            assert [self.kind(one) for one in (image, target["masks"], target["boxes"])] == [
                "Image",
                "Mask",
                "BoundingBoxes",
            ]
            assert target["boxes"].details == {"format": "XYXY", "canvas_size": tuple(image.shape[-2:])}
            assert self.kind(target["labels"]) == "Tensor"

    @pytest.mark.parametrize("options", [{"target": "instances"}, {"target": "segments", "mode": "panoptic"}], ids=str)
    def test_name_the_masks_that_are_left(self, options: dict[str, Any]) -> None:
        target = SegmentationDataset("fixtures/instances.json", **options)[0][1]
        torch.manual_seed(0)
        left = RandomCrop((1, 1))(None, target)[1]["masks"]
        assert len(left) < len(target["masks"])
        assert self.kind(left) == "Mask"

    @pytest.mark.parametrize("options", [KINDS[0], KINDS[2]], ids=str)
    def test_name_class_maps(self, options: dict[str, Any]) -> None:
        assert self.kind(SegmentationDataset("fixtures/panoptic.json", **options)[0][1]) == "Mask"
        plain = SegmentationDataset("fixtures/panoptic.json", tv_tensors=False, **options)[0][1]
        assert self.kind(plain) == "Tensor"

    def test_name_id_maps_and_leave_runs(self) -> None:
        assert self.kind(SegmentationDataset(SOURCES[0], target="panoptic")[0][1]["id_map"]) == "Mask"
        assert self.kind(SegmentationDataset(SOURCES[0], target="packed")[0][1]) == "PackedMasks"


def test_class_maps_have_no_objects_without_instance_numbers() -> None:
    categories = FIXTURES / "panoptic.json"
    data = SegmentationDataset(cocoseg.read(FIXTURES / "semantic", categories=categories), target="instances")
    said = r"which are left out; name their instance numbers in cocoseg.read\(..., instances=...\), or pass crowds"
    with pytest.warns(UserWarning, match=said):
        assert sum(len(target["labels"]) for _, target in data) == 0
    numbered = cocoseg.read(FIXTURES / "semantic", categories=categories, instances=FIXTURES / "instance-numbers")
    assert sum(len(target["labels"]) for _, target in SegmentationDataset(numbered, target="instances")) > 0


def test_an_index_beyond_the_end_names_the_data_set() -> None:
    data = SegmentationDataset(FIXTURES / "panoptic.json")
    for index in (3, -4):
        with pytest.raises(IndexError, match="^data set index out of range"):
            data[index]
