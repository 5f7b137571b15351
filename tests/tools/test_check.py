"""What ``cocoseg check`` finds in small sources with one thing wrong, and that it is silent where nothing is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.stats.findings import KINDS, Finding
from command import cocoseg as run

SIZE = (40, 60)
EVIL = [
    "</script><img src=x onerror=alert(1)>",
    "[red]bold[/red]",
    "\x1b[2J\x1b]0;title\x07\r\n",
    "x" * 10_000,
    "\u202e",
]
Document = dict[str, Any]


def blob(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray[Any, Any]:
    """A mask with a ragged edge, so that no other has its runs."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(size, np.bool_)
    left = rng.integers(2, 12, size[0] - 8)
    for row, start in enumerate(left, 4):
        mask[row, start : start + 14 + row % 5] = True
    return mask


def annotation(number: int, image: int, category: int, mask: np.ndarray[Any, Any]) -> Document:
    rows, columns = np.nonzero(mask)
    box = [int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1]
    about = {"id": number, "image_id": image, "category_id": category, "iscrowd": 0}
    return about | {"bbox": box, "area": int(mask.sum()), "segmentation": cocoseg.encode(mask)}


def document(first: int = 1, images: int = 4) -> Document:
    """Images with two objects side by side: a cat and a dog, or a dog and a bird."""
    numbers = range(first, first + images)
    height, width = SIZE
    rows = [{"id": k, "file_name": f"{k}.jpg", "height": height, "width": width} for k in numbers]
    annotations = []
    for k in numbers:
        annotations.append(annotation(2 * k, k, 1 + k % 2, blob(k)))
        annotations.append(annotation(2 * k + 1, k, 2 + k % 2, np.roll(blob(k + 1000), 30, axis=1)))
    categories = [{"id": k, "name": name} for k, name in ((1, "cat"), (2, "dog"), (3, "bird"))]
    return {"images": rows, "annotations": annotations, "categories": categories}


def photo(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size, 3)).astype(np.uint8))


def lay_out(folder: Path, content: Document, name: str = "train.json") -> Path:
    """A JSON and the photos that it names."""
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    for row in content["images"]:
        path = folder / "photos" / row["file_name"]
        if not path.exists():
            photo(row["id"]).save(path)
    (folder / name).write_text(json.dumps(content))
    return folder / name


def found(source: Path, *others: Path, **options: Any) -> dict[str, Finding]:
    """The findings by their categories."""
    photos = {"photos": source.parent / "photos"} if (source.parent / "photos").is_dir() else {}
    return {row.category: row for row in cocoseg.check(source, *others, **(photos | options)).findings}


def test_nothing_is_said_where_nothing_is_wrong(tmp_path: Path) -> None:
    train, val = lay_out(tmp_path / "a", document()), lay_out(tmp_path / "b", document(101), "val.json")
    assert found(train) == {}
    assert found(train, val, val_photos=tmp_path / "b" / "photos") == {}
    result = run("check", train, val, "--photos", tmp_path / "a/photos", "--val-photos", tmp_path / "b/photos")
    assert (result.code, result.stdout.splitlines()[-1][:18]) == (0, "Nothing odd found ")


def no_pixels(content: Document, folder: Path) -> None:
    content["annotations"] = [row | {"segmentation": []} for row in content["annotations"]]
    content["annotations"][0]["segmentation"] = cocoseg.encode(np.zeros(SIZE, np.bool_))


def broken(content: Document, folder: Path) -> None:
    content["annotations"][0]["segmentation"]["counts"] = "~~~"


def nothing_usable(content: Document, folder: Path) -> None:
    for row in content["annotations"]:
        row["segmentation"]["counts"] = "~~~"


def unlisted(content: Document, folder: Path) -> None:
    del content["categories"][1]


def wrong_box(content: Document, folder: Path) -> None:
    content["annotations"][0]["bbox"] = [50, 30, 5, 5]


def wrong_areas(content: Document, folder: Path) -> None:
    rows = content["annotations"]
    rows[0]["area"], rows[1]["area"] = rows[0]["area"] * 2.1, rows[1]["area"] / 2.1
    rows[2]["area"], rows[3]["area"] = rows[2]["area"] * 1.9, None
    rows[4]["area"], rows[5]["area"] = "many", True
    del rows[6]["area"]


def other_size(content: Document, folder: Path) -> None:
    photo(1, (20, 30)).save(folder / "photos" / "1.jpg")


def turned(content: Document, folder: Path) -> None:
    picture = photo(1)
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(folder / "photos" / "1.jpg", exif=exif)


def lost_photo(content: Document, folder: Path) -> None:
    (folder / "photos" / "1.jpg").unlink()
    (folder / "photos" / "1.jpg").mkdir()


def broken_photo(content: Document, folder: Path) -> None:
    (folder / "photos" / "1.jpg").write_bytes(b"\xff\xd8 no photo")


def stray_photo(content: Document, folder: Path) -> None:
    photo(77).save(folder / "photos" / "77.jpg")


def same_photo_and_label(content: Document, folder: Path) -> None:
    same_photo(content, folder)
    rows = [row for row in content["annotations"] if row["image_id"] == 1]
    content["annotations"] = [row for row in content["annotations"] if row["image_id"] != 2]
    content["annotations"] += [row | {"id": row["id"] + 500, "image_id": 2} for row in rows]


def same_photo(content: Document, folder: Path) -> None:
    photo(1).save(folder / "photos" / "1.jpg")
    photo(1).save(folder / "photos" / "2.jpg")


def repeated(content: Document, folder: Path) -> None:
    content["annotations"].append(content["annotations"][0] | {"id": 900})


def contradicted(content: Document, folder: Path) -> None:
    first = content["annotations"][0]
    content["annotations"].append(first | {"id": 900, "category_id": 1 + first["category_id"] % 3})


def empty_image(content: Document, folder: Path) -> None:
    content["images"].append({"id": 50, "file_name": "50.jpg", "height": 40, "width": 60})


def unused_class(content: Document, folder: Path) -> None:
    content["categories"].append({"id": 9, "name": "unicorn"})


def grouping(content: Document, folder: Path) -> None:
    content["categories"].append({"id": 9, "name": "animals"})
    for row in content["categories"][:3]:
        row["supercategory"] = "animals"


def alike(content: Document, folder: Path) -> None:
    content["categories"][1]["name"] = "Cat "


def zero(content: Document, folder: Path) -> None:
    for row in content["annotations"]:
        row["category_id"] -= 1
    for row in content["categories"]:
        row["id"] -= 1


def nameless(content: Document, folder: Path) -> None:
    del content["categories"]


def crossing(content: Document, folder: Path) -> None:
    for row in content["annotations"][1::2]:
        mask = np.roll(blob(row["id"]), 4, axis=1)
        row.update(annotation(row["id"], row["image_id"], row["category_id"], mask))


def rare(content: Document, folder: Path) -> None:
    more = document(200, 40)
    content["images"] += more["images"]
    content["annotations"] += [row for row in more["annotations"] if row["category_id"] == 2]
    content["annotations"] = [row for row in content["annotations"] if row["category_id"] != 3 or row["image_id"] == 1]
    content["annotations"] = [row for row in content["annotations"] if row["category_id"] != 1 or row["image_id"] == 2]


CASES: dict[str, tuple[Callable[[Document, Path], None], int, str]] = {
    "images.none": (no_pixels, 4, "none of 4 images has a labelled pixel"),
    "rle.charset": (broken, 1, "1 of 4 images can't be used"),
    "id.unlisted": (unlisted, 4, "4 segments of 1 category id that the source does not list"),
    "seg.bbox": (wrong_box, 1, "boxes disagree with the masks, in 1 image"),
    "seg.area": (wrong_areas, 2, "2 annotations with an area twice or half that of the mask, or worse"),
    "photo.size": (other_size, 1, "1 of 4 photos with another size than the label"),
    "photo.orientation": (turned, 1, "1 of 4 photos that EXIF turns, while the label is not turned"),
    "photo.missing": (lost_photo, 1, "1 of 4 images without a photo in"),
    "photo.corrupt": (broken_photo, 1, "1 of 4 photos that can't be read"),
    "photo.unlabelled": (stray_photo, 1, "1 photo in"),
    "picture.twice": (same_photo_and_label, 1, "1 image with the photo and the label of another one"),
    "picture.conflict": (same_photo, 1, "1 image with the photo of another one, but a different label"),
    "seg.twice": (repeated, 1, "1 annotation with the category and the mask of another one"),
    "seg.conflict": (contradicted, 1, "1 annotation with the mask of another one, but a different category"),
    "image.empty": (empty_image, 1, "1 of 5 images without a labelled pixel"),
    "class.unused": (unused_class, 1, "1 of 4 classes without a pixel"),
    "label.unused_root": (grouping, 1, "1 class without a segment, which only group others as their supercategory"),
    "name.case": (alike, 1, "class names that differ only in case or spaces"),
    "id.zero": (zero, 2, "2 segments of category id 0, which many tools take for background"),
    "categories.none": (nameless, 8, "the source lists no categories; --categories names those of 8 segments"),
    "class.rare": (rare, 2, "2 classes in 2 images or fewer, the most frequent one in"),
}

# What else is true of these sources.
ALSO = {"images.none": {"seg.empty"}, "seg.twice": {"overlap.high"}, "seg.conflict": {"overlap.high"}}


@pytest.mark.parametrize("category", CASES)
def test_each_finding_speaks_where_it_should(category: str, tmp_path: Path) -> None:
    spoil, count, message = CASES[category]
    content = document()
    lay_out(tmp_path, content)
    spoil(content, tmp_path)
    findings = found(lay_out(tmp_path, content))
    assert findings.keys() - ALSO.get(category, set()) == {category}
    assert findings[category].count == count
    assert findings[category].message.startswith(message)


def test_masks_that_overlap_much_are_said(tmp_path: Path) -> None:
    content = document()
    crossing(content, tmp_path)
    findings = found(lay_out(tmp_path, content))
    assert findings.keys() == {"overlap.high"}
    assert findings["overlap.high"].message.endswith("% of the labelled pixels are covered by several masks")


def class_map(folder: Path, name: str, void: float) -> None:
    """A VOC label whose upper rows are void, and a photo beside it."""
    pixels = np.full((100, 100), 7, np.uint8)
    pixels[:50, :40] = 8
    pixels[: round(100 * void)] = 255
    for below, picture in (
        ("SegmentationClass", Image.fromarray(pixels)),
        ("JPEGImages", photo(int(void * 100), (100, 100))),
    ):
        (folder / below).mkdir(parents=True, exist_ok=True)
        picture.save(folder / below / name.replace(".png", ".jpg" if below == "JPEGImages" else ".png"))


def test_void_is_said_where_there_is_much(tmp_path: Path) -> None:
    class_map(tmp_path, "a.png", 0.1)
    assert found(tmp_path).keys() == {"class.unused"}
    class_map(tmp_path, "b.png", 0.95)
    findings = found(tmp_path)
    assert findings["void.high"].message == "52% of all pixels are void"
    assert findings["image.void"].examples == ("'b.png' (95.0% void)",)


def test_void_is_not_what_instances_leave_as_background(tmp_path: Path) -> None:
    content = document()
    content["annotations"] = content["annotations"][:1]
    assert found(lay_out(tmp_path, content)).keys() == {"image.empty", "class.unused"}


def test_a_folder_without_any_of_the_photos_is_one_warning(tmp_path: Path) -> None:
    source = lay_out(tmp_path / "a", document())
    (tmp_path / "none").mkdir()
    findings = found(source, photos=tmp_path / "none")
    assert {name: row.is_error for name, row in findings.items()} == {"photo.none": False}


def test_equal_labels_tell_repeated_pictures_where_there_are_no_photos(tmp_path: Path) -> None:
    content = document()
    (tmp_path / "photos").mkdir()
    same_photo_and_label(content, tmp_path)
    (tmp_path / "train.json").write_text(json.dumps(content))
    findings = {row.category: row for row in cocoseg.check(tmp_path / "train.json").findings}
    assert findings.keys() == {"picture.twice"}
    assert str(findings["picture.twice"]) == "picture.twice: 1 image with the label of another one: '1.png' = '2.png'"


def test_labels_with_little_in_them_do_not_make_pictures_equal(tmp_path: Path) -> None:
    content = document()
    box = np.zeros(SIZE, np.bool_)
    box[10:20, 20:24] = True
    content["annotations"] = [annotation(k, k, 1 + k % 3, box) for k in range(1, 5)]
    (tmp_path / "train.json").write_text(json.dumps(content))
    assert cocoseg.check(tmp_path / "train.json").findings == ()


def test_two_sources_share_no_image_and_mean_the_same(tmp_path: Path) -> None:
    val = document(101)
    val["categories"][2]["name"] = "parrot"
    train = lay_out(tmp_path, document())
    lay_out(tmp_path, val, "val.json")
    photo(1).save(tmp_path / "photos" / "101.jpg")
    photo(1).save(tmp_path / "photos" / "1.jpg")
    findings = found(train, tmp_path / "val.json")
    assert str(findings["split.shared"]) == (
        "split.shared: 1 of 4 images of val.json are in train.json too: '1.png' = '101.png'"
    )
    assert findings["split.names"].examples == ("3 is 'bird' and 'parrot'",)
    assert findings.keys() == {"split.shared", "split.names", "split.only"}


def relabelled(content: Document, images: int) -> Document:
    """Other masks for the first images, under the same names."""
    content["annotations"] = [
        annotation(row["id"], row["image_id"], row["category_id"], blob(70 + row["id"]))
        if row["image_id"] <= images
        else row
        for row in content["annotations"]
    ]
    return content


def test_names_that_both_have_are_told_where_photos_do_not_tell(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text(json.dumps(document()))
    val = relabelled(document(), 3)
    val["images"][2]["width"] += 1
    val["annotations"] = [row for row in val["annotations"] if row["image_id"] != 3]
    (tmp_path / "val.json").write_text(json.dumps(val))
    findings = found(tmp_path / "train.json", tmp_path / "val.json")
    assert findings["split.shared"].examples == ("'4.png'",)
    assert not findings["split.name"].is_error
    assert str(findings["split.name"]) == (
        "split.name: 2 of 4 images of val.json have the name and size of one in train.json, and no photos tell whether "
        "they are the same (--photos names their folder): '1.png', '2.png'"
    )


def test_names_that_both_have_mean_nothing_where_photos_tell(tmp_path: Path) -> None:
    train = lay_out(tmp_path / "a", document())
    val = lay_out(tmp_path / "b", relabelled(document(), 3), "val.json")
    for number in range(1, 5):
        photo(60 + number).save(tmp_path / "b" / "photos" / f"{number}.jpg")
    options = {"photos": tmp_path / "a" / "photos", "val_photos": tmp_path / "b" / "photos"}
    assert "split.name" not in found(train, val, **options)
    (tmp_path / "b" / "photos" / "2.jpg").unlink()
    assert found(train, val, **options)["split.name"].examples == ("'2.png'",)


def test_a_class_in_one_source_only_is_a_warning(tmp_path: Path) -> None:
    val = document(101)
    val["annotations"] = [row for row in val["annotations"] if row["category_id"] != 3]
    train = lay_out(tmp_path / "a", document())
    result = cocoseg.check(train, lay_out(tmp_path / "b", val, "val.json"))
    only = [row for row in result.findings if row.category == "split.only"]
    assert [(row.source, row.examples, row.is_error) for row in only] == [("train.json", ("'bird'",), False)]


def test_splits_of_one_folder_are_two_sources(tmp_path: Path) -> None:
    for number, name in enumerate(("a", "b")):
        class_map(tmp_path, f"{name}.png", 0.1 * (number + 1))
        (tmp_path / "ImageSets" / "Segmentation").mkdir(parents=True, exist_ok=True)
        (tmp_path / "ImageSets" / "Segmentation" / f"{name}s.txt").write_text(name)
    result = cocoseg.check(tmp_path, tmp_path, split="as", val_split="bs")
    assert [side.statistics.images for side in result.sides] == [1, 1]
    assert {row.category for row in result.findings} == {"class.unused"}


def test_errors_come_first_and_decide_the_exit_code(tmp_path: Path) -> None:
    content = document()
    lay_out(tmp_path, content)
    for spoil in (unused_class, empty_image, broken):
        spoil(content, tmp_path)
    source = lay_out(tmp_path, content)
    result = run("check", source, "--json", "--photos", tmp_path / "photos")
    assert result.code == 1
    rows = result.summary["findings"]
    assert [(row["severity"], row["category"]) for row in rows] == [
        ("error", "rle.charset"),
        ("warning", "image.empty"),
        ("warning", "class.unused"),
    ]
    assert (result.summary["errors"], result.summary["warnings"]) == (1, 2)
    assert result.summary["sources"][0]["failed"] == 1
    lines = run("check", source, "-j1", "--quiet", "--photos", tmp_path / "photos").stdout.splitlines()
    assert lines[0] == "error    rle.charset: 1 of 5 images can't be used"


def test_warnings_alone_are_no_failure(tmp_path: Path) -> None:
    content = document()
    unused_class(content, tmp_path)
    assert run("check", lay_out(tmp_path, content)).code == 0


def test_any_number_of_workers_finds_the_same(tmp_path: Path) -> None:
    content = document(images=30)
    lay_out(tmp_path, content)
    for spoil in (unused_class, empty_image, repeated, same_photo, broken):
        spoil(content, tmp_path)
    source = lay_out(tmp_path, content)
    one, three = (
        json.dumps(cocoseg.check(source, photos=tmp_path / "photos", workers=workers).as_dict()) for workers in (1, 3)
    )
    assert one == three


@pytest.mark.parametrize("name", EVIL)
def test_names_of_strangers_harm_no_terminal(name: str, tmp_path: Path) -> None:
    content = document()
    content["categories"][2]["name"] = name
    content["categories"].append({"id": 9, "name": f"{name} "})
    content["images"].append({"id": 50, "file_name": f"{name[:100]}.jpg".replace("/", ""), "height": 40, "width": 60})
    (tmp_path / "train.json").write_text(json.dumps(content))
    result = run("check", tmp_path / "train.json", "--verbose")
    assert result.code in (0, 1)
    assert "name.case" in result.stdout
    assert all(letter.isprintable() or letter == "\n" for letter in result.stdout)
    assert max(map(len, result.stdout.splitlines())) < 600
    assert run("check", tmp_path / "train.json", "--json").summary["findings"]


def test_a_photo_folder_that_two_sources_share_has_no_strays_of_the_other(tmp_path: Path) -> None:
    train = lay_out(tmp_path, document())
    lay_out(tmp_path, document(101), "val.json")
    photo(1000).save(tmp_path / "photos" / "1000.jpg")
    assert found(train)["photo.unlabelled"].count == 5
    findings = found(train, tmp_path / "val.json")
    assert findings.keys() == {"photo.unlabelled"}
    assert findings["photo.unlabelled"].examples == ("'1000.jpg'",)


def test_every_kind_of_finding_is_met_in_these_tests() -> None:
    text = Path(__file__).read_text()
    by_the_category_of_the_reader = {"refused", "warning"}
    assert [kind for kind in KINDS.keys() - by_the_category_of_the_reader if f'"{kind}"' not in text] == []


# What is odd about each real set, on the first screen.
REAL = {
    "coco_instances/lvis_val_100.json": ("seg.bbox", True),
    "coco_instances/instances_val2014_fakesegm100_results.json": ("categories.none", False),
    "taco/annotations.json": ("id.zero", False),
    "kitti/kitti_dataset": ("picture.conflict", True),
    "mapillary/mapillary_vistas_dataset": ("picture.conflict", True),
    "synthia/synthia_dataset": ("images.none", True),
}


@pytest.mark.parametrize("name", REAL)
def test_what_is_odd_about_real_data_is_found(name: str, real_data: Path) -> None:
    if not (real_data / name).exists():
        pytest.skip(f"{name} is not there")
    category, is_error = REAL[name]
    result = cocoseg.check(real_data / name)
    assert (category, is_error) in [(row.category, row.is_error) for row in result.findings[:5]]


@pytest.mark.parametrize("name", ["coco_instances/instances_val2014_100.json", "yolo_seg/YOLOv8", "voc/pascalvoc"])
def test_nothing_is_wrong_with_these_real_data(name: str, real_data: Path) -> None:
    if not (real_data / name).exists():
        pytest.skip(f"{name} is not there")
    assert cocoseg.check(real_data / name).errors == []


def test_images_are_shared_though_one_source_has_no_photo(tmp_path: Path) -> None:
    train = lay_out(tmp_path, document())
    (tmp_path / "none").mkdir()
    (tmp_path / "val.json").write_text(json.dumps(document()))
    findings = found(train, tmp_path / "val.json", photos=tmp_path / "photos", val_photos=tmp_path / "none")
    assert findings["split.shared"].count == 4
