from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cocoseg
from cocoseg.errors import CocosegError, UsageError
from command import cocoseg as run
from conftest import FIXTURES

SQUARE = [[0, 0, 2, 0, 2, 2, 0, 2]]


def save(path: Path, name: str = "a.jpg", called: str = "cat", **changes: Any) -> Path:
    """A JSON with one image and one square."""
    image = {"id": 1, "file_name": name, "height": 4, "width": 4} | changes.pop("image", {})
    row = {"id": 1, "image_id": image["id"], "category_id": 1, "iscrowd": 0, "area": 4.0, "bbox": [0, 0, 2, 2]}
    rows = changes.pop("rows", [row | {"segmentation": SQUARE, "note": 1.50}])
    document = {"images": [image], "categories": [{"id": 1, "name": called}], "annotations": rows} | changes
    path.write_text(json.dumps(document))
    return path


def refused(*sources: Path, out: Path, **options: Any) -> CocosegError:
    with pytest.raises(CocosegError) as caught:
        cocoseg.merge(sources, out, **options)
    assert not out.exists()
    return caught.value


class TestClasses:
    def test_names_that_differ_in_case_are_refused_with_both(self, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json", "a.jpg", "Cat"), save(tmp_path / "y.json", "b.jpg", "cat")
        error = refused(one, other, out=tmp_path / "out.json")
        assert error.category == "merge.classes"
        assert "'Cat'" in error.message
        assert "'cat'" in error.message

    @pytest.mark.parametrize(("name", "text"), [("names.json", '{"Cat": "cat"}'), ("names.csv", "Cat,cat\n")])
    def test_a_file_renames_them(self, name: str, text: str, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json", "a.jpg", "Cat"), save(tmp_path / "y.json", "b.jpg", "cat")
        (tmp_path / name).write_text(text)
        cocoseg.merge([one, other], tmp_path / "out.json", classes=tmp_path / name)
        merged = cocoseg.read(tmp_path / "out.json")
        assert [row.name for row in merged.categories] == ["cat"]
        assert [sample.category_ids.tolist() for sample in merged] == [[1], [1]]

    def test_a_new_name_of_no_class_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "names.csv").write_text("dog,cat\n")
        one, other = save(tmp_path / "x.json"), save(tmp_path / "y.json", "b.jpg")
        assert (
            refused(one, other, out=tmp_path / "out.json", classes=tmp_path / "names.csv").category == "usage.classes"
        )

    def test_an_id_that_is_taken_is_renumbered_and_listed(self, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json"), save(tmp_path / "y.json", "b.jpg", "dog")
        cocoseg.merge([one, other], tmp_path / "out.json")
        merged = cocoseg.read(tmp_path / "out.json")
        assert [(row.id, row.name) for row in merged.categories] == [(1, "cat"), (2, "dog")]
        assert [sample.category_ids.tolist() for sample in merged] == [[1], [2]]
        report = json.loads((tmp_path / "out.json.cocoseg" / "cocoseg.json").read_text())["reshaped"]
        assert report["classes"][1] == {"source": "y.json", "id": 1, "name": "dog", "new_id": 2, "new_name": "dog"}
        assert report["images"][0]["new_id"] == 2
        assert report["annotations"] == [{"source": "y.json", "ids": [[1, 2, 1]]}]

    def test_stuff_that_is_a_thing_elsewhere_becomes_a_crowd(self, tmp_path: Path) -> None:
        kinds = [[{"id": 1, "name": "light", "isthing": kind}] for kind in (1, 0)]
        one = save(tmp_path / "x.json", "a.jpg", categories=kinds[0])
        other = save(tmp_path / "y.json", "b.jpg", categories=kinds[1])
        result = cocoseg.merge([one, other], tmp_path / "out", to="panoptic")
        assert [problem.category for problem in result.problems] == ["merge.kind"]
        assert [sample.iscrowd.tolist() for sample in cocoseg.read(tmp_path / "out")] == [[False], [True]]


class TestPhotos:
    def test_one_photo_in_two_sources_is_asked_about(self, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json"), save(tmp_path / "y.json", called="dog")
        assert refused(one, other, out=tmp_path / "out.json").category == "merge.same"

    def test_joined_it_has_the_annotations_of_both(self, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json"), save(tmp_path / "y.json", called="dog")
        assert cocoseg.merge([one, other], tmp_path / "out.json", same="join").images == 1
        (sample,) = cocoseg.read(tmp_path / "out.json")
        assert sample.category_ids.tolist() == [1, 2]

    def test_joined_what_both_have_needs_no_id(self, tmp_path: Path) -> None:
        row = {"image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": SQUARE}
        other = {"segmentation": [[1, 1, 3, 1, 3, 3, 1, 3]]}
        one = save(tmp_path / "x.json", rows=[{"id": 1} | row, {"id": 2} | row | other])
        two = save(tmp_path / "y.json", rows=[{"id": 1} | row, {"id": 2} | row | {"iscrowd": 1}])
        result = cocoseg.merge([one, two], tmp_path / "out.json", same="join")
        document = json.loads((tmp_path / "out.json").read_text())
        assert [(row["id"], row["iscrowd"]) for row in document["annotations"]] == [(1, 0), (2, 0), (3, 1)]
        assert any("1 annotation id renumbered" in note for note in result.notes)
        report = json.loads((tmp_path / "out.json.cocoseg" / "cocoseg.json").read_text())
        assert report["reshaped"]["annotations"] == [{"source": "y.json", "ids": [[2, 3, 1]]}]

    @pytest.mark.parametrize("segmentation", [None, "rle"])
    def test_joined_those_without_a_pixel_are_told_by_their_rows(self, segmentation: Any, tmp_path: Path) -> None:
        row = {"image_id": 1, "category_id": 1, "iscrowd": 0}
        outside = {"segmentation": [[20, 20, 22, 20, 22, 22, 20, 22]], "bbox": [20, 20, 2, 2]}
        there = {"segmentation": [[30, 30, 32, 30, 32, 32, 30, 32]], "bbox": [30, 30, 2, 2]}
        person = {"bbox": [0, 0, 1, 1], "keypoints": [1, 1, 2], "num_keypoints": 1}
        one = save(tmp_path / "x.json", rows=[{"id": 1} | row | outside, {"id": 2} | row | person])
        two = save(tmp_path / "y.json", rows=[{"id": 1} | row | there, {"id": 5} | row | outside, {"id": 6} | row])
        cocoseg.merge([one, two], tmp_path / "out.json", same="join", segmentation=segmentation)
        document = json.loads((tmp_path / "out.json").read_text())
        boxes = [row.get("bbox", [])[:2] for row in document["annotations"]]
        assert boxes[:3] == [[20, 20], [0, 0], [30, 30]]
        assert len(boxes) == 4

    def test_kept_twice_it_needs_two_names(self, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json"), save(tmp_path / "y.json", called="dog")
        assert refused(one, other, out=tmp_path / "out.json", same="both").category == "merge.names"
        cocoseg.merge([one, other], tmp_path / "out.json", same="both", prefix=True)
        assert [sample.file_name for sample in cocoseg.read(tmp_path / "out.json")] == ["x/a.jpg", "y/a.jpg"]

    def test_two_photos_of_one_name_need_a_prefix(self, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json"), save(tmp_path / "y.json", image={"height": 5})
        assert refused(one, other, out=tmp_path / "out.json").category == "merge.names"
        assert cocoseg.merge([one, other], tmp_path / "out.json", prefix=True).images == 2

    def test_licences_of_two_sources_do_not_mix(self, tmp_path: Path) -> None:
        one = save(tmp_path / "x.json", image={"license": 1}, licenses=[{"id": 1, "name": "free"}])
        other = save(tmp_path / "y.json", "b.jpg", image={"license": 1}, licenses=[{"id": 1, "name": "paid"}])
        cocoseg.merge([one, other], tmp_path / "out.json")
        document = json.loads((tmp_path / "out.json").read_text())
        names = {row["id"]: row["name"] for row in document["licenses"]}
        assert [names[row["license"]] for row in document["images"]] == ["free", "paid"]


class TestRows:
    def test_fields_that_do_not_change_keep_their_bytes(self, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json"), save(tmp_path / "y.json", "b.jpg")
        for path in (one, other):
            path.write_text(path.read_text().replace("1.5", "1.500e0"))
        cocoseg.merge([one, other], tmp_path / "out.json")
        assert (tmp_path / "out.json").read_text().count('"note":1.500e0') + (tmp_path / "out.json").read_text().count(
            '"note": 1.500e0'
        ) == 2

    def test_ids_are_unique_and_not_0(self, tmp_path: Path) -> None:
        row = {"image_id": 1, "category_id": 1, "segmentation": SQUARE, "iscrowd": 0}
        one = save(tmp_path / "x.json", rows=[row | {"id": 0}, row | {"id": 5}, row | {"id": 5}, row])
        other = save(tmp_path / "y.json", "b.jpg")
        cocoseg.merge([one, other], tmp_path / "out.json")
        ids = [row["id"] for row in json.loads((tmp_path / "out.json").read_text())["annotations"]]
        assert ids == [6, 5, 7, 8, 1]

    def test_sources_of_several_kinds_are_written_as_asked(self, tmp_path: Path) -> None:
        stuff = [{"id": 1, "name": "cat", "isthing": 1}, {"id": 2, "name": "road", "isthing": 0}]
        one = save(tmp_path / "x.json", categories=stuff)
        with pytest.raises(UsageError, match="several kinds"):
            cocoseg.merge([one, FIXTURES / "panoptic.json"], tmp_path / "out.json")
        cocoseg.merge([one, FIXTURES / "panoptic.json"], tmp_path / "out.json", to="coco")
        document = json.loads((tmp_path / "out.json").read_text())
        ids = [row["id"] for row in document["annotations"]]
        assert ids == list(range(1, len(ids) + 1))
        assert document["annotations"][0]["segmentation"] == SQUARE

    def test_background_and_unknown_pixels_do_not_mix(self, tmp_path: Path) -> None:
        one = save(tmp_path / "x.json")
        error = refused(one, FIXTURES / "panoptic.json", out=tmp_path / "out.json", to="coco")
        assert error.category == "merge.unlabelled"

    def test_class_maps_say_both(self, tmp_path: Path) -> None:
        one = save(tmp_path / "x.json")
        result: Any = cocoseg.merge([one, FIXTURES / "panoptic.json"], tmp_path / "out", to="semantic")
        from PIL import Image

        assert set(np.unique(np.array(Image.open(tmp_path / "out" / "a.png")))) == {0, 1}
        assert 255 in result.pixels

    def test_a_second_run_keeps_everything(self, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json"), save(tmp_path / "y.json", "b.jpg")
        cocoseg.merge([one, other], tmp_path / "out.json")
        before = (tmp_path / "out.json").read_bytes()
        assert cocoseg.merge([one, other], tmp_path / "out.json").kept == 2
        assert (tmp_path / "out.json").read_bytes() == before
        assert cocoseg.verify(tmp_path / "out.json").whole


class TestBadInput:
    def test_a_category_that_a_source_does_not_list_is_not_taken_for_another_ones(self, tmp_path: Path) -> None:
        one = save(tmp_path / "x.json", categories=[{"id": 7, "name": "dog"}])
        other = save(tmp_path / "y.json", "b.jpg")
        result = cocoseg.merge([one, other], tmp_path / "out.json")
        assert (result.images, [row.category for row in result.failures]) == (1, ["id.unknown"])

    def test_a_bad_image_costs_itself(self, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json"), save(tmp_path / "y.json", "b.jpg", image={"height": 0})
        result = cocoseg.merge([one, other], tmp_path / "out.json")
        assert (result.images, [row.category for row in result.failures]) == (1, ["size.invalid"])

    def test_one_source_is_none_to_merge(self, tmp_path: Path) -> None:
        assert refused(save(tmp_path / "x.json"), out=tmp_path / "out.json").category == "usage.sources"

    def test_an_option_that_no_source_has_is_refused(self, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json"), save(tmp_path / "y.json", "b.jpg")
        error = refused(one, other, out=tmp_path / "out.json", png_dir=tmp_path)
        assert error.category == "usage.sources"

    def test_a_file_that_no_run_wrote_stays(self, tmp_path: Path) -> None:
        one, other = save(tmp_path / "x.json"), save(tmp_path / "y.json", "b.jpg")
        (tmp_path / "out.json").write_text("mine")
        with pytest.raises(CocosegError) as caught:
            cocoseg.merge([one, other], tmp_path / "out.json")
        assert caught.value.category == "out.exists"
        assert (tmp_path / "out.json").read_text() == "mine"


def test_the_command_takes_many_sources(tmp_path: Path) -> None:
    sources = [save(tmp_path / f"{name}.json", f"{name}.jpg") for name in "xyz"]
    result = run("merge", *sources, tmp_path / "out.json")
    assert (result.code, result.stderr) == (0, "")
    assert "3 images of 3 sources; 2 image ids renumbered" in result.stdout


def test_pycocotools_loads_real_sets_that_were_merged(real_data: Path, tmp_path: Path) -> None:
    coco, masks = pytest.importorskip("pycocotools.coco"), pytest.importorskip("pycocotools.mask")
    sources = [real_data / "taco/annotations.json", real_data / "coco_instances/instances_val2014_100.json"]
    cocoseg.merge(sources, tmp_path / "out.json", workers=2)
    found = coco.COCO(str(tmp_path / "out.json"))
    before = [json.loads(path.read_text()) for path in sources]
    assert len(found.anns) == sum(len(document["annotations"]) for document in before)
    assert 0 not in found.anns
    for sample in list(cocoseg.read(sources[1]))[:20]:
        (id,) = (row["id"] for row in found.imgs.values() if row["file_name"] == sample.file_name)
        rows = found.loadAnns(found.getAnnIds(imgIds=[id]))
        assert [masks.area(found.annToRLE(row)) for row in rows] == sample.areas.tolist()


@pytest.mark.long
def test_small_coco_sets_become_one(real_data: Path, tmp_path: Path) -> None:
    names = ["coco_instances/instances_val2014_100.json", "coco_instances/lvis_val_100.json", "taco/annotations.json"]
    sources = [real_data / name for name in names]
    (tmp_path / "names.json").write_text(json.dumps({name.title(): name for name in ("battery", "shoe", "cigarette")}))
    with pytest.raises(UsageError, match="differ in case only"):
        cocoseg.merge(sources, tmp_path / "out.json")
    result = cocoseg.merge(sources, tmp_path / "out.json", classes=tmp_path / "names.json")
    assert not result.failures
    sources.append(real_data / "coco_stuff/stuff_examples.json")
    options: Any = {"classes": tmp_path / "names.json", "to": "panoptic", "limit": 300, "same": "join", "workers": 2}
    assert not cocoseg.merge(sources[::-1], tmp_path / "out", **options).failures


@pytest.mark.long
def test_no_segment_of_a_set_is_lost_where_others_call_its_class_stuff(real_data: Path, tmp_path: Path) -> None:
    names = ["coco_instances/lvis_val_100.json", "coco_stuff/stuff_examples.json"]
    sources = [real_data / name for name in [*names, "coco_panoptic/val2017_sample/panoptic_examples.json"]]
    merged = cocoseg.merge(sources, tmp_path / "out", to="panoptic", dry_run=True)
    own = [cocoseg.to_panoptic(source, tmp_path / "own", dry_run=True) for source in sources]
    assert merged.results()["segments"] == sum(found.segments for found in own)
    assert {row.category for row in merged.problems} == {"merge.kind", "seg.bbox"}


def test_a_panoptic_set_and_cityscapes_become_one(real_data: Path, tmp_path: Path) -> None:
    sources = [
        real_data / "coco_panoptic/val2017_sample/panoptic_examples.json",
        real_data / "cityscapes/pseudo_cityscapes_dataset",
    ]
    result = cocoseg.merge(sources, tmp_path / "out", to="panoptic")
    assert not result.failures
    merged = {sample.key: sample for sample in cocoseg.read(tmp_path / "out")}
    for sample in cocoseg.read(sources[0]):
        np.testing.assert_array_equal(merged[sample.key].id_map, sample.id_map)
