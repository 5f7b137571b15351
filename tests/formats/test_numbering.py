"""Pictures of instance numbers that encode the class too: what they are, and which of their segments are crowds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cocoseg
from cocoseg.files.png.write import write_class_map
from command import cocoseg as run

CITY = ((7, "road", 0), (24, "person", 1), (26, "car", 1))
TRAIN_IDS = ((0, "road", 0), (11, "person", 1), (13, "car", 1))
VISTAS = ((13, "road", 0), (19, "person", 1), (55, "car", 1))
OTHER = ((1, "road", 0), (2, "car", 1))
Pair = tuple[list[int], list[int]]
GROUP: Pair = ([7, 24, 26, 26, 26, 0], [7, 24000, 26, 26000, 26001, 0])
CARS = [(26, True), (26, False), (26, False)]
CITYSCAPES = "class·1000 + n from 0, where the class alone is a crowd"


def lay_out(folder: Path, categories: Any, *pairs: Pair) -> dict[str, Any]:
    """The source and options of a data set with these class maps and pictures of numbers."""
    for number, pair in enumerate(pairs):
        for name, row, dtype in zip(("classes", "numbers"), pair, (np.uint8, np.uint16), strict=True):
            (folder / name).mkdir(exist_ok=True)
            (folder / name / f"{number}.png").write_bytes(write_class_map(np.array([row], dtype)))
    rows = [{"id": i, "name": name} | ({} if kind is None else {"isthing": kind}) for i, name, kind in categories]
    (folder / "c.json").write_text(json.dumps(rows))
    return {"path": folder / "classes", "categories": folder / "c.json", "instances": folder / "numbers"}


def segments(sample: cocoseg.Sample) -> list[tuple[int, bool]]:
    return list(zip(sample.category_ids.tolist(), sample.iscrowd.tolist(), strict=True))


@pytest.mark.parametrize(
    ("categories", "pair", "found"),
    [
        (CITY, GROUP, [(7, False), (24, False), *CARS]),
        ([(number, name, None) for number, name, _ in CITY], GROUP, [(7, False), (24, False), *CARS]),
        (CITY, ([7, 24, 26], [7, 24, 26]), [(7, False), (24, True), (26, True)]),
        (
            TRAIN_IDS,
            ([0, 11, 13, 13, 13, 255], [*GROUP[1][:5], 3]),
            [(0, False), (11, False), (13, True), (13, False), (13, False)],
        ),
        # KITTI: n from 1, 0 is no instance
        (
            CITY,
            ([7, 24, 26, 26, 26], [7 * 256, 24 * 256 + 1, 26 * 256, 26 * 256 + 1, 26 * 256 + 2]),
            [(7, False), (24, False), *CARS],
        ),
        # Mapillary Vistas: n from 0
        (
            VISTAS,
            ([13, 55, 55, 19], [13 * 256, 55 * 256, 55 * 256 + 1, 19 * 256]),
            [(13, False), (19, False), (55, False), (55, False)],
        ),
        # class·1000 + 0 for stuff, so for groups too
        (OTHER, ([1, 2, 2, 2], [1000, 2000, 2001, 2002]), [(1, False), (2, True), (2, False), (2, False)]),
        (OTHER, ([1, 2, 2, 2], [1, 2000, 2001, 2002]), [(1, False), (2, False), (2, False), (2, False)]),
        # numbers alone, small, large, or like classes
        (OTHER, ([1, 2, 2, 2], [0, 1, 2, 0]), [(1, False), (2, True), (2, False), (2, False)]),
        (OTHER, ([1, 2, 2, 2], [0, 700, 1500, 2300]), [(1, False), (2, False), (2, False), (2, False)]),
        (CITY, ([7, 24, 26], [5, 9, 1003]), [(7, False), (24, False), (26, False)]),
        (OTHER, ([1, 2, 2, 2], [0, 1, 2, 3]), [(1, False), (2, False), (2, False), (2, False)]),
    ],
)
def test_groups_are_crowds_and_the_first_instance_is_a_thing(
    categories: Any, pair: Pair, found: list[tuple[int, bool]], tmp_path: Path
) -> None:
    (sample,) = cocoseg.read(**lay_out(tmp_path, categories, pair))
    assert segments(sample) == found


UNKNOWN = [(number, name, None) for number, name, _ in CITY]
NUMBERED: Pair = ([7, 24, 26, 26, 26], [0, 1, 0, 2, 3])


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        ((NUMBERED,), [(7, False), (24, False), *CARS]),
        ((([7, 26], [0, 0]), NUMBERED), [(7, False), (26, True)]),  # a group where only another picture has numbers
        ((([7, 26], [7, 26]), GROUP), [(7, False), (26, True)]),
        ((([7, 24, 26], [7, 24, 26]),), [(7, True), (24, True), (26, True)]),  # as in class maps alone
        ((([7, 24, 26], [0, 0, 0]),), [(7, True), (24, True), (26, True)]),
    ],
)
def test_groups_are_crowds_where_nothing_says_what_is_a_thing(
    pairs: tuple[Pair, ...], found: list[tuple[int, bool]], tmp_path: Path
) -> None:
    assert segments(cocoseg.read(**lay_out(tmp_path, UNKNOWN, *pairs))[0]) == found


def test_a_thing_that_later_pictures_number_has_groups_there(tmp_path: Path) -> None:
    dataset = cocoseg.read(**lay_out(tmp_path, UNKNOWN, ([7, 24], [0, 1])))
    later = cocoseg.read(**lay_out(tmp_path, UNKNOWN, *[([7, 24], [0, 1])] * 32, ([26, 26, 24], [0, 1, 0])))
    assert segments(dataset[0]) == [(7, False), (24, False)]
    assert [pair for sample in later for pair in segments(sample) if pair[0] == 26] == [(26, True), (26, False)]


def test_what_was_decided_is_said(tmp_path: Path) -> None:
    options = lay_out(tmp_path, CITY, GROUP)
    said = f"folder of class maps, with instance numbers as {CITYSCAPES}"
    assert cocoseg.read(**options).read_as == said
    args = ("--categories", options["categories"], "--instances", options["instances"])
    result = run("to-coco", options["path"], tmp_path / "a.json", *args, "--from", "semantic")
    assert result.stdout.startswith(f"SRC was read as a {said}; --source-format overrides this\n")
    rows = json.loads((tmp_path / "a.json").read_text())["annotations"]
    assert [(row["category_id"], row["iscrowd"]) for row in rows] == [(7, 0), (24, 0), (26, 1), (26, 0), (26, 0)]


def test_a_picture_of_another_image_is_refused(tmp_path: Path) -> None:
    dataset = cocoseg.read(**lay_out(tmp_path, CITY, GROUP, ([7, 24], [7, 26001]), GROUP))
    assert segments(dataset[0]) == segments(dataset[2]) == [(7, False), (24, False), *CARS]
    with pytest.raises(cocoseg.SampleError, match="the number is 26001 where the class map has 24") as caught:
        dataset[1]
    assert caught.value.category == "maps.instance"


@pytest.mark.parametrize(
    ("pair", "crowd"), [(([1, 2, 2], [256, 512, 513]), False), (([1, 2, 2], [256, 512, 512]), True)]
)
def test_a_first_number_that_shows_nowhere_is_a_warning(pair: Pair, crowd: bool, tmp_path: Path) -> None:
    dataset = cocoseg.read(**lay_out(tmp_path, OTHER, pair))
    assert segments(dataset[0])[1] == (2, crowd)
    (problem,) = dataset.problems
    assert (problem.category, "--instance-code says otherwise" in problem.message) == ("maps.instance", True)


OWN = tuple((number, f"c{number}", int(number >= 25)) for number in range(31))
OWN_256: Pair = ([3, 25, 25, 30, 30], [768, 6400, 6401, 7680, 7681])
ALL_1000: Pair = ([1, 2, 2], [1000, 2000, 2001])
EQUAL = tuple((number, f"c{number}", 1) for number in (1, 2, 3))
THREE: Pair = ([0, 1, 2, 3], [0, 1, 2, 3])
GROUP_1000: Pair = ([7, 24, 26, 26], [7, 24001, 26000, 26001])


@pytest.mark.parametrize(
    ("categories", "pairs", "crowds", "warned"),
    [
        # own classes with ids as Cityscapes has, and the first instance of every class in every picture
        (OWN, [OWN_256] * 12, [], False),
        (tuple((*row[:2], None) for row in OWN), [OWN_256] * 12, [], False),
        (OWN, [([3, 25, 25], [768, 6400, 6401]), ([3, 30], [768, 7681])], [25], False),
        (CITY, [([7, 26, 26], [7 * 256, 26 * 256, 26 * 256 + 1])], [26], True),
        # stuff as class·1000
        (OTHER, [ALL_1000] * 6, [], True),
        ([(*row[:2], None) for row in OTHER], [ALL_1000] * 6, [], False),
        (OTHER, [ALL_1000, ([1, 2], [1000, 2001])], [2], False),
        (OTHER, [ALL_1000], [2], True),
        # numbers that are those of classes
        (EQUAL, [THREE] * 4, [], True),
        (EQUAL, [THREE, ([0, 1, 2], [0, 1, 2])], [], True),
        (((1, "road", 0), *EQUAL[1:]), [THREE] * 4, [2, 3], False),
        (EQUAL, [([0, 1, 3, 2], [0, 1, 3, 2]), ([1, 3], [1, 3])], [1, 2, 3], True),
        # n = 0 as often missing as there, beside classes alone
        (CITY, [GROUP_1000], [], True),
        (CITY, [GROUP], [26], False),
    ],
)
def test_the_first_number_is_what_all_pictures_show(
    categories: Any, pairs: list[Pair], crowds: list[int], warned: bool, tmp_path: Path
) -> None:
    dataset = cocoseg.read(**lay_out(tmp_path, categories, *pairs))
    assert sorted({number for sample in dataset for number, crowd in segments(sample) if crowd}) == crowds
    assert [problem.category for problem in dataset.problems] == ["maps.instance"] * warned


def test_numbers_that_are_those_of_classes_are_said(tmp_path: Path) -> None:
    (problem,) = cocoseg.read(**lay_out(tmp_path, EQUAL, THREE)).problems
    assert "every number is that of its class" in problem.message
    assert "they are read as numbers of objects alone; --instance-code says otherwise" in problem.message


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("thousands", [(1, False), (2, False), (2, False)]),
        ("thousands-from-1", [(1, False), (2, True), (2, False)]),
        ("plain", [(1, False), (2, False), (2, False)]),
    ],
)
def test_the_option_decides(code: Any, found: list[tuple[int, bool]], tmp_path: Path) -> None:
    dataset = cocoseg.read(**lay_out(tmp_path, OTHER, ([1, 2, 2], [1000, 2000, 2001])), instance_code=code)
    assert segments(dataset[0]) == found
    assert dataset.problems == ()


KITTI: Pair = ([7, 24, 26, 26], [7 * 256, 24 * 256 + 1, 26 * 256 + 1, 26 * 256 + 2])


@pytest.mark.parametrize(
    ("categories", "pair", "code", "said"),
    [
        (CITY, GROUP, "by-256", "under class·1000 [+] n;"),
        (CITY, KITTI, "thousands", "under class·256 [+] n;"),
        (TRAIN_IDS, ([0, 11, 13, 13], [7, 24000, 26, 26001]), "by-256", "numbers of one class are of several"),
    ],
)
def test_an_option_that_contradicts_the_pictures_is_refused(
    categories: Any, pair: Pair, code: Any, said: str, tmp_path: Path
) -> None:
    with pytest.raises(cocoseg.UsageError, match=f"--instance-code is {code}, but .*{said}") as caught:
        cocoseg.read(**lay_out(tmp_path, categories, pair, pair), instance_code=code)
    assert caught.value.category == "usage.instance_code"


def test_plain_numbers_that_make_groups_objects_are_a_warning(tmp_path: Path) -> None:
    (problem,) = cocoseg.read(**lay_out(tmp_path, CITY, GROUP), instance_code="plain").problems
    assert (problem.category, "groups that plain numbers make objects" in problem.message) == ("maps.instance", True)


@pytest.mark.parametrize("pair", [KITTI, ([7, 24], [7 * 256, 24 * 256])])
def test_an_option_that_agrees_is_taken_and_checked(pair: Pair, tmp_path: Path) -> None:
    options = lay_out(tmp_path, CITY, pair, pair, ([7, 24], [7 * 256, 26 * 256]))
    dataset = cocoseg.read(**options, instance_code="by-256-from-1")
    assert dataset.problems == ()
    with pytest.raises(cocoseg.SampleError, match=r"expected class·256 [+] n from 1"):
        dataset[2]


def test_an_option_is_taken_for_train_ids(tmp_path: Path) -> None:
    dataset = cocoseg.read(
        **lay_out(tmp_path, TRAIN_IDS, ([0, 13, 13, 13], [7, 26, 26000, 26001])), instance_code="thousands"
    )
    assert (segments(dataset[0]), dataset.problems) == ([(0, False), (13, True), (13, False), (13, False)], ())


def test_the_option_needs_numbers(tmp_path: Path) -> None:
    options = lay_out(tmp_path, OTHER, ([1, 2], [1000, 2000]))
    del options["instances"]
    with pytest.raises(cocoseg.UsageError, match="--instance-code needs the folder --instances"):
        cocoseg.read(**options, instance_code="plain")
