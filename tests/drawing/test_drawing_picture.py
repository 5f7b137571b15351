"""What is drawn of samples: golden drawings, and what must hold for any sample."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import cocoseg
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import encode
from cocoseg.drawing.colors import class_colors
from cocoseg.drawing.picture import Look, colored, picture
from cocoseg.errors import LabelError, UsageError
from cocoseg.labels import PRESETS, LabelClass, LabelScheme, label_scheme
from cocoseg.model import Sample
from conftest import FIXTURES

SHOWN = FIXTURES / "expected" / "shown"
MODES = ["overlay", "outline", "side-by-side", "classes"]
RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)
SCHEME = LabelScheme(
    "three",
    (
        LabelClass(0, "thing", (1,), True, RED),
        LabelClass(1, "stuff", (2,), False, GREEN),
        LabelClass(2, "ground", (3,), False, (0, 0, 0)),
    ),
)


def sample(masks: list[list[str]], categories: list[int], crowds: list[bool] | None = None) -> Sample:
    arrays = np.array([[[letter == "#" for letter in row] for row in rows] for rows in masks])
    crowd = np.array(crowds or [False] * len(masks), np.bool_)
    ids = np.array(categories, np.int64)
    return Sample("a.png", 1, np.arange(len(masks)), category_ids=ids, iscrowd=crowd, shapes=encode(arrays))


def plain(found: Sample, **options: object) -> np.ndarray:
    """The colours alone, without a name."""
    return cocoseg.overlay(None, found, SCHEME, alpha=1, names=False, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", range(3))
def test_drawings_of_the_fixtures(mode: str, place: int) -> None:
    dataset = cocoseg.read(FIXTURES / "panoptic.json")
    found = dataset[place]
    photo = np.array(Image.open(FIXTURES / "photos" / found.key))
    look = Look(mode, names=False, scale=8)  # type: ignore[arg-type]
    drawn = picture(photo, found, cocoseg.label_scheme("index", dataset), look)
    np.testing.assert_array_equal(drawn, np.array(Image.open(SHOWN / mode / found.key)))


def test_drawing_of_masks_that_overlap() -> None:
    dataset = cocoseg.read(FIXTURES / "instances.json")
    drawn = picture(None, dataset[0], cocoseg.label_scheme("index", dataset), Look(names=False, scale=8))
    np.testing.assert_array_equal(drawn, np.array(Image.open(SHOWN / "on-white" / dataset[0].key)))


def test_the_first_thing_has_the_colour_of_its_class_and_others_have_shades() -> None:
    drawn = plain(sample([["#...."], [".#..."], ["..#.."], ["...#."]], [1, 1, 1, 2]))[0].tolist()
    assert tuple(drawn[0]) == RED
    assert tuple(drawn[3]) == GREEN
    assert len({tuple(color) for color in drawn[:3]}) == 3
    assert all(color[0] > color[1] == color[2] for color in drawn[:3])
    assert drawn[4] == [255, 255, 255]


def test_seven_things_of_a_class_differ() -> None:
    rows = np.eye(7, dtype=bool)[:, None, :]
    found = replace(
        sample([["#"]], [1]), ids=np.arange(7), category_ids=np.ones(7, np.int64), iscrowd=np.zeros(7, bool)
    )
    assert len(np.unique(plain(replace(found, shapes=encode(rows)))[0], axis=0)) == 7


def test_void_black_classes_and_what_has_no_label_stay_as_they_are() -> None:
    found = sample([["#..."], [".#.."], ["..#."]], [1, 3, 2])
    drawn = plain(found)[0].tolist()
    assert drawn[1] == drawn[3] == [255, 255, 255]
    assert plain(replace(found, iscrowd=np.array([True, False, False]))).shape == (1, 4, 3)
    void = replace(SCHEME, crowd="void")
    crowd = replace(found, iscrowd=np.array([True, False, False]))
    assert cocoseg.overlay(None, crowd, void, alpha=1, names=False)[0, 0].tolist() == [255, 255, 255]


def test_a_mask_that_is_not_drawn_hides_those_below_as_in_the_class_map() -> None:
    found = sample([["###."], [".##."]], [1, 3])
    assert plain(found)[0].tolist() == [list(RED), [255] * 3, [255] * 3, [255] * 3]


def test_only_draws_classes_as_if_there_were_no_others() -> None:
    found = sample([["###."], [".##."]], [1, 2])
    assert plain(found)[0].tolist() == [list(RED), list(GREEN), list(GREEN), [255] * 3]
    assert plain(found, only={0})[0].tolist() == [list(RED), list(RED), list(RED), [255] * 3]
    assert plain(found, only=set())[0].tolist() == [[255] * 3] * 4


def test_the_rule_for_overlaps_is_the_scheme_s() -> None:
    found = sample([[".#.."], ["###."]], [1, 2])
    assert plain(found)[0, 1].tolist() == list(GREEN)
    by_area = replace(SCHEME, overlap="area")
    assert cocoseg.overlay(None, found, by_area, alpha=1, names=False)[0, 1].tolist() == list(RED)
    contested = replace(SCHEME, overlap="void")
    assert cocoseg.overlay(None, found, contested, alpha=1, names=False)[0, 1].tolist() == [255] * 3


def test_half_of_a_crowd_is_hatched_and_its_outline_whole() -> None:
    rows = [["#" * 60] * 60]
    photo = np.zeros((60, 60, 3), np.uint8)
    drawn = cocoseg.overlay(photo, sample(rows, [1], [True]), SCHEME, alpha=1, names=False)
    assert 0.45 < (drawn[..., 0] > 0).mean() < 0.55
    padded = [["." * 60, *["." + "#" * 58 + "."] * 58, "." * 60]]
    outlined = cocoseg.overlay(photo, sample(padded, [1], [True]), SCHEME, alpha=1, names=False)
    assert (outlined[1, 1:-1] == RED).all()


def test_a_sample_of_a_class_map_need_not_be_hatched() -> None:
    found = sample([["#" * 60] * 60], [1], [True])
    drawn = cocoseg.overlay(None, found, SCHEME, alpha=1, names=False, hatch=False)
    assert (drawn == RED).all()


def test_the_photo_is_not_changed() -> None:
    photo = np.full((1, 4, 3), 9, np.uint8)
    cocoseg.overlay(photo, sample([["##.."]], [1]), SCHEME)
    assert (photo == 9).all()


def test_names_are_written_where_there_is_room() -> None:
    found = sample([["#" * 200] * 100], [1])
    bare = cocoseg.overlay(None, found, SCHEME, names=False)
    named = cocoseg.overlay(None, found, SCHEME)
    changed = np.argwhere((bare != named).any(axis=2))
    assert len(changed)
    assert abs(changed.mean(axis=0) - [50, 100]).max() < 6
    narrow = sample([["#" * 5] * 100], [1])
    np.testing.assert_array_equal(
        cocoseg.overlay(None, narrow, SCHEME), cocoseg.overlay(None, narrow, SCHEME, names=False)
    )


def test_the_name_of_a_small_thing_stands_above_it() -> None:
    rows = [["." * 100] * 50 + ["." * 45 + "#" * 10 + "." * 45] * 10 + ["." * 100] * 40]
    found = sample(rows, [1])
    bare, named = cocoseg.overlay(None, found, SCHEME, names=False), cocoseg.overlay(None, found, SCHEME)
    changed = np.argwhere((bare != named).any(axis=2))
    assert len(changed)
    assert changed[:, 0].max() < 51


def test_without_labels_colours_follow_category_ids() -> None:
    drawn = cocoseg.overlay(None, sample([["#."], [".#"]], [0, 510]), alpha=1, names=False)[0].tolist()
    assert drawn[0] == [128, 0, 0]
    assert drawn[1] != drawn[0]


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(0, 12),
    st.sampled_from(MODES),
    st.booleans(),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
)
def test_any_sample_is_drawn(size: tuple[int, int], count: int, mode: str, legend: bool, scale: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    masks = random.random((count, *size)) < random.random((count, 1, 1))
    ids = random.integers(1, 4, count)
    crowds = random.random(count) < 0.3
    found = Sample("a.png", 1, np.arange(count), category_ids=ids, iscrowd=crowds, shapes=encode(masks))
    photo = random.integers(0, 256, (*size, 3), np.uint8)
    drawn = picture(photo, found, SCHEME, Look(mode, legend=legend, scale=scale))  # type: ignore[arg-type]
    height, width = scale * size[0], scale * size[1]
    if not legend:
        assert drawn.shape == (height, 2 * width + 4 if mode == "side-by-side" else width, 3)
    assert drawn.dtype == np.uint8
    np.testing.assert_array_equal(
        picture(photo, found, SCHEME, Look(mode, legend=legend, scale=scale)),
        drawn,  # type: ignore[arg-type]
    )


def test_thousands_of_instances_and_hundreds_of_classes_are_drawn() -> None:
    numbers = np.arange(2000).repeat(9).reshape(120, 150)
    segments, lengths = numbers.reshape(-1), np.ones(18000, np.intp)
    classes = tuple(LabelClass(k, f"class {k}", (k,)) for k in range(300))
    found = Sample(
        *("a.png", 1, np.arange(2000)),
        category_ids=np.arange(2000) % 300,
        iscrowd=np.zeros(2000, bool),
        shapes=Regions((120, 150), 2000, segments, lengths),
    )
    drawn = picture(None, found, LabelScheme("many", classes, void=65535), Look(legend=True))
    assert drawn.shape[0] >= 120
    assert drawn.shape[1] > 150


def test_colors_are_the_presets() -> None:
    tables = [label_scheme(name) for name, preset in PRESETS.items() if preset.table]
    assert len(tables) > 8
    for scheme in tables:
        indices = np.array([[row.index for row in scheme.table]])
        expected = [row.color for row in scheme.table]
        drawn = [tuple(color) for color in cocoseg.colorize(indices, scheme)[0].tolist()]
        assert [one for one, color in zip(drawn, expected, strict=True) if color] == [c for c in expected if c]
        assert cocoseg.colorize(np.array([[scheme.void]]), scheme)[0, 0].tolist() == list(scheme.palette[scheme.void])


def test_colors_of_sixteen_bits_go_on_where_the_palette_ends() -> None:
    scheme = LabelScheme("many", tuple(LabelClass(k, f"{k}", (k,)) for k in range(1200)), void=65535)
    colors = class_colors(scheme)[:1200]
    assert len(np.unique(colors, axis=0)) == 1200
    assert colors.any(axis=1).all()
    np.testing.assert_array_equal(cocoseg.colorize(np.array([[7, 1100]]), scheme)[0], colors[[7, 1100]])


def test_classes_are_the_colours_of_the_class_map() -> None:
    dataset = cocoseg.read(FIXTURES / "voc")
    scheme = cocoseg.label_scheme("index", dataset)
    expected = cocoseg.colorize(cocoseg.semantic(dataset[0], scheme), scheme)
    np.testing.assert_array_equal(picture(None, dataset[0], scheme, Look("classes")), expected)


def test_colored_is_a_lookup() -> None:
    numbers = np.random.default_rng(0).integers(0, 5, (7, 9))
    colors = np.random.default_rng(1).integers(0, 256, (5, 3), np.uint8)
    np.testing.assert_array_equal(colored(numbers, colors), colors[numbers])


@pytest.mark.parametrize(
    ("call", "category"),
    [
        (lambda found: cocoseg.overlay(np.zeros((2, 4, 3), np.uint8), found, SCHEME), "usage.photo"),
        (lambda found: cocoseg.overlay(np.zeros((1, 4), np.uint8), found, SCHEME), "usage.photo"),
        (lambda found: cocoseg.overlay(np.zeros((1, 4, 3)), found, SCHEME), "usage.photo"),
        (lambda found: cocoseg.overlay(None, found, SCHEME, alpha=1.5), "usage.alpha"),
        (lambda found: cocoseg.overlay(None, found, SCHEME, alpha=float("nan")), "usage.alpha"),
        (lambda found: cocoseg.overlay(None, [found], SCHEME), "usage.sample"),
        (lambda found: cocoseg.colorize(np.zeros((2, 2)), SCHEME), "usage.class_map"),
        (lambda found: cocoseg.colorize(np.array([[256]]), SCHEME), "usage.class_map"),
        (lambda found: cocoseg.colorize(np.array([[-1]]), SCHEME), "usage.class_map"),
        (lambda found: cocoseg.colorize([[0]], SCHEME), "usage.class_map"),
    ],
)
def test_wrong_values_are_refused(call: object, category: str) -> None:
    with pytest.raises(UsageError) as caught:
        call(sample([["#..."]], [1]))  # type: ignore[operator]
    assert caught.value.category == category


def test_a_preset_that_follows_the_data_set_is_refused_with_advice() -> None:
    with pytest.raises(LabelError, match="pass cocoseg.label_scheme"):
        cocoseg.overlay(None, sample([["#"]], [1]), "index")
