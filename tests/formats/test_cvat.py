"""CVAT for images 1.1: an XML about all images."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np
import pytest
from formats.drawings import drawn, expected
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as oracle

import cocoseg
from cocoseg.codecs.rle import decode, take
from cocoseg.codecs.segmentation import from_coco
from cocoseg.formats.cvat import drawn as parse
from cocoseg.formats.detect import detect
from cocoseg.model import Sample
from conftest import FIXTURES

CVAT = FIXTURES / "cvat"
LETTERS = {"car": "c", "person": "p", "road": "r", "pole": "l"}
NAMES = ["street", "park", "empty"]
SUBSETS = [("a.jpg", "Train"), ("a.jpg", "Val"), ("b.jpg", "Val")]


def document(*rows: str, meta: str = "", size: tuple[int, int] = (8, 10), head: str = "") -> str:
    image = f'<image id="0" name="a.jpg" width="{size[1]}" height="{size[0]}">{"".join(rows)}</image>'
    return f"{head}<annotations><version>1.1</version><meta>{meta}</meta>{image}</annotations>"


@pytest.fixture
def sample(tmp_path: Path) -> Callable[..., Sample]:
    def read(*rows: str, size: tuple[int, int] = (8, 10)) -> Sample:
        (tmp_path / "annotations.xml").write_text(document(*rows, size=size))
        return cocoseg.read(tmp_path / "annotations.xml")[0]

    return read


def refused(text: str, folder: Path) -> cocoseg.DocumentError:
    (folder / "annotations.xml").write_text(text)
    with pytest.raises(cocoseg.DocumentError) as caught:
        cocoseg.read(folder / "annotations.xml", source_format="cvat")
    return caught.value


def mask_of(sample: Sample, number: int = 0) -> np.ndarray:
    return decode(take(sample.runs, np.array([number])))[0]


def test_is_recognised_by_its_beginning() -> None:
    assert detect(CVAT) == "cvat"
    assert detect(CVAT / "annotations.xml") == "cvat"


@pytest.mark.parametrize("number", range(3))
def test_the_drawn_set_is_what_was_drawn(number: int) -> None:
    dataset = cocoseg.read(CVAT)
    assert drawn(dataset[number], dataset, LETTERS) == expected(f"cvat/{NAMES[number]}")


def test_labels_are_classes_in_their_order_with_their_colours() -> None:
    dataset = cocoseg.read(CVAT)
    assert [(row.id, row.name) for row in dataset.categories] == list(enumerate(["car", "person", "road", "pole"], 1))
    assert dataset.categories[0].color == (0x33, 0xDD, 0xFF)


def test_what_has_no_area_is_counted_once() -> None:
    problems = [problem.message for problem in cocoseg.read(CVAT).problems]
    assert [text.partition(": ")[2] for text in problems] == [
        "left out 1 points, 1 polyline, 1 tag, which have no area"
    ]


def test_shapes_of_a_group_are_one_object_and_those_without_are_not() -> None:
    street, park, _ = cocoseg.read(CVAT)
    assert (len(street.ids), len(park.ids)) == (4, 2)


def test_a_group_of_two_labels_is_two_objects(sample: Callable[..., Sample]) -> None:
    rows = [
        f'<box label="{name}" xtl="0" ytl="0" xbr="2" ybr="2" group_id="{group}"/>'
        for name, group in (("a", 1), ("b", 1), ("a", 0), ("a", 0))
    ]
    assert len(sample(*rows).ids) == 4


def test_a_group_around_another_object_is_told(sample: Callable[..., Sample]) -> None:
    def box(name: str, left: int, group: int, order: int) -> str:
        size = f'xtl="{left}" ytl="0" xbr="{left + 4}" ybr="2"'
        return f'<box label="{name}" {size} group_id="{group}" z_order="{order}"/>'

    told = sample(box("a", 0, 1, 0), box("b", 3, 0, 1), box("a", 6, 1, 2)).problems
    assert [problem.category for problem in told] == ["overlap.group"]
    assert "where its first shape does: 2 pixels change hands" in told[0].message
    assert not sample(box("a", 0, 1, 0), box("b", 3, 0, 1), box("a", 7, 1, 2)).problems
    assert not sample(box("a", 0, 1, 0), box("a", 6, 1, 1), box("b", 3, 0, 2)).problems


def test_z_order_is_stable(sample: Callable[..., Sample]) -> None:
    rows = [
        f'<box label="{name}" xtl="{left}" ytl="0" xbr="{left + 1}" ybr="1" z_order="{z}"/>'
        for left, (name, z) in enumerate([("a", 1), ("b", -2), ("c", 1), ("d", 0), ("e", -2)])
    ]
    lefts = [int(mask_of(found, k).argmax()) for found in [sample(*rows)] for k in range(5)]
    assert lefts == [1, 4, 3, 0, 2]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 45), st.floats(-5, 35)), min_size=3, max_size=9))
def test_polygons_are_those_of_pycocotools(points: list[tuple[float, float]]) -> None:
    text = [(f"{x:.2f}", f"{y:.2f}") for x, y in points]
    rows = [["polygon", {"label": "a", "points": ";".join(",".join(point) for point in text)}]]
    shape = parse(msgspec.json.encode({"size": [30, 40], "elements": rows})).shapes[0]
    ring = [float(value) for point in text for value in point]
    assert shape.value == [ring]
    wanted = from_coco([oracle.merge(oracle.frPyObjects([ring], 30, 40))])
    np.testing.assert_array_equal(cocoseg.decode(shape.value, (30, 40)), decode(wanted)[0])


def test_masks_are_runs_along_rows_and_may_stick_out(sample: Callable[..., Sample]) -> None:
    rng = np.random.default_rng(4)
    for left, top in ((0, 0), (3, 2), (-2, -3), (8, 6), (40, 0)):
        bits = rng.random((5, 4)) < 0.5
        runs = [len(list(run)) for _, run in groupby(bits.ravel().tolist())]
        text = ", ".join(map(str, [0, *runs] if bits[0, 0] else runs))
        found = sample(f'<mask label="a" rle="{text}" left="{left}" top="{top}" width="4" height="5"/>')
        whole = np.zeros((50, 90), bool)
        whole[20 + top : 25 + top, 20 + left : 24 + left] = bits
        np.testing.assert_array_equal(mask_of(found), whole[20:28, 20:30])


def test_a_rotated_ellipse_covers_the_pixels_whose_centres_it_covers(sample: Callable[..., Sample]) -> None:
    found = sample('<ellipse label="a" cx="30" cy="20" rx="18.5" ry="7" rotation="30"/>', size=(40, 60))
    ys, xs = np.mgrid[:40, :60] + 0.5
    along = (xs - 30) * np.cos(np.pi / 6) + (ys - 20) * np.sin(np.pi / 6)
    across = -(xs - 30) * np.sin(np.pi / 6) + (ys - 20) * np.cos(np.pi / 6)
    wanted = (along / 18.5) ** 2 + (across / 7) ** 2 <= 1
    assert (mask_of(found) != wanted).mean() < 0.01


def test_photos_lie_in_images(tmp_path: Path) -> None:
    (tmp_path / "annotations.xml").write_text((CVAT / "annotations.xml").read_text())
    assert cocoseg.read(tmp_path).photos == str(tmp_path)
    (tmp_path / "images").mkdir()
    dataset = cocoseg.read(tmp_path)
    assert (dataset.photos, dataset[1].file_name) == (str(tmp_path / "images"), "sub/park.jpg")


def test_subsets_of_a_project_are_splits(tmp_path: Path) -> None:
    images = (f'<image name="{name}" subset="{subset}" width="3" height="2"/>' for name, subset in SUBSETS)
    (tmp_path / "annotations.xml").write_text(f"<annotations><meta/>{''.join(images)}</annotations>")
    assert [sample.key for sample in cocoseg.read(tmp_path)] == ["Train/a.png", "Val/a.png", "Val/b.png"]
    assert [sample.key for sample in cocoseg.read(tmp_path, split="Val")] == ["Val/a.png", "Val/b.png"]
    with pytest.raises(cocoseg.DocumentError, match="no subset is called 'val'; the subsets are 'Train', 'Val'"):
        cocoseg.read(tmp_path, split="val")


def test_names_have_their_subset_only_where_photos_have(tmp_path: Path) -> None:
    row = '<image name="a.jpg" subset="Train" width="3" height="2"/>'
    (tmp_path / "annotations.xml").write_text(f"<annotations><meta/>{row}</annotations>")
    assert cocoseg.read(tmp_path)[0].file_name == "a.jpg"
    (tmp_path / "images" / "Train").mkdir(parents=True)
    assert cocoseg.read(tmp_path)[0].file_name == "Train/a.jpg"


def test_photos_beside_the_xml_do_not_hide_it(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "annotations.xml").write_text((CVAT / "annotations.xml").read_text().replace(".jpg", ".png"))
    Image.new("RGB", (12, 8)).save(tmp_path / "street.png")
    assert detect(tmp_path) == "cvat"


def test_several_are_named(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "annotations.xml").write_text(document())
    with pytest.raises(cocoseg.DocumentError, match="2 files with annotations: 'one/annotations.xml'"):
        cocoseg.read(tmp_path)


def test_videos_are_refused_with_what_to_do(tmp_path: Path) -> None:
    track = '<track id="0" label="car"><box frame="0" xtl="1" ytl="1" xbr="2" ybr="2" outside="0"/></track>'
    error = refused(f"<annotations><meta/>{track}</annotations>", tmp_path)
    assert "export it from CVAT as 'CVAT for images 1.1'" in error.message


def test_entities_are_refused_before_they_expand(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE annotations [<!ENTITY l0 "ha">{laughs}]>'
    outside = f'<!DOCTYPE annotations [<!ENTITY x SYSTEM "file://{tmp_path}/annotations.xml">]>'
    for head in (bomb, outside, '<!DOCTYPE annotations SYSTEM "http://localhost:9/a.dtd">'):
        assert refused(document(head=head), tmp_path).category == "xml.doctype"


def test_other_xml_is_told_from_it(tmp_path: Path) -> None:
    assert "root is <annotation>" in refused("<annotation><folder>VOC2012</folder></annotation>", tmp_path).message
    assert refused("<annotations></annotations>", tmp_path).category == "doc.kind"
    (tmp_path / "a.xml").write_text("<annotation><folder>VOC2012</folder></annotation>")
    assert detect(tmp_path / "a.xml") is None


def test_a_skeleton_with_its_points_is_one_thing_left_out(tmp_path: Path) -> None:
    row = '<skeleton label="s" z_order="0"><points label="1" points="1.00,2.00"/></skeleton>'
    labels = "<label><name>s</name><type>skeleton</type></label><label><name>1</name><parent>s</parent></label>"
    (tmp_path / "a.xml").write_text(document(row, meta=f"<job><labels>{labels}</labels></job>"))
    dataset = cocoseg.read(tmp_path / "a.xml")
    assert [row.name for row in dataset.categories] == ["s"]
    assert "left out 1 skeleton," in dataset.problems[0].message
    assert len(dataset[0].ids) == 0


def test_an_xml_in_another_encoding(tmp_path: Path) -> None:
    text = document(
        '<box label="Straße" xtl="0" ytl="0" xbr="2" ybr="2"/>', head='<?xml version="1.0" encoding="utf-16"?>'
    )
    (tmp_path / "a.xml").write_bytes(text.encode("utf-16"))
    assert [row.name for row in cocoseg.read(tmp_path / "a.xml", source_format="cvat").categories] == ["Straße"]


def test_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    for workers in (1, 2):
        cocoseg.to_semantic(CVAT, tmp_path / str(workers), workers=workers)
    one, two = (sorted((tmp_path / name).glob("**/*.png")) for name in ("1", "2"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
