"""Scores of classes as models put them out, against the drawn classes and numpy's argmax."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from formats.drawn import expected
from PIL import Image

import cocoseg
from cocoseg.errors import DocumentError, SampleError
from cocoseg.formats.detect import detect
from cocoseg.labels import LabelClass, LabelScheme
from command import cocoseg as command
from conftest import FIXTURES

SOURCE = FIXTURES / "scores"
NAMES = ["logits", "tied", "val/probabilities"]
THREE = LabelScheme("three", tuple(LabelClass(k, f"c{k}", (k + 1,), False) for k in range(3)))


def drawn(folder: Path, array: npt.NDArray[Any], name: str = "a.npy", **arrays: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if name.endswith(".npy"):
        np.save(folder / name, array)
    else:
        np.savez_compressed(folder / name, **arrays or {"arr_0": array})
    return folder


def scores_of(classes: npt.NDArray[Any], count: int) -> npt.NDArray[np.float32]:
    """(C, H, W) with the highest score for each pixel's class."""
    found = np.random.default_rng(4).random((count, *classes.shape), np.float32)
    np.put_along_axis(found, classes[None], 2, axis=0)
    return found


CLASSES = np.random.default_rng(6).integers(0, 3, (6, 7))


def class_map(folder: Path, labels: Any = THREE, **options: Any) -> npt.NDArray[Any]:
    sample = cocoseg.read(folder, source_labels=labels, **options)[0]
    return cocoseg.semantic(sample, labels)


@pytest.mark.parametrize("number", range(3))
def test_classes_are_as_drawn(number: int) -> None:
    assert detect(SOURCE) == "scores"
    dataset = cocoseg.read(SOURCE, source_labels="voc21")
    sample = dataset[number]
    assert sample.key == f"{NAMES[number]}.png"
    labels = cocoseg.label_scheme("voc21", dataset)
    np.testing.assert_array_equal(cocoseg.semantic(sample, labels), expected(f"scores/{NAMES[number]}"))


def test_the_command_writes_class_maps(tmp_path: Path) -> None:
    assert command("to-semantic", SOURCE, tmp_path / "out", "--source-labels", "voc21").code == 0
    for name in NAMES:
        with Image.open(tmp_path / "out" / f"{name}.png") as picture:
            np.testing.assert_array_equal(np.array(picture), expected(f"scores/{name}"))


def test_a_survey_reads_headers() -> None:
    info = cocoseg.info(SOURCE, source_labels="voc21")
    assert (info.format, info.images, info.failures) == ("scores", 3, ())
    assert info.sizes == {(5, 8): 1, (2, 5): 1, (4, 3): 1}


def test_a_survey_needs_no_labels_where_the_sides_are_clear(tmp_path: Path) -> None:
    info = cocoseg.info(drawn(tmp_path / "s", scores_of(CLASSES, 3)))
    assert (info.format, info.failures, info.sizes) == ("scores", (), {(6, 7): 1})
    assert "--source-labels" in info.missing[0]


def test_the_meaning_is_asked_for() -> None:
    with pytest.raises(DocumentError, match="--source-labels"):
        cocoseg.read(SOURCE)


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("form", ["chw", "hwc", "batch", "fortran", "hwc fortran"])
@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_every_form_gives_the_same(dtype: str, form: str, name: str, tmp_path: Path) -> None:
    scores = scores_of(CLASSES, 3).astype(dtype)
    scores = scores.transpose(1, 2, 0) if "hwc" in form else scores[None] if form == "batch" else scores
    folder = drawn(tmp_path / "s", np.asfortranarray(scores) if "fortran" in form else scores.copy("C"), name)
    assert detect(folder) == "scores"
    np.testing.assert_array_equal(class_map(folder), CLASSES)


@pytest.mark.parametrize("key", ["logits", "scores", "probs", "probabilities", "softmax", "arr_0", "mine"])
def test_the_name_of_the_only_array_is_any(key: str, tmp_path: Path) -> None:
    folder = drawn(tmp_path / "s", CLASSES, "a.npz", **{key: scores_of(CLASSES, 3)})
    np.testing.assert_array_equal(class_map(folder), CLASSES)


def test_of_several_arrays_the_known_one_is_read(tmp_path: Path) -> None:
    others = {"boxes": np.zeros((3, 4)), "logits": scores_of(CLASSES, 3), "names": np.array(["a"])}
    np.testing.assert_array_equal(class_map(drawn(tmp_path / "s", CLASSES, "a.npz", **others)), CLASSES)


class TestTheAxisOfTheClasses:
    def size(self, folder: Path, shape: tuple[int, ...]) -> dict[tuple[int, int], int]:
        return cocoseg.info(drawn(folder / "s", np.zeros(shape, np.float32)), source_format="scores").sizes

    @pytest.mark.parametrize(
        ("shape", "size"),
        [((3, 4, 5), (4, 5)), ((4, 5, 3), (4, 5)), ((5, 4, 3), (5, 4)), ((2, 9, 3), (9, 3)), ((1, 4, 5, 3), (4, 5))],
    )
    def test_is_the_shortest_without_labels(self, shape: Any, size: Any, tmp_path: Path) -> None:
        assert self.size(tmp_path, shape) == {size: 1}

    @pytest.mark.parametrize("shape", [(4, 4, 5), (4, 3, 5), (5, 4, 4), (3, 5, 3), (4, 4, 4)])
    def test_is_not_guessed(self, shape: Any, tmp_path: Path) -> None:
        info = cocoseg.info(drawn(tmp_path / "s", np.zeros(shape, np.float32)), source_format="scores")
        assert [problem.category for problem in info.failures] == ["scores.axis"]

    @pytest.mark.parametrize("shape", [(2, 2), (1, 2), (2, 1)])
    def test_is_that_of_the_labels(self, shape: Any, tmp_path: Path) -> None:
        classes = np.random.default_rng(1).integers(0, 3, shape)
        scores = scores_of(classes, 3)
        np.testing.assert_array_equal(class_map(drawn(tmp_path / "a", scores), source_format="scores"), classes)
        last = drawn(tmp_path / "b", scores.transpose(1, 2, 0))
        np.testing.assert_array_equal(class_map(last, source_format="scores"), classes)

    def test_a_side_as_long_as_the_classes_is_refused(self, tmp_path: Path) -> None:
        folder = drawn(tmp_path / "s", np.zeros((3, 9, 3), np.float32))
        with pytest.raises(SampleError, match="not clear which side") as caught:
            class_map(folder)
        assert caught.value.category == "scores.axis"

    def test_other_classes_than_those_of_the_labels_are_refused(self, tmp_path: Path) -> None:
        for count in (2, 4):
            with pytest.raises(SampleError, match="no side is 3, the number of classes") as caught:
                class_map(drawn(tmp_path / str(count), np.zeros((count, 6, 7), np.float32)))
            assert caught.value.category == "scores.classes"

    def test_a_channel_for_void_may_be_the_last(self, tmp_path: Path) -> None:
        labels = LabelScheme("void last", THREE.classes, void=3)
        classes = np.random.default_rng(1).integers(0, 4, (6, 7))
        np.testing.assert_array_equal(class_map(drawn(tmp_path / "s", scores_of(classes, 4)), labels), classes)

    def test_one_class_of_labels_needs_no_threshold(self, tmp_path: Path) -> None:
        labels = LabelScheme("one", THREE.classes[:1])
        assert not class_map(drawn(tmp_path / "s", np.zeros((1, 6, 7))), labels).any()


def test_numbers_that_no_class_has_are_refused(tmp_path: Path) -> None:
    labels = LabelScheme("gap", (THREE.classes[0], THREE.classes[2]))
    with pytest.raises(SampleError, match="not a class of labels 'gap'") as caught:
        class_map(drawn(tmp_path / "s", scores_of(CLASSES, 3)), labels)
    assert caught.value.category == "id.unknown"


def test_sizes_of_photos_are_checked(tmp_path: Path) -> None:
    rows = [{"id": 9, "file_name": "a.jpg", "height": 12, "width": 14}]
    (tmp_path / "images.json").write_text(json.dumps({"images": rows}))
    folder = drawn(tmp_path / "s", scores_of(CLASSES, 3))
    with pytest.raises(SampleError, match="6×7.*12×14") as caught:
        class_map(folder, images=tmp_path / "images.json")
    assert caught.value.category == "size.mismatch"


def test_photos_beside_them_name_them(tmp_path: Path) -> None:
    folder = drawn(tmp_path / "s", scores_of(CLASSES, 3))
    Image.new("RGB", (7, 6)).save(folder / "a.png")
    dataset = cocoseg.read(folder, source_labels=THREE)
    assert (len(dataset), dataset[0].file_name) == (1, "a.png")


def test_a_limit_of_pixels_is_one_of_bytes(tmp_path: Path) -> None:
    folder = drawn(tmp_path / "s", scores_of(CLASSES, 3))
    np.testing.assert_array_equal(class_map(folder, max_pixels=42), CLASSES)
    with pytest.raises(SampleError, match="42 pixels, more than the 41 allowed"):
        class_map(folder, max_pixels=41)


class TestWhatIsNoScores:
    def test_one_hot_arrays_are_not_read(self, tmp_path: Path) -> None:
        cocoseg.to_onehot(FIXTURES / "panoptic.json", tmp_path / "out", dtype="float32")
        with pytest.raises(DocumentError, match="written by 'cocoseg to-onehot'"):
            cocoseg.read(tmp_path / "out", source_labels="index")
        (tmp_path / "out" / "cocoseg.json").unlink()
        shutil.rmtree(tmp_path / "out" / ".cocoseg")
        with pytest.raises(SampleError, match="void is 0 everywhere"):
            cocoseg.read(tmp_path / "out", source_labels="voc21", source_format="scores")[0]

    @pytest.mark.parametrize("name", ["a.npy", "a.npz"])
    def test_whole_numbers_are_class_maps(self, name: str, tmp_path: Path) -> None:
        folder = drawn(tmp_path / "s", CLASSES, name)
        assert detect(folder) == "semantic"
        np.testing.assert_array_equal(class_map(folder), CLASSES)
        assert cocoseg.info(folder).sizes == {(6, 7): 1}

    def test_several_maps_in_a_npz_are_refused(self, tmp_path: Path) -> None:
        drawn(tmp_path / "s", CLASSES, "a.npz", a=CLASSES, b=CLASSES)
        drawn(tmp_path / "s", CLASSES, "b.npz")
        dataset = cocoseg.read(tmp_path / "s", source_labels=THREE)
        with pytest.raises(SampleError, match="2 arrays") as caught:
            dataset[0]
        assert caught.value.category == "npz.several"
        np.testing.assert_array_equal(cocoseg.semantic(dataset[1], THREE), CLASSES)
