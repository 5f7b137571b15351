"""Label Studio: tasks with annotations, brushes and shapes in percent."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats.drawings import drawn, expected
from hypothesis import given, settings
from hypothesis import strategies as st

import cocoseg
from cocoseg.codecs.rle import decode
from cocoseg.formats.detect import detect
from cocoseg.formats.label_studio.brush import read_brush
from cocoseg.model import Dataset
from conftest import FIXTURES

sys.path.insert(0, str(FIXTURES))

JSON, MIN = FIXTURES / "label_studio", FIXTURES / "label_studio_min"
LETTERS = {"car": "c", "person": "p", "bike": "b"}
BOX = {"x": 10.0, "y": 10.0, "width": 50.0, "height": 50.0, "rotation": 0, "rectanglelabels": ["car"]}


def region(value: Any = BOX, **more: Any) -> dict[str, Any]:
    return {
        "id": "r1",
        "type": "x",
        "original_width": 10,
        "original_height": 8,
        "image_rotation": 0,
        "value": value,
    } | more


def annotation(*result: Any, **more: Any) -> dict[str, Any]:
    return {"id": 1, "result": list(result), "was_cancelled": False, "ground_truth": False} | more


def save(folder: Path, *tasks: Any) -> Dataset:
    (folder / "export.json").write_text(json.dumps(list(tasks)))
    return cocoseg.read(folder / "export.json")


def task(*annotations: Any, image: str = "a.jpg", **more: Any) -> dict[str, Any]:
    return {"id": 1, "data": {"image": image}, "annotations": list(annotations)} | more


def areas(dataset: Dataset, number: int = 0) -> list[int]:
    return dataset[number].areas.tolist()


def said(dataset: Dataset) -> list[str]:
    return [problem.message.partition(".json: ")[2] for problem in dataset.problems]


@pytest.mark.parametrize("source", [JSON, MIN, JSON / "project.json"])
def test_is_recognised(source: Path) -> None:
    assert detect(source) == "label-studio"


@pytest.mark.parametrize("source", [JSON, MIN])
@pytest.mark.parametrize("name", ["street", "park"])
def test_the_drawn_set_is_what_was_drawn(source: Path, name: str) -> None:
    dataset = cocoseg.read(source)
    sample = next(sample for sample in dataset if sample.file_name.endswith(f"{name}.jpg"))
    assert drawn(sample, dataset, LETTERS) == expected(f"label_studio/{name}")


def test_what_was_chosen_and_left_out_is_said() -> None:
    assert said(cocoseg.read(JSON)) == [
        "tasks with several annotations, of which the ground truth counts, or else the newest: 1",
        "cancelled annotations, which were left out: 2",
        "tasks without an annotation, which were left out: 1",
    ]


class TestTheBrush:
    def test_the_vector_of_the_tool(self) -> None:
        rle = [0, 0, 0, 48, 57, 27, 254, 19, 0, 159, 254, 112, 9, 255, 227, 0, 0]
        assert np.argwhere(read_brush(rle, (3, 4))).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.text("#.", min_size=7, max_size=7), min_size=1, max_size=9))
    def test_undoes_the_writer_of_the_fixture(self, rows: list[str]) -> None:
        from draw_label_studio import brush

        wanted = [[letter == "#" for letter in row] for row in rows]
        assert read_brush(brush(rows), (len(rows), 7)).tolist() == wanted

    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.integers(0, 255), max_size=60))
    def test_no_bytes_do_harm(self, rle: list[int]) -> None:
        try:
            assert read_brush(rle, (5, 6)).shape == (5, 6)
        except cocoseg.SampleError as error:
            assert error.category.startswith("rle.")

    @settings(max_examples=200, deadline=None)
    @given(st.data())
    def test_no_spoiled_byte_does_harm(self, data: st.DataObject) -> None:
        from draw_label_studio import brush

        rle = brush(["##..#.#", "#...###"])
        rle[data.draw(st.integers(0, len(rle) - 1))] = data.draw(st.integers(0, 255))
        try:
            assert read_brush(rle, (2, 7)).shape == (2, 7)
        except cocoseg.SampleError as error:
            assert error.category.startswith("rle.")

    def test_a_header_that_promises_gigabytes_costs_nothing(self) -> None:
        started = time.perf_counter()
        with pytest.raises(cocoseg.SampleError, match=r"4,294,967,295 values, but 8×10 pixels") as caught:
            read_brush([255] * 1_000_000, (8, 10))
        assert caught.value.category == "rle.sum"
        assert time.perf_counter() - started < 0.5

    @pytest.mark.parametrize("rle", [[0, 300], [0, -1], [0, 0.5], ["a"]])
    def test_what_is_no_byte_is_refused(self, rle: list[Any], tmp_path: Path) -> None:
        dataset = save(tmp_path, task(annotation(region({"format": "rle", "rle": rle, "brushlabels": ["car"]}))))
        with pytest.raises(cocoseg.SampleError, match=r"result\[0\]"):
            dataset[0]


class TestWhichAnnotationCounts:
    def test_that_marked_as_ground_truth(self, tmp_path: Path) -> None:
        old, new = annotation(region(), ground_truth=True, updated_at="2020"), annotation(updated_at="2024")
        assert areas(save(tmp_path, task(old, new))) == [20]

    def test_or_else_the_newest(self, tmp_path: Path) -> None:
        old, new = annotation(updated_at="2020"), annotation(region(), updated_at="2024")
        assert areas(save(tmp_path, task(new, old))) == [20]

    def test_and_the_last_of_equal_ones(self, tmp_path: Path) -> None:
        assert areas(save(tmp_path, task(annotation(), annotation(region())))) == [20]

    def test_cancelled_ones_never(self, tmp_path: Path) -> None:
        skipped = annotation(region(), was_cancelled=True, ground_truth=True)
        dataset = save(
            tmp_path, task(annotation(region())), task(skipped, image="b.jpg", predictions=[annotation(region())])
        )
        assert (len(dataset), said(dataset)) == (1, ["cancelled annotations, which were left out: 1"])

    def test_a_prediction_where_nobody_annotated(self, tmp_path: Path) -> None:
        dataset = save(tmp_path, task(predictions=[{"result": [region(score=0.7)], "model_version": "x"}]))
        assert said(dataset) == ["tasks with predictions alone, which were taken: 1"]
        assert dataset[0].scores is not None
        assert dataset[0].scores.tolist() == [0.7]

    def test_old_exports_call_them_completions(self, tmp_path: Path) -> None:
        assert areas(save(tmp_path, {"data": {"image": "a.jpg"}, "completions": [annotation(region())]})) == [20]


class TestRegions:
    def test_labels_may_stand_in_a_row_of_their_own(self, tmp_path: Path) -> None:
        shape = {key: value for key, value in BOX.items() if key != "rectanglelabels"}
        dataset = save(tmp_path, task(annotation(region(shape), region(shape | {"labels": ["car"]}))))
        assert (areas(dataset), dataset[0].problems) == ([20], ())

    def test_labels_may_stand_in_a_row_that_draws_nothing(self, tmp_path: Path) -> None:
        shape = {key: value for key, value in BOX.items() if key != "rectanglelabels"}
        assert areas(save(tmp_path, task(annotation(region(shape), region({"labels": ["car"]}))))) == [20]

    def test_one_without_a_label_is_left_out_and_told(self, tmp_path: Path) -> None:
        shape = {key: value for key, value in BOX.items() if key != "rectanglelabels"}
        dataset = save(tmp_path, task(annotation(region(), region(shape, id="r2"))))
        assert areas(dataset) == [20]
        assert "left out 1 regions without a label" in dataset[0].problems[0].message

    def test_two_labels_are_two_objects(self, tmp_path: Path) -> None:
        dataset = save(tmp_path, task(annotation(region(BOX | {"rectanglelabels": ["car", "red"]}))))
        assert (areas(dataset), dataset[0].category_ids.tolist()) == ([20, 20], [1, 2])

    def test_a_rectangle_turns_around_its_corner_in_pixels(self, tmp_path: Path) -> None:
        box = {"x": 50.0, "y": 25.0, "width": 40.0, "height": 12.5, "rotation": 90, "rectanglelabels": ["car"]}
        mask = decode(save(tmp_path, task(annotation(region(box))))[0].runs)[0]
        assert sorted(map(tuple, np.argwhere(mask).tolist())) == [(2, 4), (3, 4), (4, 4), (5, 4)]

    def test_choices_and_texts_are_no_regions(self, tmp_path: Path) -> None:
        choice = {"type": "choices", "value": {"choices": ["good"]}, "from_name": "q", "to_name": "image"}
        relation = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "value": {}}
        dataset = save(tmp_path, task(annotation(choice, region(), relation)))
        assert (areas(dataset), dataset[0].problems) == ([20], ())

    def test_an_image_that_was_turned_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(cocoseg.SampleError, match="image_rotation is 90") as caught:
            save(tmp_path, task(annotation(region(image_rotation=90))))[0]
        assert caught.value.category == "photo.orientation"

    def test_a_mask_as_a_picture_is_not_left_out_silently(self, tmp_path: Path) -> None:
        value = {"imageDataURL": "data:image/png;base64,", "bitmasklabels": ["car"]}
        with pytest.raises(cocoseg.SampleError, match="has bitmasklabels, which is not read"):
            save(tmp_path, task(annotation(region(value))))[0]

    def test_an_image_with_nothing_has_the_size_of_its_photo(self, tmp_path: Path) -> None:
        from PIL import Image

        dataset = save(tmp_path, task(annotation()), task(annotation(region()), image="b.jpg"))
        with pytest.raises(cocoseg.SampleError, match="--photos"):
            dataset[0]
        Image.new("RGB", (10, 8)).save(tmp_path / "a.jpg")
        dataset = cocoseg.read(tmp_path / "export.json", photos=tmp_path)
        assert (dataset[0].size, len(dataset[0].ids)) == ((8, 10), 0)


class TestNames:
    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/data/upload/3/6f3a-a.jpg", "6f3a-a.jpg"),
            ("/data/local-files/?d=set/cat%20one/a.jpg", "a.jpg"),
            ("s3://bucket/set/a.jpg", "a.jpg"),
            ("https://host/a.jpg?signature=x/y.png", "a.jpg"),
            ("../../a.jpg", "a.jpg"),
        ],
    )
    def test_are_the_last_part_of_the_path(self, path: str, name: str, tmp_path: Path) -> None:
        assert save(tmp_path, task(annotation(region()), image=path))[0].file_name == name

    def test_have_their_folders_where_last_parts_repeat(self, tmp_path: Path) -> None:
        paths = ["/data/local-files/?d=cat/1.jpg", "/data/local-files/?d=dog/1.jpg"]
        dataset = save(tmp_path, *(task(annotation(region()), image=path) for path in paths))
        assert [sample.key for sample in dataset] == ["cat/1.png", "dog/1.png"]

    def test_may_be_under_another_key(self, tmp_path: Path) -> None:
        row = task(annotation(region())) | {"data": {"picture": "x/a.png", "note": "one. two"}}
        assert save(tmp_path, row)[0].file_name == "a.png"

    def test_two_images_in_a_task_are_refused(self, tmp_path: Path) -> None:
        row = task(annotation(region())) | {"data": {"left": "a.png", "right": "b.png"}}
        dataset = save(tmp_path, row, task(annotation(region())))
        assert [entry.key for entry in dataset.entries] == ["", "a.png"]
        with pytest.raises(cocoseg.SampleError, match=r"tasks\[0\]: 2 paths of images"):
            dataset[0]


def test_a_large_brush_is_read_fast() -> None:
    from draw_label_studio import brush

    rows = ["." * 100 + "#" * (300 + 7 * row % 200) + "." * (924 - 300 - 7 * row % 200) for row in range(1024)]
    rle = brush(rows)
    started = time.perf_counter()
    assert read_brush(rle, (1024, 1024)).sum() == sum(row.count("#") for row in rows)
    assert time.perf_counter() - started < 0.3


def test_a_json_min_may_have_line_breaks_as_label_studio_writes_it(tmp_path: Path) -> None:
    rows = json.loads((MIN / "project-min.json").read_text())
    (tmp_path / "a.json").write_text(json.dumps(rows, indent=2))
    one, other = cocoseg.read(MIN), cocoseg.read(tmp_path)
    assert [areas(one, k) for k in range(len(one))] == [areas(other, k) for k in range(len(other))]


def test_relations_between_regions_are_passed_over(tmp_path: Path) -> None:
    relation = {"from_id": "r1", "to_id": "r2", "type": "relation", "direction": "right", "labels": ["on"]}
    assert areas(save(tmp_path, task(annotation(region(), relation)))) == [20]


def test_a_key_point_may_have_its_label_in_another_row(tmp_path: Path) -> None:
    point = {"x": 5.0, "y": 5.0, "width": 0.5}
    rows = [region(point, id="k", type="keypoint"), region(point | {"labels": ["eye"]}, id="k", type="labels")]
    sample = save(tmp_path, task(annotation(region(), *rows)))[0]
    assert sample.areas.tolist() == [20]
    assert [problem.message.rpartition(": ")[2] for problem in sample.problems] == [
        "left out 1 key points, which have no area"
    ]


def test_regions_on_two_images_of_a_task_are_not_mixed(tmp_path: Path) -> None:
    rows = [region(id="a", to_name="left"), region(id="b", to_name="right")]
    with pytest.raises(cocoseg.SampleError, match="the regions are on 2 images .'left', 'right'.") as caught:
        save(tmp_path, task(annotation(*rows)))[0]
    assert caught.value.category == "id.ambiguous"


def test_vectors_are_not_lost(tmp_path: Path) -> None:
    vector = {"vertices": [{"id": "1", "x": 1, "y": 2}], "closed": True, "vectorlabels": ["car"]}
    with pytest.raises(cocoseg.SampleError, match=r"result\[0\] has vertices, which is not read"):
        save(tmp_path, task(annotation(region(vector))))[0]
    sample = save(tmp_path, task(annotation(region(), region(vector | {"closed": False}, id="v"))))[0]
    assert sample.areas.tolist() == [20]
    assert "left out 1 open vectors, which have no area" in sample.problems[0].message
