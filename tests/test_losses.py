"""Weights and distances against the loops that their papers describe."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cocoseg
from cocoseg.errors import SampleError, UsageError
from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.losses import (
    ClassCounts,
    boundary_weights,
    class_counts,
    effective_number,
    inverse_frequency,
    median_frequency,
    signed_distances,
)
from cocoseg.model import Dataset, Sample
from cocoseg.targets.segments import panoptic

TOWN_WITHOUT_PEOPLE = LabelScheme("town", (LabelClass(0, "tree", (184,)),))
SOURCES = ["fixtures/panoptic.json", "fixtures/instances.json"]


def maps_of(source: str) -> list[np.ndarray]:
    dataset = cocoseg.read(source)
    labels = cocoseg.label_scheme("index", dataset)
    return [cocoseg.semantic(sample, labels) for sample in dataset]


@st.composite
def class_maps(draw: st.DrawFn) -> np.ndarray:
    """(H, W) uint8 of classes 0 to 3 and void: noise, or a few blocks."""
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = np.array([0, 1, 2, 3, 255], np.uint8)[: draw(st.integers(1, 5))]
    picture = rng.choice(values, (height, width))
    if draw(st.booleans()):
        picture[:] = picture[0, 0]
        for _ in range(3):
            top, left = rng.integers(0, height), rng.integers(0, width)
            picture[top : top + 3, left : left + 3] = rng.choice(values)
    return picture


class TestCounts:
    @pytest.mark.parametrize("source", SOURCES)
    def test_are_those_of_the_class_maps(self, source: str) -> None:
        dataset = cocoseg.read(source)
        counts = class_counts(dataset)
        maps = maps_of(source)
        for value in range(len(counts.pixels)):
            having = [one for one in maps if (one == value).any()]
            assert counts.pixels[value] == sum((one == value).sum() for one in maps)
            assert counts.images[value] == len(having)
            assert counts.image_pixels[value] == sum((one != 255).sum() for one in having)

    def test_count_a_background_above_the_classes(self) -> None:
        dataset = cocoseg.read("fixtures/panoptic.json")
        scheme = cocoseg.label_scheme("index", dataset)
        assert len(class_counts(dataset, scheme).pixels) == 5
        assert len(class_counts(dataset, replace(scheme, unlabelled=9)).pixels) == 10

    def test_a_void_below_the_classes_counts_nowhere(self) -> None:
        counts = class_counts(cocoseg.read("fixtures/panoptic.json"), "panopticapi")
        assert counts.pixels[0] == 0
        assert counts.pixels[1] == 28

    def test_are_of_data_sets_alone(self) -> None:
        for other in ("fixtures/panoptic.json", [1, 2]):
            with pytest.raises(UsageError, match=r"expected what cocoseg\.read returns"):
                class_counts(other)  # type: ignore[arg-type]

    def test_a_bad_image_raises(self) -> None:
        with pytest.raises(SampleError):
            class_counts(cocoseg.read("fixtures/panoptic.json"), TOWN_WITHOUT_PEOPLE)

    def test_an_image_without_a_labelled_pixel_counts_nothing(self) -> None:
        dataset = cocoseg.read("fixtures/panoptic.json")
        elsewhere = LabelScheme(
            "elsewhere", (LabelClass(0, "moon", (999,)), LabelClass(2, "sun", (998,))), unknown="void"
        )
        assert [column.tolist() for column in class_counts(dataset, elsewhere)] == [[0, 0, 0]] * 3
        dog = LabelScheme("dog", (LabelClass(0, "dog", (18,)),), unknown="void")
        assert class_counts(dataset, dog).pixels.tolist() == [5]
        assert [column.tolist() for column in class_counts(dataset[:0], dog)] == [[0]] * 3

    def test_a_bad_image_can_be_skipped_and_is_said_once(self) -> None:
        bad, good = broken(0, 2), cocoseg.read("fixtures/panoptic.json")[1:2]
        with pytest.warns(UserWarning, match=r"^2 of 3 images cannot .* the first: the PNG of 0 is corrupt$") as said:
            counts = class_counts(bad, on_error="skip")
        assert len(said) == 1
        assert all(map(np.array_equal, counts, class_counts(good)))
        with pytest.raises(SampleError, match="of 0 is corrupt"):
            class_counts(bad)

    def test_bad_images_alone_raise(self) -> None:
        with pytest.raises(SampleError, match=r"none of the 3 images can be used; the first: the PNG") as caught:
            class_counts(broken(0, 1, 2), on_error="skip")
        assert caught.value.category == "png.corrupt"

    def test_on_error_has_two_choices(self) -> None:
        with pytest.raises(UsageError, match="on_error is 'ignore', expected one of stop, skip"):
            class_counts(broken(), on_error="ignore")  # type: ignore[arg-type]


def broken(*places: int) -> Dataset:
    """The fixtures with PNGs that are corrupt at these places."""
    source = cocoseg.read("fixtures/panoptic.json")

    def load(number: int) -> Sample:
        if number in places:
            raise SampleError("png.corrupt", f"the PNG of {number} is corrupt")
        return source[number]

    return Dataset(source.categories, range(3), load)


class TestWeights:
    @pytest.mark.parametrize("source", SOURCES)
    def test_follow_their_formulas_on_the_fixtures(self, source: str) -> None:
        counts = class_counts(cocoseg.read(source))
        present = [value for value in range(len(counts.pixels)) if counts.pixels[value]]
        total = sum(counts.pixels.tolist())
        shares = {value: counts.pixels[value] / counts.image_pixels[value] for value in present}
        effective = {value: (1 - 0.9 ** int(counts.images[value])) / (1 - 0.9) for value in present}
        scale = len(present) / sum(1 / number for number in effective.values())
        for value in range(len(counts.pixels)):
            if value not in present:
                assert inverse_frequency(counts.pixels)[value] == 0
                assert median_frequency(counts)[value] == 0
                assert effective_number(counts.images, 0.9)[value] == 0
                continue
            assert inverse_frequency(counts.pixels)[value] == pytest.approx(total / len(present) / counts.pixels[value])
            assert median_frequency(counts)[value] == pytest.approx(np.median(list(shares.values())) / shares[value])
            assert effective_number(counts.images, 0.9)[value] == pytest.approx(scale / effective[value])

    def test_are_as_cross_entropy_takes_them(self) -> None:
        counts = class_counts(cocoseg.read("fixtures/panoptic.json"))
        for weights in (inverse_frequency(counts.pixels), median_frequency(counts), effective_number(counts.images)):
            assert (weights.dtype, weights.shape) == (np.float32, (5,))

    def test_of_one_frequency_are_one(self) -> None:
        counts = ClassCounts(np.array([5, 5]), np.array([1, 1]), np.array([10, 10]))
        for weights in (inverse_frequency(counts.pixels), median_frequency(counts), effective_number(counts.pixels)):
            assert weights.tolist() == pytest.approx([1, 1])

    def test_are_zero_where_nothing_was_counted(self) -> None:
        none = np.zeros(3, np.int64)
        for weights in (
            inverse_frequency(none),
            median_frequency(ClassCounts(none, none, none)),
            effective_number(none),
        ):
            assert weights.tolist() == [0, 0, 0]

    def test_effective_number_goes_from_none_to_inverse_frequency(self) -> None:
        assert effective_number([1, 10, 0], 0.0).tolist() == [1, 1, 0]
        assert effective_number([1, 10], 1 - 1e-12).tolist() == pytest.approx([20 / 11, 2 / 11], rel=1e-7)
        assert np.isfinite(effective_number([10**12, 1], 0.9999)).all()

    def test_are_made_of_the_right_counts(self) -> None:
        counts = class_counts(cocoseg.read("fixtures/panoptic.json"))
        for weights in (inverse_frequency, effective_number):
            with pytest.raises(UsageError, match=r"shape \(3, 5\), expected \(C,\)"):
                weights(counts)
        with pytest.raises(UsageError, match="expected what class_counts returns"):
            median_frequency(counts.pixels)  # type: ignore[arg-type]

    @pytest.mark.parametrize("beta", [1.0, -0.1, 2.0])
    def test_effective_number_refuses_a_beta_that_is_none(self, beta: float) -> None:
        with pytest.raises(UsageError, match="beta"):
            effective_number([1], beta)


def signed_distance_loop(mask: np.ndarray) -> np.ndarray:
    """Every pixel compared with every other."""
    distances = np.zeros(mask.shape)
    if mask.all() or not mask.any():
        return distances
    inside, outside = np.argwhere(mask), np.argwhere(~mask)
    for pixel in np.ndindex(mask.shape):
        others = outside if mask[pixel] else inside
        nearest = np.sqrt(((others - pixel) ** 2).sum(axis=1)).min()
        distances[pixel] = 1 - nearest if mask[pixel] else nearest
    return distances


class TestSignedDistances:
    @settings(deadline=None)
    @given(class_maps())
    def test_are_those_of_the_loop(self, class_map: np.ndarray) -> None:
        found = signed_distances(class_map, 3)
        assert (found.dtype, found.shape) == (np.float32, (3, *class_map.shape))
        for value in range(3):
            expected = signed_distance_loop(class_map == value)
            expected[class_map == 255] = 0
            assert np.allclose(found[value], expected, atol=1e-6)

    @pytest.mark.parametrize("source", SOURCES)
    def test_on_the_fixtures(self, source: str) -> None:
        for class_map in maps_of(source):
            found = signed_distances(class_map, 5)
            for value in range(5):
                expected = signed_distance_loop(class_map == value) * (class_map != 255)
                assert np.allclose(found[value], expected, atol=1e-6)

    def test_of_many_classes_know_another_void(self) -> None:
        class_map = np.array([[0, 255, 255, 65535]])
        found = signed_distances(class_map, 300)
        assert found[255].tolist() == [[1, 0, 0, 0]]
        assert np.array_equal(found, signed_distances(class_map, 300, 65535))

    def test_a_class_that_is_absent_or_covers_all_gives_zero(self) -> None:
        assert not signed_distances(np.ones((3, 4), np.uint8), 4).any()

    def test_of_a_batch_are_those_of_each(self) -> None:
        batch = np.random.default_rng(0).integers(0, 4, (2, 3, 5, 6))
        found = signed_distances(batch, 4)
        assert found.shape == (2, 3, 4, 5, 6)
        assert np.array_equal(found[1, 2], signed_distances(batch[1, 2], 4))
        assert signed_distances(batch[:0], 4).shape == (0, 3, 4, 5, 6)

    @pytest.mark.parametrize("bad", [np.zeros(3, np.uint8), np.zeros((2, 2))])
    def test_refuse_what_is_no_class_map(self, bad: np.ndarray) -> None:
        with pytest.raises(UsageError, match="class map"):
            signed_distances(bad, 2)

    def test_name_the_extra_where_scipy_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "scipy", None)
        with pytest.raises(UsageError, match=r"pip install 'cocoseg\[losses\]'"):
            signed_distances(np.array([[0, 1]]), 2)


def boundary_loop(objects: np.ndarray, w0: float, sigma: float) -> np.ndarray:
    """The formula, pixel by pixel."""
    weights = np.ones(objects.shape)
    numbers = sorted(set(objects.flat) - {0})
    for pixel in np.ndindex(objects.shape):
        near = sorted(np.sqrt(((np.argwhere(objects == number) - pixel) ** 2).sum(axis=1)).min() for number in numbers)
        if len(near) > 1:
            weights[pixel] += w0 * np.exp(-((near[0] + near[1]) ** 2) / (2 * sigma**2))
    return weights


def parts_loop(class_map: np.ndarray) -> np.ndarray:
    """Connected parts of each class but 0 and 255, by flooding."""
    parts = np.zeros(class_map.shape, int)
    for start in np.ndindex(class_map.shape):
        if class_map[start] in (0, 255) or parts[start]:
            continue
        number, queue = parts.max() + 1, [start]
        while queue:
            y, x = queue.pop()
            inside = 0 <= y < parts.shape[0] and 0 <= x < parts.shape[1]
            if inside and not parts[y, x] and class_map[y, x] == class_map[start]:
                parts[y, x] = number
                queue += [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
    return parts


class TestBoundaryWeights:
    @settings(deadline=None)
    @given(class_maps(), st.sampled_from([0.4, 1.0, 5.0]))
    def test_are_those_of_the_formula(self, class_map: np.ndarray, sigma: float) -> None:
        expected = boundary_loop(parts_loop(class_map), 10, sigma) * (class_map != 255)
        found = boundary_weights(class_map, sigma=sigma)
        assert found.dtype == np.float32
        assert np.allclose(found, expected, atol=1e-5)

    def test_take_the_true_objects_where_they_are_known(self) -> None:
        sample = cocoseg.read("fixtures/panoptic.json")[0]
        class_map = cocoseg.semantic(sample, "mask2former")
        id_map = panoptic(sample, "mask2former").id_map
        found = boundary_weights(class_map, w0=4, sigma=2, id_map=id_map)
        assert np.allclose(found, boundary_loop(id_map, 4, 2) * (class_map != 255), atol=1e-5)

    def test_of_many_classes_know_another_void(self) -> None:
        class_map = np.array([[255, 0, 299, 65535]])
        assert np.array_equal(boundary_weights(class_map), boundary_weights(class_map, 65535))
        assert (boundary_weights(class_map) > 0).tolist() == [[True, True, True, False]]
        assert boundary_weights(class_map[:, :0]).shape == (1, 0)

    def test_class_weights_stand_for_one(self) -> None:
        class_map = np.array([[0, 1, 2, 7, 255]])
        assert boundary_weights(class_map, w0=0, class_weights=[0.5, 2, 3]).tolist() == [[0.5, 2, 3, 0, 0]]

    def test_without_background_every_class_is_an_object(self) -> None:
        class_map = np.array([[0, 1]])
        assert boundary_weights(class_map, sigma=1)[0, 0] == 1
        assert boundary_weights(class_map, background=None, sigma=1)[0, 0] > 5

    def test_of_a_batch_are_those_of_each(self) -> None:
        batch = np.random.default_rng(0).integers(0, 3, (2, 3, 5, 6))
        found = boundary_weights(batch)
        assert np.array_equal(found[1, 2], boundary_weights(batch[1, 2]))

    @pytest.mark.parametrize("sigma", [0, -1, float("nan"), float("inf")])
    def test_refuse_a_sigma_that_is_none(self, sigma: float) -> None:
        with pytest.raises(UsageError, match="sigma"):
            boundary_weights(np.array([[0, 1]]), sigma=sigma)

    @pytest.mark.parametrize("shape", [(1, 3), (2, 2), (1, 2, 3)])
    def test_refuse_ids_of_another_shape(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(UsageError, match="the id map has shape"):
            boundary_weights(np.zeros((2, 3), int), id_map=np.ones(shape, int))


def test_lists_are_class_maps_too() -> None:
    rows = [[0, 1, 1], [0, 0, 2]]
    assert np.array_equal(signed_distances(rows, 3), signed_distances(np.array(rows), 3))
    assert np.array_equal(boundary_weights(rows, id_map=rows), boundary_weights(np.array(rows), id_map=np.array(rows)))
