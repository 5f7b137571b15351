"""Label pictures in colours: the tables of all tools, what is not listed, and the nearest colours."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from cocoseg.labels.presets import official_categories
from cocoseg.model import Dataset
from command import cocoseg as run
from conftest import FIXTURES

COLORS = FIXTURES / "colors"
CLASSES = {".": "background", "r": "road", "a": "car", "b": "car", "d": "dog"}
TABLE = {"cat": (10, 20, 30), "sky": (0, 0, 255), "background": (0, 0, 0)}


def save(path: Path, pixels: Any, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(pixels, np.uint8)).save(path, **options)
    return path


def named(dataset: Dataset, number: int = 0) -> np.ndarray:
    """The name of the class of every pixel, "" for none."""
    sample = dataset[number]
    names = {0: ""} | dict(zip(sample.ids.tolist(), sample.category_ids.tolist(), strict=True))
    called = {row.id: row.name for row in dataset.categories}
    ids = sample.id_map
    return np.array([[called[names[value]] if value else "" for value in row] for row in ids.tolist()])


def drawn(name: str) -> np.ndarray:
    rows = (FIXTURES / "expected" / "colors" / f"{name}.txt").read_text().split()
    return np.array([[CLASSES[letter] for letter in row] for row in rows])


def failure(dataset: Dataset) -> cocoseg.SampleError:
    with pytest.raises(cocoseg.SampleError) as caught:
        dataset[0]
    return caught.value


class TestTheFixture:
    def test_is_what_was_drawn(self) -> None:
        dataset = cocoseg.read(COLORS)
        assert detect(COLORS) == detect(COLORS / "labels") == "colors"
        for number, name in enumerate("ab"):  # the second is a palette PNG in another order
            np.testing.assert_array_equal(named(dataset, number), drawn(name))
            assert (dataset[number].key, dataset[number].file_name) == (f"labels/{name}.png", f"labels/{name}.jpg")
        assert dataset.photos == str(COLORS)
        assert "by 'class_dict.csv', named as *_label" in dataset.read_as
        assert [(row.id, row.name) for row in dataset.categories] == [
            (0, "background"),
            (1, "car"),
            (2, "dog"),
            (3, "road"),
        ]

    def test_of_cvat_is_what_was_drawn(self) -> None:
        dataset = cocoseg.read(FIXTURES / "cvat-masks", split="default")
        assert detect(FIXTURES / "cvat-masks") == "cvat-masks"
        assert {row.name: row.id for row in dataset.categories}["background"] == 0  # sorted by name in the file
        for number, name in enumerate("ab"):
            np.testing.assert_array_equal(named(dataset, number), drawn(name))
            letters = np.array([list(row) for row in (FIXTURES / f"expected/colors/{name}.txt").read_text().split()])
            masks = {mask.tobytes() for mask in cocoseg.instance_masks(dataset[number])}
            assert masks == {(letters == letter).tobytes() for letter in {*letters.flat}}
            assert not dataset[number].iscrowd.any()

    @pytest.mark.parametrize("command", ["to-semantic", "to-onehot", "to-masks", "to-panoptic"])
    @pytest.mark.parametrize("name", ["colors", "cvat-masks", "class-folders", "instance-folders"])
    def test_every_command_takes_it(self, command: str, name: str, tmp_path: Path) -> None:
        result = run(command, FIXTURES / name, tmp_path / "out")
        assert (result.code, result.stderr) == (0, "")
        assert result.stdout.startswith("SRC was read as ")


FORMS = {
    "labelmap.txt": "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:10,20,30:a,b:c\nsky:0,0,255::\n",
    "class_dict.csv": "name,r,g,b\ncat,10,20,30\nsky,0,0,255\nbackground,0,0,0\n",
    "label_colors.txt": "10 20 30\tcat\n0 0 255\t\tsky\n0 0 0 background\n",
    "dataset_meta.json": json.dumps(
        {
            "label_map": {"0": "background", "1": "cat", "2": "sky"},
            "segmentation_colors": [[0, 0, 0], [10, 20, 30], [0, 0, 255]],
        }
    ),
    "obj_class_to_machine_color.json": json.dumps({"cat": [10, 20, 30], "sky": [0, 0, 255]}),
}


class TestTables:
    PICTURE = [[[10, 20, 30], [0, 0, 255], [0, 0, 0]]]

    @pytest.mark.parametrize("where", ["maps", ".", "maps/deep"])
    @pytest.mark.parametrize("name", FORMS)
    def test_is_found(self, name: str, where: str, tmp_path: Path) -> None:
        save(tmp_path / "maps" / "deep" / "a.png", self.PICTURE)
        (tmp_path / where / name).write_text(FORMS[name])
        dataset = cocoseg.read(tmp_path / "maps")
        assert named(dataset).tolist()[0][:2] == ["cat", "sky"]
        assert dataset.read_as.endswith(f"by '{name}'")
        background = "" if name.startswith("obj") else "background"
        assert named(dataset).tolist()[0][2] == background
        scheme = cocoseg.label_scheme("index", dataset)
        assert cocoseg.semantic(dataset[0], scheme)[0].tolist() == [1, 2, 0]

    @pytest.mark.parametrize("name", FORMS)
    def test_is_given(self, name: str, tmp_path: Path) -> None:
        save(tmp_path / "maps" / "a.png", self.PICTURE)
        path = tmp_path / "tables" / f"my.{name.rpartition('.')[2]}"
        path.parent.mkdir()
        path.write_text(FORMS[name])
        assert named(cocoseg.read(tmp_path / "maps", colors=path)).tolist()[0][:2] == ["cat", "sky"]

    def test_of_grey_values(self, tmp_path: Path) -> None:
        save(tmp_path / "a_mask.png", [[0, 1, 2]])
        save(tmp_path / "a.jpg", [[[9, 9, 9]] * 3])
        (tmp_path / "_classes.csv").write_text("Pixel Value, Class\n0, background\n1, cat\n2, dog\n")
        dataset = cocoseg.read(tmp_path)
        assert named(dataset).tolist() == [["background", "cat", "dog"]]
        assert (dataset[0].key, dataset[0].file_name) == ("a.png", "a.jpg")
        assert [row.id for row in dataset.categories] == [0, 1, 2]

    def test_machine_masks_of_three_channels_have_a_background(self, tmp_path: Path) -> None:
        save(tmp_path / "masks_machine" / "a.png", [[[1, 1, 1], [2, 2, 2], [0, 0, 0]]])
        (tmp_path / "obj_class_to_machine_color.json").write_text('{"kiwi": [1, 1, 1], "lemon": [2, 2, 2]}')
        dataset = cocoseg.read(tmp_path)
        assert (named(dataset).tolist(), dataset.conventions.unlabelled) == ([["kiwi", "lemon", ""]], "background")

    def test_black_that_a_table_does_not_list_costs_the_image(self, tmp_path: Path) -> None:
        save(tmp_path / "a.png", self.PICTURE)
        (tmp_path / "class_dict.csv").write_text("name,r,g,b\ncat,10,20,30\nsky,0,0,255\n")
        assert "(0, 0, 0) (1 pixels)" in failure(cocoseg.read(tmp_path)).message

    def test_colors_of_categories(self, tmp_path: Path) -> None:
        save(tmp_path / "m" / "a.png", self.PICTURE)
        rows = [{"id": 7, "name": "cat", "color": [10, 20, 30]}, {"id": 9, "name": "sky", "color": [0, 0, 255]}]
        (tmp_path / "c.json").write_text(json.dumps(rows))
        dataset = cocoseg.read(tmp_path / "m", categories=tmp_path / "c.json")
        assert dataset[0].category_ids.tolist() == [7, 9]
        assert named(dataset).tolist() == [["cat", "sky", ""]]  # black is void
        assert "by the categories of 'c.json'" in dataset.read_as

    def test_categories_give_numbers_to_names(self, tmp_path: Path) -> None:
        save(tmp_path / "m" / "a.png", self.PICTURE)
        (tmp_path / "m" / "class_dict.csv").write_text(FORMS["class_dict.csv"])
        (tmp_path / "c.csv").write_text("id,name\n5,cat\n6,sky\n8,background")
        assert cocoseg.read(tmp_path / "m", categories=tmp_path / "c.csv")[0].category_ids.tolist() == [5, 6, 8]
        (tmp_path / "c.csv").write_text("id,name\n5,cat\n6,sky")
        with pytest.raises(cocoseg.DocumentError, match="'background' of .* is not among the categories"):
            cocoseg.read(tmp_path / "m", categories=tmp_path / "c.csv")

    def test_names_that_differ_in_case_are_two_classes(self, tmp_path: Path) -> None:
        (tmp_path / "labelmap.txt").write_text("Car:1,2,3::\ncar:3,2,1::\n")
        save(tmp_path / "a.png", [[[1, 2, 3], [3, 2, 1]]])
        assert named(cocoseg.read(tmp_path)).tolist() == [["Car", "car"]]

    def test_a_name_twice_is_one_class_of_two_colors(self, tmp_path: Path) -> None:
        (tmp_path / "labelmap.txt").write_text("car:1,2,3::\ncar:3,2,1::\n")
        save(tmp_path / "a.png", [[[1, 2, 3], [3, 2, 1]]])
        assert named(cocoseg.read(tmp_path)).tolist() == [["car", "car"]]

    def test_tables_that_differ_are_refused(self, tmp_path: Path) -> None:
        for split, name in (("train", "cat"), ("valid", "dog")):
            save(tmp_path / split / "a.png", [[[10, 20, 30]]])
            (tmp_path / split / "class_dict.csv").write_text(f"name,r,g,b\n{name},10,20,30\n")
        with pytest.raises(cocoseg.DocumentError, match="differ; name one with --colors"):
            cocoseg.read(tmp_path)
        (tmp_path / "valid" / "class_dict.csv").write_text("name,r,g,b\ncat,10,20,30\n")
        assert len(cocoseg.read(tmp_path)) == 2
        assert len(cocoseg.read(tmp_path, split="val")) == 1

    def test_an_unknown_palette_names_those_that_there_are(self, tmp_path: Path) -> None:
        save(tmp_path / "a.png", self.PICTURE)
        with pytest.raises(
            cocoseg.DocumentError, match="these are voc, cityscapes, ade20k, camvid. did you mean 'cityscapes'"
        ):
            cocoseg.read(tmp_path, colors="citiscapes")

    def test_without_a_table_the_advice_names_colors(self, tmp_path: Path) -> None:
        save(tmp_path / "a.png", self.PICTURE)
        with pytest.raises(cocoseg.DocumentError, match="the table of the colours \\(--colors\\)"):
            cocoseg.read(tmp_path)

    def test_the_table_may_not_lie_in_out(self, tmp_path: Path) -> None:
        save(tmp_path / "m" / "a.png", self.PICTURE)
        (tmp_path / "t").mkdir()
        (tmp_path / "t" / "my.csv").write_text(FORMS["class_dict.csv"])
        with pytest.raises(cocoseg.UsageError, match="my.csv' lies in OUT"):
            cocoseg.to_semantic(tmp_path / "m", tmp_path / "t", colors=tmp_path / "t" / "my.csv")


class TestPalettes:
    def test_of_voc_with_its_border(self, tmp_path: Path) -> None:
        save(tmp_path / "a.png", [[[192, 128, 128], [224, 224, 192], [0, 0, 0]]])
        dataset = cocoseg.read(tmp_path, colors="voc")
        assert named(dataset).tolist() == [["person", "", "background"]]
        assert cocoseg.semantic(dataset[0], cocoseg.label_scheme("index", dataset))[0].tolist() == [15, 255, 0]

    @pytest.mark.parametrize("name", ["cityscapes", "ade20k", "camvid"])
    def test_every_color_is_its_class(self, name: str, tmp_path: Path) -> None:
        rows = [row for row in official_categories(name) if row.color and not row.ignored]
        save(tmp_path / "a.png", [[row.color for row in rows]])
        dataset = cocoseg.read(tmp_path, colors=name)
        first = {row.color: row.name for row in reversed(rows)}
        assert named(dataset)[0].tolist() == [first[row.color] for row in rows]

    @pytest.mark.parametrize(
        ("name", "said"),
        [("cityscapes", "'pole' and 'polegroup'; it is read as 'pole'"), ("ade20k", "skyscraper"), ("camvid", "")],
    )
    def test_a_color_of_two_classes_is_said(self, name: str, said: str, tmp_path: Path) -> None:
        save(tmp_path / "a.png", [[[153, 153, 153]]])
        problems = cocoseg.read(tmp_path, colors=name).problems
        assert [problem.category for problem in problems] == ["colors.shared"] * bool(said)
        assert all(said in problem.message for problem in problems)

    def test_void_of_cityscapes_is_void(self, tmp_path: Path) -> None:
        save(tmp_path / "m" / "a.png", [[[0, 0, 0], [128, 64, 128]]])
        summary = cocoseg.to_semantic(tmp_path / "m", tmp_path / "out", colors="cityscapes", labels="cityscapes")
        assert summary.pixels[255] == 1
        assert summary.pixels[0] == 1


class TestNearest:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "labelmap.txt").write_text("a:0,0,0::\nb:100,0,0::\nc:100,100,0::\n")
        return tmp_path

    def test_is_taken_and_counted(self, folder: Path) -> None:
        save(folder / "a.png", [[[3, 5, 1], [100, 0, 0], [97, 92, 8]]])
        dataset = cocoseg.read(folder, tolerance=8)
        assert named(dataset).tolist() == [["a", "b", "c"]]
        (problem,) = dataset[0].problems
        assert problem.category == "colors.near"
        assert "2 pixels (66.7%) have colours that are not listed; the nearest within 8" in problem.message

    def test_beyond_n_costs_the_image(self, folder: Path) -> None:
        save(folder / "a.png", [[[3, 5, 9]]])
        assert "nearest is 'a' (0, 0, 0)" in failure(cocoseg.read(folder, tolerance=8)).message

    def test_a_tie_costs_the_image(self, folder: Path) -> None:
        save(folder / "a.png", [[[50, 0, 0]]])
        assert failure(cocoseg.read(folder, tolerance=60)).category == "colors.tie"

    def test_a_jpeg_needs_it(self, folder: Path) -> None:
        pixels = np.zeros((16, 16, 3), np.uint8)
        pixels[:, 8:] = (100, 0, 0)
        save(folder / "a.jpg", pixels, quality=95)
        with pytest.raises(cocoseg.DocumentError, match="JPEG has changed their numbers.*--tolerance"):
            cocoseg.read(folder)
        dataset = cocoseg.read(folder, tolerance=40)
        assert (named(dataset) == np.where(pixels[..., 0] > 50, "b", "a")).all()

    def test_a_grey_jpeg_by_the_nearest_value(self, tmp_path: Path) -> None:
        pixels = np.repeat(np.array([[0] * 8 + [128] * 8], np.uint8), 16, axis=0)
        save(tmp_path / "m" / "a.jpg", pixels, quality=90)
        (tmp_path / "c.csv").write_text("id,name\n0,none\n128,cat")
        dataset = cocoseg.read(tmp_path / "m", categories=tmp_path / "c.csv", tolerance=30)
        assert (named(dataset) == np.where(pixels > 64, "cat", "none")).all()

    def test_a_binary_jpeg(self, tmp_path: Path) -> None:
        pixels = np.repeat(np.array([[0] * 8 + [255] * 8], np.uint8), 16, axis=0)
        save(tmp_path / "a.jpg", pixels, quality=80)
        dataset = cocoseg.read(tmp_path, class_name="hair", tolerance=60)
        assert (named(dataset) == np.where(pixels > 64, "hair", "")).all()

    def test_is_in_the_digest(self, folder: Path) -> None:
        save(folder / "a.png", [[[3, 5, 1]]])
        assert cocoseg.read(folder, tolerance=8).load != cocoseg.read(folder, tolerance=9).load


@given(st.integers(0, 2**32 - 1), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_one_lookup_equals_a_comparison_for_each_class(seed: int, tolerance: int) -> None:
    from cocoseg.codecs.panoptic import ids_from_rgb
    from cocoseg.formats.maps.colors import ColorValues
    from cocoseg.model import Category

    random = np.random.default_rng(seed)
    table = np.unique(random.integers(0, 64, (random.integers(1, 12), 3)), axis=0)
    rows = [(tuple(color), Category(number, str(number))) for number, color in enumerate(table.tolist(), 1)]
    values = ColorValues.of_colors("the table", rows, (), tolerance)  # type: ignore[arg-type]
    picture = table[random.integers(0, len(table), 40)] + random.integers(-2, 3, (40, 3)) * (random.random() < 0.5)
    picture = picture.clip(0, 255).astype(np.uint8)
    distances = np.abs(picture[:, None].astype(int) - table[None]).max(axis=2)
    least = distances.min(axis=1)
    tied = ((distances == least[:, None]).sum(axis=1) > 1) & (least > 0)
    lengths = np.ones(40, np.intp)
    if (least > tolerance).any() or tied.any():
        with pytest.raises(cocoseg.SampleError):
            values.find(ids_from_rgb(picture[None])[0], lengths)
    else:
        assert values.find(ids_from_rgb(picture[None])[0], lengths).tolist() == distances.argmin(axis=1).tolist()


class TestIndexMapsInOtherForms:
    """Three equal channels, grey with alpha, and other kinds of files are the same class maps."""

    VALUES = np.array([[0, 1, 2], [2, 1, 7]], np.uint8)

    @pytest.fixture
    def names(self, tmp_path: Path) -> Path:
        (tmp_path / "names.csv").write_text("id,name\n0,zero\n1,one\n2,two\n7,seven")
        return tmp_path / "names.csv"

    def written(self, kind: str, path: Path) -> Path:
        path.parent.mkdir()
        grey = Image.fromarray(self.VALUES)
        if kind == "npy":
            np.save(path.with_suffix(".npy"), self.VALUES.astype(np.int64))
        elif kind == "npz":
            np.savez_compressed(path.with_suffix(".npz"), self.VALUES.astype(np.uint16))
        elif kind.startswith("tif"):
            wide = Image.fromarray(self.VALUES.astype(np.uint16)) if "16" in kind else grey
            wide.save(path.with_suffix(".tif"), compression=kind.partition(" ")[2] or None)
        elif kind == "bmp":
            grey.save(path.with_suffix(".bmp"))
        else:
            grey.convert("RGB").convert(kind).save(path) if kind != "LA" else grey.convert("LA").save(path)
        return path.parent

    KINDS = (
        "RGB",
        "RGBA",
        "LA",
        "npy",
        "npz",
        "bmp",
        "tif",
        "tif tiff_lzw",
        "tif tiff_adobe_deflate",
        "tif16 tiff_lzw",
    )

    @pytest.mark.parametrize("kind", KINDS)
    def test_are_read(self, kind: str, names: Path, tmp_path: Path) -> None:
        folder = self.written(kind, tmp_path / "m" / "a.png")
        assert detect(folder) == "semantic"
        dataset = cocoseg.read(folder, categories=names)
        words = np.array(["zero", "one", "two", "", "", "", "", "seven"])
        np.testing.assert_array_equal(named(dataset), words[self.VALUES])
        assert dataset[0].key == "a.png"
        assert cocoseg.info(folder, categories=names).sizes == {(2, 3): 1}

    def test_of_zeros_alone_are_not_told(self, tmp_path: Path) -> None:
        save(tmp_path / "a.png", np.zeros((2, 2, 3)))
        assert detect(tmp_path) == "two-channel"  # as ever

    def test_a_picture_in_colors_among_them_costs_itself(self, names: Path, tmp_path: Path) -> None:
        save(tmp_path / "m" / "a.png", [[[1, 1, 1]]])
        save(tmp_path / "m" / "b.png", [[[1, 2, 1]]])
        dataset = cocoseg.read(tmp_path / "m", categories=names, source_format="semantic")
        assert len(dataset[0].ids) == 1
        with pytest.raises(cocoseg.SampleError, match="the picture has colours"):
            dataset[1]

    def test_binary_masks_in_tiff(self, tmp_path: Path) -> None:
        Image.fromarray(np.array([[False, True]])).save(tmp_path / "a.tif")
        assert named(cocoseg.read(tmp_path, class_name="crack")).tolist() == [["", "crack"]]

    def test_colors_in_tiff_and_bmp(self, tmp_path: Path) -> None:
        (tmp_path / "labelmap.txt").write_text(FORMS["labelmap.txt"])
        for name in ("a.bmp", "b.tif"):
            save(tmp_path / name, TestTables.PICTURE)
        assert [named(cocoseg.read(tmp_path), k).tolist() for k in (0, 1)] == [[["cat", "sky", "background"]]] * 2

    def test_a_huge_size_takes_no_memory(self, names: Path, tmp_path: Path) -> None:
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (60000, 60000)})
        (tmp_path / "m").mkdir()
        (tmp_path / "m" / "a.npy").write_bytes(head.getvalue())
        dataset = cocoseg.read(tmp_path / "m", categories=names, source_format="semantic")
        assert failure(dataset).category == "npy.corrupt"

    def test_objects_are_never_unpickled(self, names: Path, tmp_path: Path) -> None:
        (tmp_path / "m").mkdir()
        np.save(tmp_path / "m" / "a.npy", np.array([[print]], object), allow_pickle=True)
        with pytest.raises(cocoseg.DocumentError, match="expected whole numbers"):
            cocoseg.read(tmp_path / "m", categories=names)


def test_the_cityscapes_picture_of_real_data_by_its_palette(real_data: Path, tmp_path: Path) -> None:
    source = next((real_data / "cityscapes").rglob("*_gtFine_labelIds.png"))
    with Image.open(source) as picture:
        ids = np.array(picture)
    rows = official_categories("cityscapes")
    palette = np.array([row.color for row in rows], np.uint8)
    save(tmp_path / "a.png", palette[ids])
    dataset = cocoseg.read(tmp_path, colors="cityscapes", all_classes=True)
    owner: dict[Any, int] = {}
    for row in sorted(rows, key=lambda row: row.ignored):
        owner.setdefault(row.color, row.id)
    expected = np.array([owner[row.color] for row in rows])[ids]
    sample = dataset[0]
    found = np.full(ids.shape, -1)
    for number, mask in zip(sample.category_ids.tolist(), cocoseg.instance_masks(sample), strict=True):
        found[mask] = number
    np.testing.assert_array_equal(found, expected)


def test_a_palette_with_vocs_border_is_read_by_its_colors(tmp_path: Path) -> None:
    rows = {"background": (0, 0, 0), "dog": (64, 0, 128)}
    (tmp_path / "labelmap.txt").write_text("".join(f"{name}:{r},{g},{b}::\n" for name, (r, g, b) in rows.items()))
    for sub, values in (("SegmentationClass", [[0, 12, 255, 12]]), ("SegmentationObject", [[0, 1, 255, 2]])):
        with Image.open(FIXTURES / "voc" / sub / "2008_000003.png") as picture:
            palette = picture.getpalette()
        image = Image.fromarray(np.array(values, np.uint8), "P")
        image.putpalette(palette or [])
        (tmp_path / sub).mkdir()
        image.save(tmp_path / sub / "a.png")
    dataset = cocoseg.read(tmp_path)
    assert named(dataset).tolist() == [["background", "dog", "", "dog"]]
    assert (dataset[0].category_ids.tolist(), dataset[0].iscrowd.tolist()) == ([0, 1, 1], [False] * 3)
