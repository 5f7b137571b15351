"""COCO panoptic from everything, through Python and the command."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image

import cocoseg
from cocoseg.codecs.panoptic import ids_from_rgb
from cocoseg.model import Sample
from command import cocoseg as run
from conftest import FIXTURES
from laws import pictures, save_panoptic, scenes, unnumbered

PANOPTIC = FIXTURES / "panoptic.json"
INSTANCES = FIXTURES / "instances.json"
STUFF = FIXTURES / "stuff.json"
POLICIES = ["file", "area", "score", "void"]
REAL = "coco_panoptic/val2017_sample"


def strict(path: Path) -> Any:
    """JSON as the standard has it."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(path.read_text(), parse_constant=refuse)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def id_map(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.mode == "RGB"
        return ids_from_rgb(np.array(image))


def read_back(out: Path) -> dict[Any, Sample]:
    """What our own reader finds in OUT, which has nothing to say against it."""
    dataset = cocoseg.read(out / "panoptic.json")
    samples = {sample.image_id: sample for sample in dataset}
    assert dataset.problems == ()
    assert all(sample.problems == () for sample in samples.values())
    assert all(category.isthing is not None and category.color for category in dataset.categories)
    return samples


def drawn(out: Path, annotation: dict[str, Any]) -> str:
    """An annotation and its picture as ``fixtures/draw_stuff.py`` draws them, letters by what the legend says."""
    ids = id_map(out / "panoptic" / annotation["file_name"])
    name = {row["id"]: chr(ord("A") + place) for place, row in enumerate(annotation["segments_info"])} | {0: "."}
    lines = ["".join(name[number] for number in row) for row in ids.tolist()]
    for row in annotation["segments_info"]:
        box = " ".join(map(str, row["bbox"]))
        about = f"category {row['category_id']} crowd {row['iscrowd']} area {row['area']} bbox {box}"
        lines.append(f"{name[row['id']]}: {about}")
    return "\n".join(lines)


def renamed(text: str) -> str:
    """A drawing whose letters, those of the legend, are A, B, C ..."""
    letters = re.findall(r"^(\w): ", text, re.MULTILINE)
    grid, _, legend = text.partition(f"\n{letters[0]}: ") if letters else (text, "", "")
    table = {ord(letter): ord("A") + place for place, letter in enumerate(letters)}
    whole = "".join([grid.translate(table), f"\n{letters[0]}: " if letters else "", legend])
    return re.sub(r"^(\w):", lambda found: found[0].translate(table), whole, flags=re.MULTILINE).strip()


@pytest.mark.parametrize("policy", POLICIES)
def test_the_fixture_is_what_was_drawn(policy: str, tmp_path: Path) -> None:
    result = run("to-panoptic", INSTANCES, tmp_path / "out", "--stuff", STUFF, "--overlap", policy, "--json")
    assert (result.code, result.stderr) == (0, "")
    document = strict(tmp_path / "out" / "panoptic.json")
    assert [row["file_name"] for row in document["images"]] == ["overlap.jpg", "empty.jpg", "thin/row.jpg", "sky.jpg"]
    assert [row["image_id"] for row in document["annotations"]] == [1, 2, 3, 7]
    for annotation in document["annotations"]:
        expected = (FIXTURES / "expected/panoptic" / policy / annotation["file_name"]).with_suffix(".txt").read_text()
        assert drawn(tmp_path / "out", annotation) == renamed(expected)
    samples = read_back(tmp_path / "out")
    assert result.summary["segments"] == sum(len(sample.ids) for sample in samples.values())
    assert result.summary["segments"] == result.summary["things"] + result.summary["stuff"]


def test_categories_and_colours(tmp_path: Path) -> None:
    cocoseg.to_panoptic(INSTANCES, tmp_path / "out", stuff=STUFF)
    document = strict(tmp_path / "out" / "panoptic.json")
    assert [(row["id"], row["isthing"], row["color"]) for row in document["categories"]] == [
        (1, 1, [128, 0, 0]),
        (18, 1, [0, 128, 0]),
        (44, 1, [128, 128, 0]),
        (92, 0, [0, 200, 0]),
        (93, 0, [128, 0, 128]),
    ]
    colors = {row["id"]: np.dot(row["color"], [1, 256, 65536]) for row in document["categories"]}
    for annotation in document["annotations"]:
        met: set[int] = set()
        for row in annotation["segments_info"]:
            assert (row["id"] == colors[row["category_id"]]) == (row["category_id"] not in met)
            met.add(row["category_id"])


def test_reads_with_no_option_to_what_the_source_is(tmp_path: Path) -> None:
    cocoseg.to_panoptic(INSTANCES, tmp_path / "out", overlap="area")
    result = run("to-semantic", tmp_path / "out" / "panoptic.json", tmp_path / "maps", "--json")
    assert (result.code, result.summary["warnings"]) == (0, [])
    for name in ("overlap.png", "thin/row.png"):
        expected = np.loadtxt((FIXTURES / "expected/instances/area" / name).with_suffix(".txt"), ndmin=2)
        with Image.open(tmp_path / "maps" / name) as image:
            found = np.array(image).astype(int)
        # There unlabelled pixels are class 0 and the others from 1 on, here they are void.
        np.testing.assert_array_equal(np.where(found == 255, 0, found + 1), expected)


@pytest.mark.parametrize("source", ["fixture", "real"])
def test_a_panoptic_picture_stays_as_it_is(source: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    real = source == "real"
    path = request.getfixturevalue("real_data") / REAL / "panoptic_examples.json" if real else PANOPTIC
    cocoseg.to_panoptic(path, tmp_path / "out")
    before, after = strict(path), strict(tmp_path / "out" / "panoptic.json")
    for one, two in zip(before["annotations"], after["annotations"], strict=True):
        assert one == two
        np.testing.assert_array_equal(
            id_map(path.with_suffix("") / one["file_name"]), id_map(tmp_path / "out" / "panoptic" / two["file_name"])
        )
    assert (before["categories"], before["images"]) == (after["categories"], after["images"])
    assert not real or (before["info"], before["licenses"]) == (after["info"], after["licenses"])
    read_back(tmp_path / "out")


def test_real_detection_file_is_the_real_panoptic_one(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / REAL
    summary = cocoseg.to_panoptic(folder / "panoptic_coco_detection_format.json", tmp_path / "out")
    assert (summary.segments, summary.crowds, summary.hidden, summary.contested) == (50, 3, 0, 0)
    found = read_back(tmp_path / "out")
    reference = cocoseg.read(folder / "panoptic_examples.json")
    assert unnumbered(pictures(cocoseg.read(tmp_path / "out" / "panoptic.json"))) == unnumbered(pictures(reference))
    assert len(found) == 2
    isthing = {row.id: row.isthing for row in reference.categories}
    assert {row.id: row.isthing for row in cocoseg.read(tmp_path / "out" / "panoptic.json").categories} == isthing


def test_real_instances(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "coco_instances/instances_val2014_100.json"
    summary = cocoseg.to_panoptic(source, tmp_path / "out")
    assert (summary.images, summary.stuff) == (100, 0)
    dataset, found = cocoseg.read(source), read_back(tmp_path / "out")
    raw = cocoseg.label_scheme("cocostuff-helper", dataset)
    for sample in list(dataset)[:20]:
        whole = cocoseg.semantic(sample, labels_with_crowd(raw))
        np.testing.assert_array_equal(cocoseg.semantic(found[sample.image_id], labels_with_crowd(raw)), whole)


def labels_with_crowd(labels: cocoseg.LabelScheme) -> cocoseg.LabelScheme:
    import dataclasses

    return dataclasses.replace(labels, crowd="class")


def test_real_stuff_alone(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "coco_stuff/stuff_examples.json"
    summary = cocoseg.to_panoptic(source, tmp_path / "out")
    assert summary.images == len(read_back(tmp_path / "out"))
    assert summary.stuff >= 15


@given(scenes())
@settings(max_examples=25, deadline=None)
def test_segment_ids_are_kept(tmp_path_factory: pytest.TempPathFactory, drawn: Any) -> None:
    root = tmp_path_factory.mktemp("scenes")
    source = save_panoptic(drawn, root)
    cocoseg.to_panoptic(source, root / "out")
    assert pictures(cocoseg.read(root / "out" / "panoptic.json")) == pictures(cocoseg.read(source))


def test_the_same_bytes_for_any_number_of_workers_and_a_second_run(tmp_path: Path) -> None:
    cocoseg.to_panoptic(INSTANCES, tmp_path / "one", stuff=STUFF)
    cocoseg.to_panoptic(INSTANCES, tmp_path / "two", stuff=STUFF, workers=2)
    before = files(tmp_path / "one")
    assert before == files(tmp_path / "two")
    assert cocoseg.to_panoptic(INSTANCES, tmp_path / "one", stuff=STUFF).kept == 4
    assert before == files(tmp_path / "one")
    assert cocoseg.verify(tmp_path / "one").failures == []


def test_a_change_of_the_stuff_makes_its_image_again(tmp_path: Path) -> None:
    document = strict(STUFF)
    (tmp_path / "stuff.json").write_text(json.dumps(document))
    cocoseg.to_panoptic(INSTANCES, tmp_path / "out", stuff=tmp_path / "stuff.json")
    document["annotations"][-1]["category_id"] = 92
    (tmp_path / "stuff.json").write_text(json.dumps(document))
    assert cocoseg.to_panoptic(INSTANCES, tmp_path / "out", stuff=tmp_path / "stuff.json").kept == 3
    assert read_back(tmp_path / "out")[7].category_ids.tolist() == [92]
    cocoseg.to_panoptic(INSTANCES, tmp_path / "new", stuff=tmp_path / "stuff.json")
    assert files(tmp_path / "out") == files(tmp_path / "new")


def test_summary_and_report(tmp_path: Path) -> None:
    result = run("to-panoptic", INSTANCES, tmp_path / "out", "--stuff", STUFF, "--overlap", "void")
    told = "6 segments (3 things, 1 of them crowds, 3 stuff)"
    assert re.search(r"(\d+) segments \((\d+) things, 1 of them crowds, (\d+) stuff\)", result.stdout), told
    assert "segments hidden by others" in result.stdout
    assert "24 pixels contested" in result.stdout
    assert f"panoptic.json, the PNGs and cocoseg.json are in {tmp_path / 'out'}" in result.stdout
    report = strict(tmp_path / "out" / "cocoseg.json")
    assert report["command"] == "to-panoptic"
    assert report["options"] == {"overlap": "void", "stuff": "stuff.json"}
    assert [row["name"] for row in report["sources"]] == ["instances.json", "stuff.json"]
    assert report["contested"] == 24
    assert strict(tmp_path / "out" / "panoptic.json")["info"] == {
        "description": f"instances.json and stuff.json, by cocoseg {cocoseg.__version__}"
    }


@pytest.mark.parametrize("categories", ["silent", "COCO's"])
def test_a_thing_of_a_class_map_is_a_crowd_whoever_says_that_it_is_one(categories: str, tmp_path: Path) -> None:
    names = {1: "aeroplane", 15: "person"} if categories == "silent" else {1: "person", 15: "bench"}
    rows = [{"id": number, "name": name} for number, name in names.items()]
    (tmp_path / "categories.json").write_text(json.dumps(rows))
    (tmp_path / "maps").mkdir()
    Image.fromarray(np.array([[1, 1, 15], [0, 255, 15]], np.uint8)).save(tmp_path / "maps" / "a.png")
    cocoseg.to_panoptic(tmp_path / "maps", tmp_path / "out", categories=tmp_path / "categories.json")
    document = strict(tmp_path / "out" / "panoptic.json")
    assert [row["isthing"] for row in document["categories"]] == [1, 1]
    found = [(row["category_id"], row["iscrowd"]) for row in document["annotations"][0]["segments_info"]]
    assert found == [(1, 1), (15, 1)]


def test_pictures_without_a_segment_come_back_from_a_detection_file(tmp_path: Path) -> None:
    source = save_panoptic([(np.zeros((2, 3), np.int64), []), (np.zeros((1, 1), np.int64), [])], tmp_path)
    cocoseg.to_coco(source, tmp_path / "coco.json")
    assert run("to-panoptic", tmp_path / "coco.json", tmp_path / "out", "--categories", source).code == 0
    assert pictures(cocoseg.read(tmp_path / "out" / "panoptic.json")) == {0: [], 1: []}
    assert [id_map(tmp_path / "out" / "panoptic" / name).shape for name in ("0.png", "1.png")] == [(2, 3), (1, 1)]


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    result = run("to-panoptic", INSTANCES, tmp_path / "out", "--dry-run", "--json")
    assert (result.code, list(tmp_path.iterdir())) == (0, [])
    assert result.summary["images"] == 3


def test_overlap_as_an_error_costs_the_image(tmp_path: Path) -> None:
    result = run("to-panoptic", INSTANCES, tmp_path / "out", "--overlap", "error", "--json")
    assert result.code == 1
    assert [row["category"] for row in result.summary["failures"]] == ["overlap.contested"] * 2
    assert list(read_back(tmp_path / "out")) == [2]


def answer(*args: object, code: int) -> str:
    result = run("to-panoptic", *args)
    assert result.code == code, result.stderr
    (line,) = result.stderr.splitlines()
    return line


def changed(tmp_path: Path, change: Any, source: Path = STUFF) -> Path:
    document = strict(source)
    change(document)
    (tmp_path / "changed.json").write_text(json.dumps(document))
    return tmp_path / "changed.json"


def test_stuff_of_other_images(tmp_path: Path) -> None:
    def other(document: Any) -> None:
        for row in document["images"]:
            row["id"] += 100
        for row in document["annotations"]:
            row["image_id"] += 100

    line = answer(INSTANCES, tmp_path / "out", "--stuff", changed(tmp_path, other), code=3)
    assert "has none of its images (image ids 1, 2, 3 ... here, 101, 102, 107 ... there)" in line
    assert not (tmp_path / "out").exists()


def test_one_category_id_with_two_names(tmp_path: Path) -> None:
    def other(document: Any) -> None:
        document["categories"][0]["id"] = 18

    line = answer(INSTANCES, tmp_path / "out", "--stuff", changed(tmp_path, other), code=3)
    assert re.search(r"category 18 is 'dog' in .*instances\.json and 'grass' in .*changed\.json; renumber", line)


def test_no_categories(tmp_path: Path) -> None:
    source = changed(tmp_path, lambda document: document.pop("categories"), INSTANCES)
    assert "name the file that has them with --categories" in answer(source, tmp_path / "out", code=3)
    assert run("to-panoptic", source, tmp_path / "out", "--categories", INSTANCES).code == 0


def test_stuff_without_categories_takes_those_of_the_categories_file(tmp_path: Path) -> None:
    source = changed(tmp_path, lambda document: document.pop("categories"))
    rows = strict(INSTANCES)["categories"] + [row | {"isthing": 0} for row in strict(STUFF)["categories"]]
    (tmp_path / "categories.json").write_text(json.dumps(rows))
    summary = cocoseg.to_panoptic(
        INSTANCES, tmp_path / "out", stuff=source, categories=tmp_path / "categories.json", dry_run=True
    )
    assert (summary.things, summary.stuff) == (6, 4)


def test_stuff_that_is_panoptic(tmp_path: Path) -> None:
    line = answer(INSTANCES, tmp_path / "out", "--stuff", PANOPTIC, code=3)
    assert "holds panoptic annotations; --stuff takes masks" in line


@pytest.mark.parametrize("command", ["to-semantic", "to-masks"])
def test_stuff_that_is_a_folder_of_pictures(command: str, tmp_path: Path) -> None:
    run(command, STUFF, tmp_path / "stuff")
    line = answer(INSTANCES, tmp_path / "out", "--stuff", tmp_path / "stuff", code=3)
    assert "stuff': holds label pictures; --stuff takes masks, as stuff_*.json of COCO has them" in line
    assert not (tmp_path / "out").exists()


def test_stuff_for_a_panoptic_source(tmp_path: Path) -> None:
    line = answer(PANOPTIC, tmp_path / "out", "--stuff", STUFF, code=2)
    assert "has pictures, which hold their stuff already" in line


def test_stuff_that_is_not_there(tmp_path: Path) -> None:
    assert "does not exist" in answer(INSTANCES, tmp_path / "out", "--stuff", tmp_path / "no.json", code=3)


@pytest.mark.parametrize("inside", ["instances.json", "stuff.json"])
def test_out_among_the_sources(inside: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    paths = {"instances.json": INSTANCES, "stuff.json": STUFF}
    paths[inside] = tmp_path / "out" / inside
    paths[inside].write_bytes((FIXTURES / inside).read_bytes())
    line = answer(paths["instances.json"], tmp_path / "out", "--stuff", paths["stuff.json"], code=2)
    assert f"{inside}' lies in OUT" in line
    assert list((tmp_path / "out").iterdir()) == [paths[inside]]


def test_a_panoptic_set_is_not_written_into_itself(tmp_path: Path) -> None:
    save_panoptic([], tmp_path)
    document = strict(PANOPTIC)
    (tmp_path / "panoptic.json").write_text(json.dumps(document))
    for row in document["annotations"]:
        target = tmp_path / "panoptic" / row["file_name"]
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((FIXTURES / "panoptic" / row["file_name"]).read_bytes())
    before = files(tmp_path)
    for out in (tmp_path, tmp_path / "panoptic", tmp_path / "panoptic" / "out"):
        assert "choose another OUT" in answer(tmp_path / "panoptic.json", out, "--overwrite", code=2)
    assert files(tmp_path) == before


def test_a_foreign_document_is_kept(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "panoptic.json").write_text("mine")
    assert "use --overwrite" in answer(INSTANCES, tmp_path / "out", code=4)
    assert (tmp_path / "out" / "panoptic.json").read_text() == "mine"
    assert run("to-panoptic", INSTANCES, tmp_path / "out", "--overwrite").code == 0


def test_a_policy_that_there_is_not() -> None:
    with pytest.raises(cocoseg.UsageError, match="overlap is 'last', expected one of file, area"):
        cocoseg.to_panoptic(INSTANCES, "out", overlap="last")  # type: ignore[arg-type]
