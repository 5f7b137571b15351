"""What of a detection JSON is taken: scores, crowds, names, fields that nobody uses."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cocoseg
from cocoseg.files.png.write import write_class_map
from command import cocoseg as run
from conftest import FIXTURES

CATEGORIES = [
    {"id": 1, "name": "cat", "skeleton": [[1, 2]], "keypoints": ["nose", "tail"]},
    {"id": 2, "name": "dog", "supercategory": "animal"},
]


def square(x: int, size: int) -> list[list[int]]:
    return [[x, 0, x + size, 0, x + size, size, x, size]]


def rows(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Annotations of one 6×8 image that overlap: a cat 4 pixels wide, then a dog 4 wide, two to the right."""
    return [
        {"id": n + 1, "image_id": 1, "category_id": n + 1, "segmentation": square(2 * n, 4), "iscrowd": 0, **change}
        for n, change in enumerate(changes)
    ]


def save(annotations: Any, folder: Path, name: str = "a.jpg", **image: Any) -> Path:
    images = [{"id": 1, "file_name": name, "height": 6, "width": 8, **image}]
    path = folder / "set.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": CATEGORIES}))
    return path


def first_row(path: Path, **options: Any) -> list[int]:
    dataset = cocoseg.read(path, **options)
    return cocoseg.semantic(dataset[0], cocoseg.label_scheme("index", dataset))[0].tolist()


class TestScores:
    def test_decide_what_is_on_top_where_all_have_one(self, tmp_path: Path) -> None:
        path = save(rows({"score": 0.9}, {"score": 0.1}), tmp_path)
        assert first_row(path) == [1, 1, 1, 1, 2, 2, 0, 0]
        result = run("to-semantic", path, tmp_path / "out")
        assert "where masks overlap, the higher score is on top; --overlap chooses another rule" in result.stdout
        assert cocoseg.to_semantic(path, tmp_path / "file", overlap="file").notes == []

    def test_do_not_where_one_lacks(self, tmp_path: Path) -> None:
        path = save(rows({"score": 0.9}, {}), tmp_path)
        assert first_row(path) == [1, 1, 2, 2, 2, 2, 0, 0]
        assert cocoseg.to_semantic(path, tmp_path / "out").notes == []

    def test_of_a_file_can_be_overruled_by_a_scheme_and_an_option(self, tmp_path: Path) -> None:
        path = save(rows({"score": 0.9}, {"score": 0.1}), tmp_path)
        (tmp_path / "scheme.toml").write_text('preset = "index"\noverlap = "file"\n')
        dataset = cocoseg.read(path)
        scheme = cocoseg.label_scheme(tmp_path / "scheme.toml", dataset)
        assert cocoseg.semantic(dataset[0], scheme)[0].tolist() == [1, 1, 2, 2, 2, 2, 0, 0]
        assert cocoseg.to_semantic(path, tmp_path / "out", labels=scheme).notes == []

    def test_hold_for_panoptic_files_too(self, tmp_path: Path) -> None:
        path = save(rows({"score": 0.9}, {"score": 0.1}), tmp_path)
        summary = cocoseg.to_panoptic(path, tmp_path / "out")
        (annotation,) = json.loads((tmp_path / "out" / "panoptic.json").read_text())["annotations"]
        areas = {segment["category_id"]: segment["area"] for segment in annotation["segments_info"]}
        assert areas == {1: 16, 2: 8}
        assert len(summary.notes) == 1

    def test_below_the_least_are_left_out_and_counted(self, tmp_path: Path) -> None:
        path = save(rows({"score": 0.9}, {"score": 0.1}), tmp_path)
        assert first_row(path, min_score=0.5) == [1, 1, 1, 1, 0, 0, 0, 0]
        assert first_row(path, min_score=0.1) == [1, 1, 1, 1, 2, 2, 0, 0]
        (problem,) = cocoseg.read(path, min_score=0.5).problems
        assert problem.category == "seg.score"
        assert "left out 1 annotation with a score below 0.5" in problem.message
        result = run("to-semantic", path, tmp_path / "out", "--min-score", "0.5")
        assert "left out 1 annotation with a score below 0.5" in result.stdout


class TestCrowds:
    def test_alone_are_told(self, tmp_path: Path) -> None:
        (problem,) = cocoseg.read(save(rows({"iscrowd": 1}, {"iscrowd": 1}), tmp_path)).problems
        assert problem.category == "seg.crowd"
        assert "--crowd-as-things makes them things" in problem.message

    def test_beside_things_are_not(self, tmp_path: Path) -> None:
        assert cocoseg.read(save(rows({"iscrowd": 1}, {}), tmp_path)).problems == ()

    def test_are_things_on_request(self, tmp_path: Path) -> None:
        dataset = cocoseg.read(save(rows({"iscrowd": 1}, {"iscrowd": 1}), tmp_path), crowd_as_things=True)
        assert dataset.problems == ()
        assert dataset[0].iscrowd.tolist() == [False, False]

    @pytest.mark.parametrize(
        ("source", "options"),
        [
            (FIXTURES / "panoptic.json", {}),
            (FIXTURES / "instances.json", {}),
            (FIXTURES / "semantic", {"categories": FIXTURES / "panoptic.json"}),
        ],
    )
    def test_of_every_format_are_things_on_request(self, source: Path, options: Any, tmp_path: Path) -> None:
        before, after = cocoseg.read(source, **options), cocoseg.read(source, **options, crowd_as_things=True)
        assert any(sample.iscrowd.any() for sample in before)
        assert not any(sample.iscrowd.any() for sample in pickle.loads(pickle.dumps(after)))
        assert cocoseg.info(source, **options, crowd_as_things=True).crowd in (0, None)
        out = tmp_path / "a.json"
        first = cocoseg.to_coco(source, out, **options)
        again = cocoseg.to_coco(source, out, **options, crowd_as_things=True)
        assert (first.crowds > 0, again.crowds, again.annotations) == (True, 0, first.annotations)
        assert not any(row["iscrowd"] for row in json.loads(out.read_text())["annotations"])

    def test_of_masks_are_hinted_at_where_there_is_nothing_else(self, tmp_path: Path) -> None:
        (tmp_path / "m").mkdir()
        (tmp_path / "m" / "a.png").write_bytes(write_class_map(np.array([[0, 255]], np.uint8)))
        said = run("to-coco", tmp_path / "m", tmp_path / "a.json").stdout
        assert "1 annotation, 1 of them crowds (--crowd-as-things makes them single things)" in said
        said = run("to-coco", tmp_path / "m", tmp_path / "a.json", "--crowd-as-things").stdout
        assert "crowds" not in said


UNSAFE = ["/data/train/a.jpg", "https://host/train/a.jpg?size=1", "C:\\data\\train\\a.jpg", "train\\a.jpg", "../a.jpg"]


class TestNames:
    @pytest.mark.parametrize("name", UNSAFE)
    def test_that_are_no_paths_are_refused(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(cocoseg.SampleError) as caught:
            cocoseg.read(save(rows({}), tmp_path, name))[0]
        assert caught.value.category in ("path.escape", "path.invalid")

    @pytest.mark.parametrize(
        ("name", "flat"),
        list(
            zip(
                UNSAFE,
                ["data_train_a.png", "host_train_a.png", "data_train_a.png", "train_a.png", "a.png"],
                strict=True,
            )
        ),
    )
    def test_have_two_ways_on(self, name: str, flat: str, tmp_path: Path) -> None:
        path = save(rows({}), tmp_path, name)
        assert cocoseg.read(path, flatten=True)[0].key == flat
        assert cocoseg.read(path, basename=True)[0].key == "a.png"
        assert run("to-semantic", path, tmp_path / "out", "--flatten").code == 0
        assert (tmp_path / "out" / flat).is_file()

    def test_that_become_one_are_refused(self, tmp_path: Path) -> None:
        images = [{"id": n, "file_name": f"{n}/a.jpg", "height": 6, "width": 8} for n in (1, 2)]
        path = tmp_path / "set.json"
        path.write_text(json.dumps({"images": images, "annotations": rows({}), "categories": CATEGORIES}))
        with pytest.raises(cocoseg.SampleError) as caught:
            cocoseg.read(path, basename=True)[1]
        assert caught.value.category == "path.collision"
        assert [sample.key for sample in cocoseg.read(path, flatten=True)] == ["1_a.png", "2_a.png"]

    def test_are_made_in_one_way(self, tmp_path: Path) -> None:
        with pytest.raises(cocoseg.UsageError, match="choose one"):
            cocoseg.read(save(rows({}), tmp_path), flatten=True, basename=True)

    @pytest.mark.parametrize("name", [*UNSAFE, "a.jpg"])
    def test_are_copied_as_they_are_from_json_to_json(self, name: str, tmp_path: Path) -> None:
        images = [{"id": n, "file_name": name, "height": 6, "width": 8} for n, name in ((1, name), (2, "a.png"))]
        path = tmp_path / "set.json"
        path.write_text(json.dumps({"images": images, "annotations": rows({}), "categories": CATEGORIES}))
        summary = cocoseg.to_coco(path, tmp_path / "out.json")
        assert (summary.images, summary.failures) == (2, [])
        made = json.loads((tmp_path / "out.json").read_text())
        assert [row["file_name"] for row in made["images"]] == [name, "a.png"]
        assert cocoseg.to_coco(path, tmp_path / "out.json").kept == 2

    def test_with_a_colon_are_told(self, tmp_path: Path) -> None:
        path = save(rows({}), tmp_path, "2020-01-01T10:00:00.png")
        summary = cocoseg.to_semantic(path, tmp_path / "out")
        assert (tmp_path / "out" / "2020-01-01T10:00:00.png").is_file()
        assert [problem.category for problem in summary.problems] == ["path.reserved"]


class TestFields:
    def test_that_nobody_uses_are_copied(self, tmp_path: Path) -> None:
        more = {"keypoints": [3, 3, 2], "attributes": {"occluded": True, "note": "é"}, "track_id": 7, "area": 1}
        path = save(rows(more, {"bbox": [9, 9, 9, 9]}), tmp_path)
        cocoseg.to_coco(path, tmp_path / "out.json")
        made = json.loads((tmp_path / "out.json").read_text())
        first, second = made["annotations"]
        assert {name: first[name] for name in more} == more | {"area": 16}
        assert second["bbox"] == [2, 0, 4, 4]
        assert "keypoints" not in second
        assert made["categories"] == CATEGORIES
        assert cocoseg.read(tmp_path / "out.json")[0].areas.tolist() == [16, 16]

    def test_of_annotations_that_are_left_out_go_with_them(self, tmp_path: Path) -> None:
        path = save(rows({"score": 0.1, "track_id": 1}, {"score": 0.9, "track_id": 2}), tmp_path)
        cocoseg.to_coco(path, tmp_path / "out.json", min_score=0.5)
        (row,) = json.loads((tmp_path / "out.json").read_text())["annotations"]
        assert (row["category_id"], row["track_id"]) == (2, 2)

    def test_are_dropped_where_annotations_become_one(self, tmp_path: Path) -> None:
        path = save([row | {"category_id": 1} for row in rows({"track_id": 1}, {"track_id": 2})], tmp_path)
        cocoseg.to_coco(path, tmp_path / "out.json", stuff=True)
        (row,) = json.loads((tmp_path / "out.json").read_text())["annotations"]
        assert (row["area"], row.get("track_id")) == (24, None)

    def test_with_nan_are_left_out(self, tmp_path: Path) -> None:
        path = save(rows({"velocity": float("nan"), "track_id": 3}), tmp_path)
        cocoseg.to_coco(path, tmp_path / "out.json")
        (row,) = json.loads((tmp_path / "out.json").read_text())["annotations"]
        assert ("velocity" in row, row["track_id"]) == (False, 3)

    def test_change_what_a_run_keeps(self, tmp_path: Path) -> None:
        cocoseg.to_coco(save(rows({"track_id": 1}), tmp_path), tmp_path / "out.json")
        assert cocoseg.to_coco(save(rows({"track_id": 2}), tmp_path), tmp_path / "out.json").kept == 0
        assert json.loads((tmp_path / "out.json").read_text())["annotations"][0]["track_id"] == 2

    def test_are_kept_in_python_on_request(self, tmp_path: Path) -> None:
        path = save(rows({"track_id": 1}), tmp_path)
        assert cocoseg.read(path)[0].rows is None
        (row,) = cocoseg.read(path, keep_fields=True)[0].rows or ()
        assert json.loads(bytes(row))["track_id"] == 1


class TestRowsOfNoImage:
    def stray(self, folder: Path, count: int, placed: int = 1) -> Path:
        more = [
            {"id": n + 9, "image_id": n + 100, "category_id": 1, "segmentation": square(0, 2)} for n in range(count)
        ]
        return save([*rows(*[{}] * placed), *more], folder)

    def test_are_told_in_a_few_lines(self, tmp_path: Path) -> None:
        dataset = cocoseg.read(self.stray(tmp_path, 5000))
        assert len(dataset) == 6
        with pytest.raises(cocoseg.SampleError, match=r"and 4,995 more annotations of images that are not listed"):
            dataset[5]

    def test_stop_a_run_before_it_begins(self, tmp_path: Path) -> None:
        result = run("to-semantic", self.stray(tmp_path, 3), tmp_path / "out", "--on-error", "stop")
        assert result.code == 1
        assert "Nothing was written (--on-error stop)" in result.stdout
        assert not (tmp_path / "out").exists()

    def test_alone_refuse_the_file(self, tmp_path: Path) -> None:
        with pytest.raises(cocoseg.DocumentError, match="none of the 3 annotations belongs to a listed image"):
            cocoseg.read(self.stray(tmp_path, 3, placed=0))

    @pytest.mark.parametrize("ids", [(7, "7"), ("7", "007")])
    def test_cost_every_image_that_they_may_mean(self, ids: Any, tmp_path: Path) -> None:
        images = [{"id": id, "file_name": f"{n}.jpg", "height": 6, "width": 8} for n, id in enumerate((*ids, 1))]
        strange = [{"id": 9, "image_id": 7.0 if ids[0] != 7 else "07", "category_id": 1, "segmentation": square(0, 2)}]
        path = tmp_path / "set.json"
        path.write_text(json.dumps({"images": images, "annotations": [*rows({}), *strange], "categories": CATEGORIES}))
        dataset = cocoseg.read(path)
        for number in (0, 1):
            with pytest.raises(cocoseg.SampleError) as caught:
                dataset[number]
            assert caught.value.category == "id.ambiguous"
        assert dataset[2].areas.tolist() == [16]

    def test_in_a_list_cost_their_images(self, tmp_path: Path) -> None:
        path = save([rows({}), *rows({})], tmp_path)
        with pytest.raises(cocoseg.SampleError, match=r"annotations\[0\]"):
            cocoseg.read(path)[0]
        with pytest.raises(cocoseg.DocumentError):
            cocoseg.read(save([[{"image_id": 99, **rows({})[0], "id": 5} | {"image_id": 99}]], tmp_path))


def test_by_image_id() -> None:
    dataset = cocoseg.read("fixtures/instances.json")
    assert dataset.by_image_id(2).key == "empty.png"
    with pytest.raises(KeyError):
        dataset.by_image_id(99)


def test_class_maps_of_both_orders_differ_only_where_masks_overlap(tmp_path: Path) -> None:
    path = save(rows({"score": 0.9}, {"score": 0.1}), tmp_path)
    dataset = cocoseg.read(path)
    scheme = cocoseg.label_scheme("index", dataset)
    one, other = (cocoseg.semantic(dataset[0], scheme, overlap) for overlap in ("score", "file"))
    assert np.argwhere(one != other)[:, 1].tolist() == [2, 3] * 4


def test_a_file_name_goes_before_an_id_on_request(tmp_path: Path) -> None:
    images = [
        {"id": 1, "file_name": "2.jpg", "height": 6, "width": 8},
        {"id": 2, "file_name": "1.jpg", "height": 6, "width": 8},
    ]
    annotations = [{**rows({})[0], "image_id": 1}, {**rows({})[0], "id": 2, "image_id": 2, "category_id": 2}]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": CATEGORIES}))
    assert {sample.key: sample.category_ids.tolist() for sample in cocoseg.read(path)} == {"2.png": [1], "1.png": [2]}
    by_name = cocoseg.read(path, match="file_name")
    assert {sample.key: sample.category_ids.tolist() for sample in by_name} == {"1.png": [1], "2.png": [2]}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_least_score_is_a_number(value: float, tmp_path: Path) -> None:
    with pytest.raises(cocoseg.UsageError, match="min_score is (nan|inf)"):
        cocoseg.read(save(rows({}), tmp_path), min_score=value)


def test_coordinates_that_are_shares_of_the_size_are_told(tmp_path: Path) -> None:
    share = {"segmentation": [[0.1, 0.1, 0.9, 0.1, 0.9, 0.8, 0.1, 0.8]], "bbox": [0.1, 0.1, 0.8, 0.7]}
    dataset = cocoseg.read(save(rows(share), tmp_path, height=480, width=640))
    assert [problem.category for problem in dataset[0].problems] == ["seg.bbox"]


class TestMasksWithoutAnImage:
    def listed(self, folder: Path, *names: str) -> Path:
        images = [{"id": n, "file_name": name, "height": 6, "width": 8} for n, name in enumerate(names, 1)]
        (folder / "images.json").write_text(json.dumps({"images": images, "categories": CATEGORIES[:1]}))
        return folder / "images.json"

    def masks(self, folder: Path) -> Path:
        (folder / "c.json").write_text(json.dumps([{"segmentation": square(0, 4)}, {"segmentation": square(2, 4)}]))
        return folder / "c.json"

    def test_belong_to_the_one_that_is_called_alike(self, tmp_path: Path) -> None:
        dataset = cocoseg.read(self.masks(tmp_path), images=self.listed(tmp_path, "x.jpg", "c.jpg"))
        assert [(sample.key, len(sample.ids)) for sample in dataset] == [("x.png", 0), ("c.png", 2)]

    def test_belong_to_the_only_one(self, tmp_path: Path) -> None:
        assert len(cocoseg.read(self.masks(tmp_path), images=self.listed(tmp_path, "x.jpg"))[0].ids) == 2

    def test_are_refused_among_others(self, tmp_path: Path) -> None:
        with pytest.raises(cocoseg.DocumentError, match="its masks name no image, and none of the 2 listed ones"):
            cocoseg.read(self.masks(tmp_path), images=self.listed(tmp_path, "x.jpg", "y.jpg"))


class TestMasksWithoutAClass:
    @pytest.mark.parametrize("where", ["inside", "beside"])
    def test_are_of_the_only_category(self, where: str, tmp_path: Path) -> None:
        listed = [{"id": 5, "name": "cell"}]
        path = save([row | {"category_id": None} for row in rows({}, {})], tmp_path)
        document = json.loads(path.read_text()) | {"categories": listed if where == "inside" else []}
        path.write_text(json.dumps(document))
        (tmp_path / "categories.json").write_text(json.dumps(listed))
        options = {} if where == "inside" else {"categories": tmp_path / "categories.json"}
        assert cocoseg.read(path, **options)[0].category_ids.tolist() == [5, 5]

    def test_are_refused_beside_several(self, tmp_path: Path) -> None:
        path = save([row | {"category_id": None} for row in rows({}, {})], tmp_path)
        path.write_text(json.dumps(json.loads(path.read_text()) | {"categories": []}))
        (tmp_path / "names.txt").write_text("dog\ncat\n")
        with pytest.raises(cocoseg.DocumentError, match="no annotation has a category_id, and 2 categories are given"):
            cocoseg.read(path, categories=tmp_path / "names.txt")


@pytest.mark.parametrize(
    "document",
    [
        {"images": [1], "annotations": [{"segmentation": square(0, 2)}]},
        {"images": [None], "annotations": [{"segmentation": square(0, 2)}]},
        {"image": "a.jpg", "annotations": [{"segmentation": square(0, 2)}]},
        {"image": None, "annotations": [{"segmentation": square(0, 2)}]},
        {"images": [], "annotations": [{"segmentation": square(0, 2)}]},
        {"images": None, "annotations": None},
    ],
)
def test_malformed_images_are_refused_in_a_sentence(document: Any, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(document))
    for call in (cocoseg.read, cocoseg.info):
        with pytest.raises(cocoseg.DocumentError):
            call(tmp_path / "a.json")


def test_lists_that_are_null_are_as_if_absent(tmp_path: Path) -> None:
    source = json.loads(save(rows({}), tmp_path).read_text())
    (tmp_path / "a.json").write_text(json.dumps(source | {"images": None, "categories": None}))
    whole = tmp_path / "set.json"
    assert len(cocoseg.read(tmp_path / "a.json", images=whole, categories=whole)[0].ids) == 1


def test_empty_results_are_images_without_objects(tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text("[]")
    dataset = cocoseg.read(tmp_path / "empty.json", images=save(rows({}), tmp_path))
    assert [len(sample.ids) for sample in dataset] == [0]


def test_a_row_without_an_image_belongs_to_the_only_one(tmp_path: Path) -> None:
    changed = rows({}, {})
    del changed[1]["image_id"]
    assert len(cocoseg.read(save(changed, tmp_path))[0].ids) == 2


def test_boxes_and_one_broken_row_are_still_boxes(tmp_path: Path) -> None:
    path = save(rows({"segmentation": []}, {"segmentation": [], "iscrowd": "no"}), tmp_path)
    with pytest.raises(cocoseg.DocumentError, match="no annotation has 'segments_info' or a mask"):
        cocoseg.read(path)


def test_sizes_of_0_are_those_of_the_rle(tmp_path: Path) -> None:
    rle = {"size": [6.0, 8.0], "counts": [0, 2, 46]}
    dataset = cocoseg.read(save(rows({"segmentation": rle}), tmp_path, height=0, width=0))
    assert dataset[0].size == (6, 8)


class TestStuff:
    def files(
        self, folder: Path, above: list[Any], below: list[Any], names: tuple[str, str] = ("a.jpg", "b.jpg")
    ) -> Any:
        for file, found, files in (("things", above, ("a.jpg", "b.jpg")), ("stuff", below, names)):
            images = [{"id": n, "file_name": name, "height": 6, "width": 8} for n, name in enumerate(files, 1)]
            categories = CATEGORIES if file == "things" else [{"id": 9, "name": "sky", "isthing": 0}]
            whole = {"images": images, "annotations": found, "categories": categories}
            (folder / f"{file}.json").write_text(json.dumps(whole))
        return folder / "things.json", folder / "out", {"stuff": folder / "stuff.json"}

    def sky(self, image: int = 1, **more: Any) -> dict[str, Any]:
        return {"id": 1, "image_id": image, "category_id": 9, "segmentation": square(0, 6), **more}

    def areas(self, out: Path) -> dict[str, dict[int, int]]:
        found = json.loads((out / "panoptic.json").read_text())["annotations"]
        return {row["file_name"]: {part["category_id"]: part["area"] for part in row["segments_info"]} for row in found}

    def test_lies_below_whatever_its_score(self, tmp_path: Path) -> None:
        src, out, options = self.files(tmp_path, rows({"score": 0.1}), [self.sky(score=0.99)])
        summary = cocoseg.to_panoptic(src, out, **options)
        assert self.areas(out)["a.png"] == {1: 16, 9: 20}
        assert len(summary.notes) == 1

    def test_is_filtered_by_its_score(self, tmp_path: Path) -> None:
        src, out, options = self.files(tmp_path, rows({"score": 0.9}), [self.sky(score=0.3)])
        cocoseg.to_panoptic(src, out, min_score=0.5, **options)
        assert self.areas(out)["a.png"] == {1: 16}

    def test_of_other_names_is_refused_if_they_are_swapped(self, tmp_path: Path) -> None:
        src, out, options = self.files(tmp_path, rows({}), [self.sky()], ("b.jpg", "a.jpg"))
        with pytest.raises(cocoseg.DocumentError, match="give an image the same id in both files"):
            cocoseg.to_panoptic(src, out, **options)

    def test_of_other_names_is_told(self, tmp_path: Path) -> None:
        src, out, options = self.files(tmp_path, rows({}), [self.sky()], ("x.png", "y.png"))
        (problem,) = cocoseg.to_panoptic(src, out, **options).problems
        assert (problem.category, "(and 1 more)" in problem.message) == ("id.ambiguous", True)


def test_fields_of_panoptic_segments_are_copied(tmp_path: Path) -> None:
    import badinput

    document = badinput.base_document()
    document["annotations"][0]["segments_info"][0]["track_id"] = 7
    source = badinput.lay_out({"input": {"raw": json.dumps(document)}}, tmp_path / "set")
    cocoseg.to_coco(source, tmp_path / "out.json")
    first, second = json.loads((tmp_path / "out.json").read_text())["annotations"][:2]
    assert (first["track_id"], second.get("track_id")) == (7, None)


def test_areas_are_checked_again_when_that_is_asked_for(tmp_path: Path) -> None:
    import badinput

    document = badinput.base_document()
    document["annotations"][0]["segments_info"][0]["area"] = 3200
    source = badinput.lay_out({"input": {"raw": json.dumps(document)}}, tmp_path / "set")
    assert cocoseg.to_semantic(source, tmp_path / "out", check_areas=False).failures == []
    assert len(cocoseg.to_semantic(source, tmp_path / "out").failures) == 1


def test_photos_keep_dots_in_their_names(tmp_path: Path) -> None:
    names = ["frame_0.5", "frame_0.6", "1.2.840.3.1001", "frame_0"]
    images = [{"id": n, "file_name": name, "height": 6, "width": 8} for n, name in enumerate(names, 1)]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"images": images, "annotations": rows({}), "categories": CATEGORIES}))
    cocoseg.to_semantic(path, tmp_path / "maps")
    back = cocoseg.read(tmp_path / "maps", images=path)
    assert sorted((sample.file_name, sample.image_id) for sample in back) == sorted(
        zip(names, (1, 2, 3, 4), strict=True)
    )


def test_strict_runs_refuse_a_source_that_must_be_guessed(tmp_path: Path) -> None:
    path = save(rows({"category_id": "1"}), tmp_path)
    assert cocoseg.to_semantic(path, tmp_path / "out").images == 1
    with pytest.raises(cocoseg.DocumentError, match=r"taken as 1 \(refused by --strict\)"):
        cocoseg.to_semantic(path, tmp_path / "new", strict=True)
    assert not (tmp_path / "new").exists()
