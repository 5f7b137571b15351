"""Folders of masks: what to-masks wrote comes back as it was, and what others wrote is read or refused by a sentence."""

from __future__ import annotations

import io
import json
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import masks as drawn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import cocoseg
from cocoseg.codecs import rle
from cocoseg.codecs.rle import Runs
from cocoseg.codecs.segmentation import to_coco
from cocoseg.errors import DocumentError, SampleError
from cocoseg.files.npz import npy_head
from cocoseg.files.png.masks import write_mask
from cocoseg.formats.masks import reader as masks
from conftest import FIXTURES

Stack = Literal["npz"] | None
STACKS: list[Stack] = [None, "npz"]
SOURCES = [FIXTURES / "panoptic.json", FIXTURES / "instances.json"]


def strings(sample: cocoseg.Sample) -> list[Any]:
    """The masks as COCO's RLE."""
    shapes = sample.shapes
    return to_coco(shapes if isinstance(shapes, Runs) else rle.encode(cocoseg.instance_masks(sample)))


def assert_same(found: cocoseg.Dataset, expected: cocoseg.Dataset) -> int:
    """All that the two data sets tell; returns how many masks they have."""
    assert found.categories == expected.categories
    assert found.conventions.unlabelled == expected.conventions.unlabelled
    assert (found.conventions.ids == "file") == (expected.conventions.ids == "file")
    samples = {sample.key: sample for sample in expected}
    assert [sample.key for sample in found] == sorted(samples)
    for sample in found:
        assert_same_sample(sample, samples[sample.key])
    return sum(len(sample.ids) for sample in found)


def assert_same_sample(found: cocoseg.Sample, expected: cocoseg.Sample) -> None:
    assert (found.image_id, found.file_name, found.size) == (expected.image_id, expected.file_name, expected.size)
    for column in ("ids", "category_ids", "iscrowd", "scores"):
        np.testing.assert_array_equal(getattr(found, column), getattr(expected, column), strict=True)
    assert strings(found) == strings(expected)
    assert found.problems == ()


def scene(folder: Path, **images: dict[str, Any]) -> Path:
    """``scene(folder, dir={"1_dog": "#. / .."})``: a folder of masks as others leave them; arrays are taken as they are."""
    for image, files in images.items():
        (folder / image).mkdir(parents=True)
        for name, picture in files.items():
            data = write_mask(drawn.draw(picture)[0]) if isinstance(picture, str) else picture
            (folder / image / f"{name}.png").write_bytes(data)
    return folder


def png(values: np.ndarray, mode: str | None = None) -> bytes:
    picture = Image.fromarray(values)
    file = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(file, "PNG")
    return file.getvalue()


def refusal(dataset: cocoseg.Dataset, place: int = 0) -> str:
    with pytest.raises(SampleError) as caught:
        dataset[place]
    return f"{caught.value} [{caught.value.category}]"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    cocoseg.to_masks(FIXTURES / "instances.json", tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def stacked(tmp_path: Path) -> Path:
    cocoseg.to_masks(FIXTURES / "instances.json", tmp_path / "out", stack="npz")
    return tmp_path / "out"


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return dict(file)


def change(out: Path, image: str, edit: Callable[[dict[str, Any]], Any]) -> cocoseg.Dataset:
    """The data set after its image's table was edited."""
    path = out / image / "masks.json"
    table = json.loads(path.read_text())
    edit(table)
    path.write_text(json.dumps(table))
    return masks.read(out)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("source", SOURCES)
def test_round_trip(source: Path, stack: Stack, tmp_path: Path) -> None:
    cocoseg.to_masks(source, tmp_path / "out", stack=stack)
    assert assert_same(masks.read(tmp_path / "out"), cocoseg.read(source)) > 5


@pytest.mark.parametrize(
    ("source", "count", "stack"),
    [
        ("coco_instances/instances_val2014_100.json", 839, None),
        ("coco_panoptic/val2017_sample/panoptic_examples.json", 50, "npz"),
    ],
)
def test_round_trip_of_real_files(source: str, count: int, stack: Stack, real_data: Path, tmp_path: Path) -> None:
    assert cocoseg.to_masks(real_data / source, tmp_path / "out", stack=stack, workers=2).failures == []
    assert assert_same(masks.read(tmp_path / "out"), cocoseg.read(real_data / source)) == count


@given(stack=st.sampled_from(STACKS), scenes=st.lists(drawn.packs(least=0), min_size=1, max_size=3), data=st.data())
def test_round_trip_of_any_masks(
    stack: Stack, scenes: list[np.ndarray], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("scene")
    images, annotations = [], []
    for number, pack in enumerate(scenes):
        height, width = pack.shape[1:]
        images.append({"id": number, "file_name": f"{number}.jpg", "height": height, "width": width})
        for segmentation in to_coco(rle.encode(pack)):
            row = {"id": data.draw(st.integers(-3, 10**12)), "category_id": data.draw(st.integers(-1, 3))}
            row |= {"iscrowd": data.draw(st.integers(0, 1)), "score": data.draw(st.floats(0, 1))}
            annotations.append({"image_id": number, "segmentation": segmentation, **row})
    if not annotations:
        return
    whole = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "a/b"}]}
    (folder / "set.json").write_text(json.dumps(whole))
    cocoseg.to_masks(folder / "set.json", folder / "out", stack=stack)
    found, expected = masks.read(folder / "out"), cocoseg.read(folder / "set.json")
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(cocoseg.instance_masks(one), cocoseg.instance_masks(other), strict=True)
        np.testing.assert_array_equal(one.ids, other.ids)
        np.testing.assert_array_equal(one.iscrowd, other.iscrowd)


def test_an_image_costs_itself(written: Path) -> None:
    (written / "overlap" / "2_dog.png").unlink()
    dataset = masks.read(written)
    assert [entry.key for entry in dataset.entries] == ["empty.png", "overlap.png", "thin/row.png"]
    assert refusal(dataset, 1).startswith(f"{written}: overlap/masks.json: ")
    assert "2_dog.png' does not exist [file.missing]" in refusal(dataset, 1)
    assert dataset[2].size == (1, 9)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda table: table.update(size=[6, 9]), r"1_person.png: the PNG is 6×8 \(height×width\), the JSON says 6×9"),
        (lambda table: table.update(size=[0, 9]), r"at least 1 \[size.invalid\]"),
        (lambda table: table.update(size=[10**9, 10**9]), r"\[limit.pixels\]"),
        (lambda table: table.update(size="6×8"), r"size.* \[doc.type\]"),
        (lambda table: table.update(image_id=None), r"image_id.* \[doc.type\]"),
        (lambda table: table.pop("masks"), r"masks.* \[doc.type\]"),
        (lambda table: table["masks"][0].update(id="1"), r"id.* \[doc.type\]"),
        (lambda table: table["masks"][0].update(id=2**70), r"id.* \[doc.type\]"),
        (lambda table: table["masks"][0].pop("file"), r"masks\[0\]: no 'file'.* \[doc.missing_key\]"),
        (
            lambda table: table["masks"][0].update(file="2_dog.png"),
            r"masks\[1\]: masks\[0\] has file '2_dog.png' too",
        ),
        (lambda table: table["masks"][0].update(file="../../instances.json"), r"masks\[0\]: .* \[path.escape\]"),
        (lambda table: table["masks"][0].update(file="/etc/passwd"), r"\[path.escape\]"),
        (lambda table: table["masks"][0].update(file="masks.json"), r"masks.json: .* expected a PNG|does not start as"),
    ],
)
def test_tables_that_are_wrong(edit: Callable[[dict[str, Any]], Any], said: str, written: Path) -> None:
    dataset = change(written, "overlap", edit)
    found = refusal(dataset, 1)
    assert re.search(said, found), found
    assert found.startswith(f"{written}: overlap/masks.json: ")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"masks": 1}', '{"size": [1, 1], "size": [1, 2]}', "\x00"])
def test_tables_that_are_none(text: str, written: Path) -> None:
    (written / "overlap" / "masks.json").write_text(text)
    assert refusal(masks.read(written), 1).startswith(f"{written}: overlap/masks.json: ")


def test_a_mask_that_was_painted_over_is_used_and_told_of(written: Path) -> None:
    (written / "overlap" / "2_dog.png").write_bytes(write_mask(np.eye(6, 8, dtype=bool)))
    sample = masks.read(written)[1]
    np.testing.assert_array_equal(cocoseg.instance_masks(sample)[1], np.eye(6, 8, dtype=bool))
    (problem,) = sample.problems
    assert problem.category == "masks.area"
    assert "masks[1] says area 12, but its mask has 6 pixels" in problem.message


def test_a_damaged_mask_is_refused(written: Path) -> None:
    data = bytearray((written / "overlap" / "2_dog.png").read_bytes())
    data[-20] ^= 1
    (written / "overlap" / "2_dog.png").write_bytes(data)
    assert "png.corrupt" in refusal(masks.read(written), 1)


def test_images_that_were_lost(written: Path) -> None:
    (written / "overlap" / "masks.json").unlink()
    dataset = masks.read(written)
    assert [problem.category for problem in dataset.problems] == ["masks.images"]
    assert "records 3 images, but 2 are here" in dataset.problems[0].message


def test_a_run_that_was_not_finished(written: Path) -> None:
    (written / "cocoseg.json").unlink()
    with pytest.raises(DocumentError, match=r"the run that wrote this folder did not finish"):
        masks.read(written)
    assert len(masks.read(written, categories=FIXTURES / "instances.json")) == 3


def test_what_another_command_wrote(tmp_path: Path) -> None:
    cocoseg.to_semantic(FIXTURES / "panoptic.json", tmp_path / "out")
    with pytest.raises(DocumentError, match=r"'to-semantic' wrote this folder, expected to-masks"):
        masks.read(tmp_path / "out")


def test_images_mean_nothing_where_tables_have_them(written: Path) -> None:
    with pytest.raises(DocumentError, match="--images does not apply"):
        masks.read(written, images=FIXTURES / "instances.json")


def test_what_a_resumed_run_goes_by(written: Path) -> None:
    dataset = masks.read(written)
    entry = dataset.entries[1]
    before = dataset.load.fetch(entry)
    (written / "overlap" / "4_bottle.png").write_bytes(write_mask(np.zeros((6, 8), bool)))
    assert dataset.load.fetch(entry) != before
    assert entry.content(exact=False) != dataset.entries[0].content(exact=False)


def test_masks_of_others(tmp_path: Path) -> None:
    folder = scene(
        tmp_path / "masks",
        **{"9": {"4_dog": "#. / ..", "12_cat": "## / .."}, "10": {"1_dog": "... / ..#"}},
    )
    dataset = masks.read(folder)
    assert [(row.id, row.name) for row in dataset.categories] == [(1, "cat"), (2, "dog")]
    assert [(sample.key, sample.image_id, sample.file_name) for sample in dataset] == [
        ("10.png", 10, "10.png"),
        ("9.png", 9, "9.png"),
    ]
    sample = dataset[1]
    assert (sample.ids.tolist(), sample.category_ids.tolist(), sample.iscrowd.tolist()) == (
        [4, 12],
        [2, 1],
        [False] * 2,
    )
    np.testing.assert_array_equal(cocoseg.instance_masks(sample), drawn.draw("#. / ..", "## / .."))
    assert (dataset.conventions.unlabelled, dataset.problems, sample.problems) == ("background", (), ())


def test_folders_of_folders_and_names_that_are_no_numbers(tmp_path: Path) -> None:
    dataset = masks.read(scene(tmp_path / "masks", **{"val/b": {"1_x": "#"}, "val/a": {"1_x": "#"}}))
    assert [(sample.key, sample.image_id) for sample in dataset] == [("val/a.png", 1), ("val/b.png", 2)]


def test_classes_that_are_numbers_are_the_categories(tmp_path: Path) -> None:
    dataset = masks.read(scene(tmp_path / "masks", a={"1_17": "#", "2_3": "#"}))
    assert [(row.id, row.name) for row in dataset.categories] == [(3, "3"), (17, "17")]
    assert dataset[0].category_ids.tolist() == [17, 3]


def test_categories_by_name_as_we_write_them_and_by_number(tmp_path: Path) -> None:
    rows = [{"id": 10, "name": "traffic light"}, {"id": 20, "name": "dog"}, {"id": 30, "name": "犬"}]
    (tmp_path / "categories.json").write_text(json.dumps(rows))
    files = {"1_traffic light": "#", "2_traffic-light": "#", "3_dog": "#", "4_30": "#", "5_犬": "#"}
    folder = scene(tmp_path / "masks", a=files, b={"1_dgo": "#"})
    dataset = masks.read(folder, categories=tmp_path / "categories.json")
    assert dataset[0].category_ids.tolist() == [10, 10, 20, 30, 30]
    assert refusal(dataset, 1) == (
        f"{folder}: b: '1_dgo.png': 'dgo' is not a category name or id; add it to the categories [id.unknown]"
    )


def test_images_by_the_rows_of_a_file(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": 7, "file_name": "train/a.jpg", "height": 1, "width": 2},
        {"id": 8, "file_name": "b.jpg", "height": 1, "width": 2},
        {"id": 9, "file_name": "c.jpg", "height": 2, "width": 1},
    ]
    (tmp_path / "images.json").write_text(json.dumps({"images": rows}))
    one = {"1_x": "#."}
    folder = scene(tmp_path / "masks", **{"a": one, "b": one, "c": one, "d": one, "sub/b": one})
    dataset = masks.read(folder, images=tmp_path / "images.json")
    assert [(sample.image_id, sample.file_name) for sample in dataset[:2]] == [(7, "train/a.jpg"), (8, "b.jpg")]
    assert "the JSON says 2×1; height and width look swapped" in refusal(dataset, 2)
    assert "no image in" in refusal(dataset, 3)
    assert "is already the photo of 'b.png'" in refusal(dataset, 4)


def test_rows_that_can_not_be_used_are_told_of(tmp_path: Path) -> None:
    rows = [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "sub/a.png"}, {"file_name": "b.jpg"}]
    (tmp_path / "images.json").write_text(json.dumps({"images": rows}))
    folder = scene(tmp_path / "masks", **{"a": {"1_x": "#"}, "other/a": {"1_x": "#"}})
    dataset = masks.read(folder, images=tmp_path / "images.json")
    assert [problem.category for problem in dataset.problems] == ["doc.missing_key"]
    assert dataset[0].image_id == 7
    assert "images[0] and images[1] in" in refusal(dataset, 1)


@pytest.mark.parametrize(
    "data",
    [
        png(np.array([[False, True]])),
        png(np.array([[0, 1]], np.uint8)),
        png(np.array([[0, 255]], np.uint8)),
        png(np.array([[0, 77]], np.uint8)),
        png(np.array([[0, 60000]], np.uint16)),
        png(np.array([[[0, 0, 0], [255, 0, 0]]], np.uint8)),
        png(np.array([[0, 255]], np.uint8), "P"),
        png(np.array([[0, 255]], np.uint8), "1"),
    ],
)
def test_kinds_of_masks(data: bytes, tmp_path: Path) -> None:
    sample = masks.read(scene(tmp_path / "masks", a={"1_x": data}))[0]
    np.testing.assert_array_equal(cocoseg.instance_masks(sample), [[[False, True]]])


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"1_x": png(np.array([[0, 1, 2]], np.uint8))}, "1_x.png: the PNG has 2 values besides 0"),
        ({"1_x": png(np.array([[[9, 0, 0], [0, 9, 0]]], np.uint8))}, "2 values besides 0"),
        ({"1_x": png(np.array([[0, 255]], np.uint8), "RGBA")}, "the PNG is 8-bit RGBA; a mask is grey"),
        ({"1_x": png(np.array([[0, 255]], np.uint8), "LA")}, "[png.mode]"),
        ({"1_x": b"GIF89a"}, "1_x.png: the file is a GIF"),
        ({"1_x": b""}, "the file is empty"),
        ({"1_x": write_mask(np.ones((9, 9), bool))[:60]}, "png.corrupt"),
        (
            {"1_x": "#.", "2_x": "# / ."},
            "2_x.png is 2×1 (height×width), but 1_x.png is 1×2; all masks of an image must have",
        ),
        ({"1_x": "#.", "01_y": "#."}, "have the same id"),
    ],
)
def test_masks_of_others_that_are_refused(files: dict[str, Any], said: str, tmp_path: Path) -> None:
    folder = scene(tmp_path / "masks", a=files)
    found = refusal(masks.read(folder))
    assert said in found
    assert found.startswith(f"{folder}: a: ")


def test_other_pngs_are_left_out_and_told_of(tmp_path: Path) -> None:
    folder = scene(tmp_path / "masks", a={"1_x": "#", "photo": "#"})
    (folder / "a" / "notes.txt").write_text("hello")
    (problem,) = masks.read(folder).problems
    assert problem.category == "masks.name"
    assert "1 PNGs are not named <id>_<class>.png and were left out; the first is 'a/photo.png'" in problem.message


def test_what_is_no_folder_of_masks(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such folder"):
        masks.read(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentError, match="holds no masks"):
        masks.read(tmp_path / "empty")
    with pytest.raises(DocumentError, match="name the folder that contains the images' folders"):
        masks.read(scene(tmp_path / "masks", a={"1_x": "#"}) / "a")


def test_a_stack_as_numpy_reads_it(stacked: Path) -> None:
    file = arrays(stacked / "overlap.npz")
    found = np.unpackbits(file["masks"], axis=-1, count=8).astype(bool)
    np.testing.assert_array_equal(found, cocoseg.instance_masks(cocoseg.read(FIXTURES / "instances.json")[0]))
    assert file["size"].tolist() == [6, 8]
    assert file["ids"].tolist() == [1, 2, 3, 4]
    assert file["category_ids"].tolist() == [1, 18, 1, 44]
    assert file["areas"].tolist() == [18, 12, 18, 6]
    assert file["bboxes"].tolist() == [[0, 0, 8, 4], [1, 1, 4, 3], [2, 3, 6, 3], [3, 2, 2, 3]]
    assert file["iscrowd"].tolist() == [False, False, True, False]
    assert file["scores"].tolist() == [0.5, 0.9, 0.2, 0.7]


@pytest.mark.parametrize("stack", STACKS)
def test_the_masks_of_an_image(stack: Stack, tmp_path: Path) -> None:
    cocoseg.to_masks(FIXTURES / "instances.json", tmp_path / "out", stack=stack)
    found, table = cocoseg.load_masks(tmp_path / "out" / ("thin/row.npz" if stack else "thin/row"))
    expected = cocoseg.instance_masks(cocoseg.read(FIXTURES / "instances.json")[2])
    np.testing.assert_array_equal(found, expected, strict=True)
    assert [row["area"] for row in table["masks"]] == expected.sum(axis=(1, 2)).tolist()
    empty, _ = cocoseg.load_masks(tmp_path / "out" / ("empty.npz" if stack else "empty"))
    assert (empty.shape, empty.dtype) == ((0, 3, 4), np.bool_)


@pytest.mark.parametrize(("name", "stack"), [("a", None), ("a", "npz"), ("a.npz", None)])
def test_an_image_goes_by_its_name_whichever_way_its_masks_are_stored(name: str, stack: Stack, tmp_path: Path) -> None:
    whole = json.loads((FIXTURES / "instances.json").read_text())
    whole["images"][0]["file_name"], whole["images"][1]["file_name"] = f"{name}.jpg", f"{name}/b.jpg"
    (tmp_path / "set.json").write_text(json.dumps(whole))
    cocoseg.to_masks(tmp_path / "set.json", tmp_path / "out", stack=stack)
    found, table = cocoseg.load_masks(tmp_path / "out" / name)
    assert (len(found), table["file_name"]) == (4, f"{name}.jpg")
    assert len(cocoseg.load_masks(tmp_path / "out" / name / "b")[0]) == 0


def test_no_masks_of_an_image(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match=r"masks.json' does not exist"):
        cocoseg.load_masks(tmp_path / "a")
    with pytest.raises(SampleError, match=r"a.json' does not exist"):
        cocoseg.load_masks(tmp_path / "a.npz")


def bomb(member: bytes = b"") -> bytes:
    """A .npz of a few hundred KB that unpacks to 256 MB, after what its ``masks`` begin with."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("masks.npy", "w") as masks_file:
        masks_file.write(member)
        for _ in range(256):
            masks_file.write(bytes(1 << 20))
    return file.getvalue()


def npz_of(**files: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **files)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "npz.corrupt"),
        (b"PK\x03\x04", "npz.corrupt"),
        (npz_of(other=np.zeros(3)), "the .npz holds no 'masks'"),
        (
            npz_of(masks=np.zeros((4, 6, 2), np.uint8)),
            "masks are uint8 (4, 6, 2), but the table expects uint8 (4, 6, 1)",
        ),
        (npz_of(masks=np.zeros((3, 6, 1), np.uint8)), "npz.shape"),
        (npz_of(masks=np.zeros((4, 6, 1))), "masks are float64"),
        (npz_of(masks=np.asfortranarray(np.zeros((4, 6, 1), np.uint8))), "npz.shape"),
        (npz_of(masks=np.array([print] * 24, object).reshape(4, 6, 1)), "masks are object"),
        (bomb(), "npz.corrupt"),
        (bomb(npy_head("u1", (4, 6, 1))), "more or fewer bytes than its masks need"),
        (bomb(npy_head("u1", (1 << 28,))), "npz.shape"),
    ],
)
def test_damaged_stacks(data: bytes, said: str, stacked: Path) -> None:
    (stacked / "overlap.npz").write_bytes(data)
    tracemalloc.start()
    found = refusal(masks.read(stacked), 1)
    assert tracemalloc.get_traced_memory()[1] < 1 << 23
    tracemalloc.stop()
    assert said in found
    assert found.startswith(f"{stacked}: overlap.json: ")


def test_every_cut_and_every_changed_byte_of_a_stack_is_noticed_or_harmless(stacked: Path) -> None:
    whole = (stacked / "overlap.npz").read_bytes()
    expected = cocoseg.instance_masks(masks.read(stacked)[1])
    for place in range(0, len(whole), 7):
        for data in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :]):
            (stacked / "overlap.npz").write_bytes(data)
            try:
                found, _ = cocoseg.load_masks(stacked / "overlap.npz")
            except SampleError as error:
                assert error.category.startswith("npz.")
            else:
                np.testing.assert_array_equal(found, expected)


def test_a_stack_without_its_table(stacked: Path) -> None:
    (stacked / "overlap.json").unlink()
    assert "overlap.json' does not exist [file.missing]" in refusal(masks.read(stacked), 1)


def test_a_folder_where_one_form_took_the_place_of_the_other(stacked: Path) -> None:
    cocoseg.to_masks(FIXTURES / "instances.json", stacked)
    dataset = masks.read(stacked)
    assert {len(entry.files) for entry in dataset.entries} == {1}
    assert len(dataset) == 3
