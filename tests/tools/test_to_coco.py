"""Detection JSON from everything, through Python and the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as reference
from pycocotools.coco import COCO

import cocoseg
from command import cocoseg as run
from conftest import FIXTURES
from laws import pictures, unnumbered

PANOPTIC = FIXTURES / "panoptic.json"
INSTANCES = FIXTURES / "instances.json"
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # of pycocotools' own arrays
PARITY = "coco_panoptic/val2017_sample/panoptic_coco_detection_format.json"


def strict(text: str) -> Any:
    """JSON as the standard has it."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def made(src: Path, folder: Path, **options: Any) -> dict[str, Any]:
    summary = cocoseg.to_coco(src, folder / "made.json", **options)
    assert summary.failures == []
    return strict((folder / "made.json").read_text())


def masks(document: dict[str, Any]) -> dict[int, list[bytes]]:
    """The RLE of every annotation as pycocotools makes it of the JSON, by image."""
    sizes = {row["id"]: (row["height"], row["width"]) for row in document["images"]}
    found: dict[int, list[bytes]] = {}
    for row in document["annotations"]:
        shape = row["segmentation"]
        if isinstance(shape, list):
            rle = reference.merge(reference.frPyObjects(shape, *sizes[row["image_id"]]))
        elif isinstance(shape["counts"], list):
            rle = reference.frPyObjects(shape, *shape["size"])
        else:
            rle = {"size": shape["size"], "counts": shape["counts"].encode()}
        found.setdefault(row["image_id"], []).append(rle["counts"])
    return found


def test_the_fixture_is_what_was_drawn(tmp_path: Path) -> None:
    document = made(PANOPTIC, tmp_path)
    expected = strict((FIXTURES / "expected" / "coco" / "panoptic.json").read_text())
    assert document["images"] == expected["images"]
    assert document["categories"] == expected["categories"]
    drawn = {row["id"]: row for row in expected["annotations"]}
    for row in document["annotations"]:
        grid = reference.decode(row["segmentation"] | {"counts": row["segmentation"]["counts"].encode()})
        row["segmentation"] = ["".join(".#"[pixel] for pixel in line) for line in grid.tolist()]
        assert row == drawn.pop(row["id"])
    assert drawn == {}


@pytest.mark.parametrize("source", [PANOPTIC, INSTANCES])
@pytest.mark.parametrize("shape", ["rle", "rle-list", "polygons"])
def test_pycocotools_loads_it_and_every_mask_is_the_sample_s(source: Path, shape: Any, tmp_path: Path) -> None:
    document = made(source, tmp_path, segmentation=shape)
    coco = COCO(tmp_path / "made.json")
    dataset = cocoseg.read(source)
    assert len(coco.imgs) == len(dataset)
    for sample in dataset:
        rows = [row for row in document["annotations"] if row["image_id"] == sample.image_id]
        for row, mask in zip(rows, cocoseg.instance_masks(sample), strict=True):
            np.testing.assert_array_equal(coco.annToMask(row), mask)
            assert row["area"] == mask.sum()
            box = reference.toBbox(reference.encode(np.asfortranarray(mask.astype(np.uint8)))).tolist()
            assert row["bbox"] == box
    assert {type(row[key]) for row in document["annotations"] for key in ("id", "area", "iscrowd", "category_id")} == {
        int
    }


def test_ids_that_are_good_stay_and_others_are_numbered(tmp_path: Path) -> None:
    kept = made(INSTANCES, tmp_path)
    assert [row["id"] for row in kept["annotations"]] == [
        row["id"] for row in json.loads(INSTANCES.read_text())["annotations"]
    ]
    assert all("segment_id" not in row for row in kept["annotations"])
    (tmp_path / "other").mkdir()
    numbered = made(PANOPTIC, tmp_path / "other")["annotations"]
    assert [row["id"] for row in numbered] == list(range(1, len(numbered) + 1))
    listed = [row["id"] for image in json.loads(PANOPTIC.read_text())["annotations"] for row in image["segments_info"]]
    assert [row["segment_id"] for row in numbered] == listed


def test_ids_used_twice_or_0_are_numbered_anew(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    document["annotations"][1]["id"] = document["annotations"][0]["id"]
    (tmp_path / "twice.json").write_text(json.dumps(document))
    rows = made(tmp_path / "twice.json", tmp_path)["annotations"]
    assert [row["id"] for row in rows] == list(range(1, len(rows) + 1))


def test_things_only_and_one_annotation_per_class(tmp_path: Path) -> None:
    things = made(PANOPTIC, tmp_path, things_only=True)
    assert {row["category_id"] for row in things["annotations"]} == {1, 18}
    assert {row["id"] for row in things["categories"]} == {1, 18}
    (tmp_path / "stuff").mkdir()
    classes = made(PANOPTIC, tmp_path / "stuff", stuff=True)
    pairs = [(row["image_id"], row["category_id"]) for row in classes["annotations"]]
    assert len(set(pairs)) == len(pairs) < len(made(PANOPTIC, tmp_path, overwrite=True)["annotations"])
    assert {row["iscrowd"] for row in classes["annotations"]} == {0}


def test_simplified_polygons_say_what_they_cost(tmp_path: Path) -> None:
    summary = cocoseg.to_coco(PANOPTIC, tmp_path / "a.json", segmentation="polygons", simplify=1.5)
    assert 0 < summary.iou_least <= summary.iou_mean < 1
    report = json.loads((tmp_path / "a.json.cocoseg" / "cocoseg.json").read_text())
    assert report["simplified"] == summary.simplified > 0
    exact = cocoseg.to_coco(PANOPTIC, tmp_path / "b.json", segmentation="polygons")
    assert exact.simplified == 0


def test_polygons_for_opencv_fill_to_the_masks_and_say_so(tmp_path: Path) -> None:
    result = run("to-coco", PANOPTIC, tmp_path / "a.json", "--as", "polygons", "--fill", "opencv", "--json")
    numbers = {name: result.summary[name] for name in ("filled", "simplified", "iou_mean", "iou_least")}
    assert numbers == {"filled": 10, "simplified": 0, "iou_mean": 1.0, "iou_least": 1.0}
    report = json.loads((tmp_path / "a.json.cocoseg" / "cocoseg.json").read_text())
    assert report["options"]["fill"] == "opencv"
    exact = {row["id"]: row for row in made(PANOPTIC, tmp_path)["annotations"]}
    for row in json.loads((tmp_path / "a.json").read_text())["annotations"]:
        assert [row[name] for name in ("area", "bbox", "iscrowd")] == [
            exact[row["id"]][name] for name in ("area", "bbox", "iscrowd")
        ]
        if not row["iscrowd"]:
            x, y, width, height = row["bbox"]
            points = np.concatenate([np.reshape(ring, (-1, 2)) for ring in row["segmentation"]])
            assert points.min(axis=0).tolist() == [x, y]
            assert points.max(axis=0).tolist() == [x + width - 1, y + height - 1]
    words = run("to-coco", PANOPTIC, tmp_path / "b.json", "--as", "polygons", "--fill", "opencv").stdout
    assert "; IoU of polygons that OpenCV fills 1.0000 on average, 1.0000 at least\n" in words
    unchecked = cocoseg.to_coco(PANOPTIC, tmp_path / "c.json", segmentation="polygons", fill="opencv", check=False)
    assert unchecked.filled == 0
    assert (tmp_path / "c.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_polygons_for_opencv_are_read_with_a_warning(tmp_path: Path) -> None:
    for fill, warned in (("opencv", ["poly.fill"]), ("pycocotools", [])):
        cocoseg.to_coco(PANOPTIC, tmp_path / "a.json", segmentation="polygons", fill=fill)  # type: ignore[arg-type]
        dataset = cocoseg.read(tmp_path / "a.json")
        assert [problem.category for problem in dataset.problems] == warned
        assert all("a.json: its polygons run through" in problem.message for problem in dataset.problems)
        COCO(tmp_path / "a.json").annToMask(COCO(tmp_path / "a.json").anns[1])


def test_another_fill_makes_all_again(tmp_path: Path) -> None:
    for fill, made_ in (("opencv", 3), ("opencv", 0), ("pycocotools", 3)):
        found = cocoseg.to_coco(PANOPTIC, tmp_path / "a.json", segmentation="polygons", fill=fill)  # type: ignore[arg-type]
        assert found.made == made_


def test_a_crowd_and_a_mask_of_nothing_are_rle_among_polygons(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    document["annotations"][0]["segmentation"] = []
    (tmp_path / "empty.json").write_text(json.dumps(document))
    rows = made(tmp_path / "empty.json", tmp_path, segmentation="polygons")["annotations"]
    assert [row["id"] for row in rows if isinstance(row["segmentation"], dict)] == [
        row["id"] for row in rows if row["iscrowd"] or not row["area"]
    ]
    COCO(tmp_path / "made.json").annToMask(rows[0])


@pytest.mark.parametrize("shape", ["rle", "polygons"])
@pytest.mark.parametrize("name", ["instances_val2014_100", "lvis_val_100"])
def test_law_real_instances_to_detection_and_back(real_data: Path, name: str, shape: Any, tmp_path: Path) -> None:
    source = real_data / "coco_instances" / f"{name}.json"
    made(source, tmp_path, segmentation=shape)
    assert pictures(cocoseg.read(tmp_path / "made.json")) == pictures(cocoseg.read(source))


def test_law_real_stuff_to_detection_and_back(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "coco_stuff" / "stuff_examples.json"
    made(source, tmp_path, segmentation="polygons")
    found = pictures(cocoseg.read(tmp_path / "made.json"))
    assert unnumbered(found) == unnumbered(pictures(cocoseg.read(source)))


@pytest.mark.parametrize("things_only", [False, True])
def test_parity_with_panopticapi(real_data: Path, things_only: bool, tmp_path: Path) -> None:
    document = made(
        real_data / "coco_panoptic/val2017_sample/panoptic_examples.json", tmp_path, things_only=things_only
    )
    theirs = json.loads((real_data / PARITY).read_text())
    isthing = {
        row["id"]: row["isthing"]
        for row in json.loads((real_data / "coco_panoptic/panoptic_coco_categories.json").read_text())
    }
    fields = ("image_id", "category_id", "iscrowd", "area", "bbox", "segmentation")

    def rows(found: dict[str, Any]) -> list[str]:
        kept = [row for row in found["annotations"] if isthing[row["category_id"]] or not things_only]
        return sorted(json.dumps([row[field] for field in fields], sort_keys=True) for row in kept)

    assert rows(document) == rows(theirs)
    assert len(rows(document)) == (43 if things_only else 50)


def test_the_command_its_last_words_and_verify(tmp_path: Path) -> None:
    result = run("to-coco", PANOPTIC, "made.json", "--as", "polygons", cwd=tmp_path)
    assert result.code == 0
    assert "3 of 3 images" in result.stdout
    assert result.stdout.splitlines()[-1] == "Annotations are in made.json, cocoseg.json is in made.json.cocoseg"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.json", "made.json.cocoseg"]
    result = run("verify", "made.json", cwd=tmp_path)
    assert (result.code, result.stdout) == (0, "made.json is whole: 1 file of 3 images\n")
    with (tmp_path / "made.json").open("a") as file:
        file.write(" ")
    result = run("verify", "made.json", cwd=tmp_path)
    assert result.code == 1
    assert "is not as it was written" in result.stdout


@pytest.mark.parametrize(
    ("options", "code", "category"),
    [
        (["made.txt"], 2, "usage.out"),
        (["made.json", "--things-only", "--stuff"], 2, "usage.stuff"),
        (["made.json", "--simplify", "1"], 2, "usage.simplify"),
        (["made.json", "--fill", "opencv"], 2, "usage.fill"),
        (["made.json", "--as", "polygons", "--fill", "opencv", "--simplify", "1"], 2, "usage.fill"),
    ],
)
def test_a_wrong_call_is_answered(options: list[str], code: int, category: str, tmp_path: Path) -> None:
    result = run("to-coco", PANOPTIC, *options, cwd=tmp_path)
    assert result.code == code
    assert f"[{category}]" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("tolerance", [-1, float("nan"), float("inf")])
def test_a_tolerance_that_is_none(tolerance: float, tmp_path: Path) -> None:
    with pytest.raises(
        cocoseg.UsageError, match=f"simplify is {tolerance}, expected (at least 0|a finite number of pix)"
    ):
        cocoseg.to_coco(PANOPTIC, tmp_path / "a.json", segmentation="polygons", simplify=tolerance)


def test_a_file_of_others_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "made.json").write_text("precious")
    result = run("to-coco", PANOPTIC, "made.json", cwd=tmp_path)
    assert result.code == 4
    assert "[out.exists]" in result.stderr
    assert (tmp_path / "made.json").read_text() == "precious"
    assert run("to-coco", PANOPTIC, "made.json", "--overwrite", cwd=tmp_path).code == 0
    strict((tmp_path / "made.json").read_text())


def test_a_folder_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "made.json").mkdir()
    result = run("to-coco", PANOPTIC, "made.json", "--overwrite", cwd=tmp_path)
    assert result.code == 2
    assert "OUT 'made.json' is a folder, expected the name of a .json file [usage.out]" in result.stderr
    assert list(tmp_path.rglob("*")) == [tmp_path / "made.json"]


def test_a_run_that_stops_does_not_say_that_there_is_a_document(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    document["annotations"][0]["segmentation"] = {"size": [6, 8], "counts": [1, 2]}
    (tmp_path / "bad.json").write_text(json.dumps(document))
    result = run("to-coco", "bad.json", "made.json", "--on-error", "stop", "--workers", 1, cwd=tmp_path)
    assert result.code == 1
    advice = "the same command will stop there again; mend that image, or use --on-error skip"
    last = f"Not finished: {advice}; cocoseg.json is in made.json.cocoseg"
    assert result.stdout.splitlines()[-1] == last
    assert not (tmp_path / "made.json").exists()


def test_the_source_is_never_the_target(tmp_path: Path) -> None:
    source = tmp_path / "made.json"
    source.write_bytes(INSTANCES.read_bytes())
    result = run("to-coco", source, source, "--overwrite")
    assert result.code == 2
    assert "[out.is_input]" in result.stderr
    assert source.read_bytes() == INSTANCES.read_bytes()


def test_a_file_without_categories_is_refused(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    del document["categories"]
    (tmp_path / "bare.json").write_text(json.dumps(document))
    result = run("to-coco", "bare.json", "made.json", cwd=tmp_path)
    assert result.code == 3
    assert "--categories" in result.stderr


def test_where_all_images_fail_nothing_else_is_said(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    for row in document["annotations"]:
        row["segmentation"] = {"size": [1, 1], "counts": [1, 2]}
    document["images"] = [row for row in document["images"] if row["file_name"] != "empty.jpg"]
    (tmp_path / "bad.json").write_text(json.dumps(document))
    result = run("to-coco", "bad.json", "made.json", cwd=tmp_path)
    assert result.code == 1
    last = result.stdout.splitlines()[-1]
    assert last == "No image could be converted; cocoseg.json is in made.json.cocoseg"


def test_an_image_that_fails_is_left_out(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    document["annotations"][0]["segmentation"] = {"size": [6, 8], "counts": [1, 2]}
    (tmp_path / "bad.json").write_text(json.dumps(document))
    result = run("to-coco", "bad.json", "made.json", "--json", cwd=tmp_path)
    assert result.code == 1
    failed = document["annotations"][0]["image_id"]
    found = strict((tmp_path / "made.json").read_text())
    assert [row["id"] for row in found["images"]] == [row["id"] for row in document["images"] if row["id"] != failed]
    assert failed not in {row["image_id"] for row in found["annotations"]}


def test_an_annotation_of_a_category_that_is_not_listed_costs_its_image(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    row = document["annotations"][0]
    row["category_id"] = 77
    (tmp_path / "unlisted.json").write_text(json.dumps(document))
    summary = cocoseg.to_coco(tmp_path / "unlisted.json", tmp_path / "made.json")
    assert [failure.category for failure in summary.failures] == ["id.unknown"]
    assert f"segment {row['id']} has category_id 77, which is not among the categories" in summary.failures[0].message
    made_of = strict((tmp_path / "made.json").read_text())
    assert row["image_id"] not in {image["id"] for image in made_of["images"]}
    assert 77 not in {annotation["category_id"] for annotation in made_of["annotations"]}


def test_an_image_is_made_again_when_its_category_is_listed_no_more(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    (tmp_path / "source.json").write_text(json.dumps(document))
    made(tmp_path / "source.json", tmp_path)
    used = document["annotations"][0]["category_id"]
    document["categories"] = [row for row in document["categories"] if row["id"] != used]
    (tmp_path / "source.json").write_text(json.dumps(document))
    again = cocoseg.to_coco(tmp_path / "source.json", tmp_path / "made.json")
    assert {failure.category for failure in again.failures} == {"id.unknown"}


def test_image_ids_written_as_floats_become_whole(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    for image in document["images"]:
        image["id"] = float(image["id"])
    (tmp_path / "floats.json").write_text(json.dumps(document))
    found = made(tmp_path / "floats.json", tmp_path)
    assert {type(row["id"]) for row in found["images"]} == {int}
    assert {type(row["image_id"]) for row in found["annotations"]} == {int}


@pytest.mark.parametrize("shape", [None, "", "polygon"])
def test_a_segmentation_that_is_none_of_the_three(shape: Any, tmp_path: Path) -> None:
    with pytest.raises(
        cocoseg.UsageError, match=f"segmentation is {shape!r}, expected one of rle, rle-list, polygons"
    ) as caught:
        cocoseg.to_coco(PANOPTIC, tmp_path / "a.json", segmentation=shape)
    assert caught.value.category == "usage.as"


def test_what_is_not_known_to_be_stuff_is_a_crowd_in_a_class_map(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    Image.fromarray(np.array([[1, 184, 3]], np.uint8)).save(tmp_path / "maps" / "1.png")
    silent = [{"id": 1, "name": "person"}, {"id": 184, "name": "tree-merged"}, {"id": 3, "name": "spaceship"}]
    (tmp_path / "silent.json").write_text(json.dumps(silent))
    document = made(tmp_path / "maps", tmp_path, categories=tmp_path / "silent.json")
    assert {row["category_id"]: row["iscrowd"] for row in document["annotations"]} == {1: 1, 184: 0, 3: 1}
    masks = cocoseg.to_masks(tmp_path / "maps", tmp_path / "masks", categories=tmp_path / "silent.json")
    panoptic = cocoseg.to_panoptic(tmp_path / "maps", tmp_path / "panoptic", categories=tmp_path / "silent.json")
    assert masks.crowds == panoptic.crowds == 2
    rows = json.loads((tmp_path / "panoptic" / "panoptic.json").read_text())["annotations"][0]["segments_info"]
    assert {row["category_id"]: row["iscrowd"] for row in rows} == {1: 1, 184: 0, 3: 1}


@pytest.mark.parametrize(
    ("found", "category"), [('"file_name": "overlap.jpg"', "doc.type"), ('"image_id": 1', "json.nonfinite")]
)
def test_nan_where_a_string_may_be_is_no_string(found: str, category: str, tmp_path: Path) -> None:
    text = INSTANCES.read_text()
    assert found in text
    (tmp_path / "nan.json").write_text(text.replace(found, f"{found.partition(':')[0]}: NaN", 1))
    summary = cocoseg.to_coco(tmp_path / "nan.json", tmp_path / "made.json")
    assert [failure.category for failure in summary.failures] == [category]
    assert "NaN" in summary.failures[0].message
    assert "NaN" not in (tmp_path / "made.json").read_text()


def test_a_supercategory_that_is_nan_is_none(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    document["categories"][0]["supercategory"] = float("nan")
    (tmp_path / "nan.json").write_text(json.dumps(document))
    assert "supercategory" not in made(tmp_path / "nan.json", tmp_path)["categories"][0]
