"""Inputs of losses besides the class map: class weights, signed distances, weights of pixels between objects.

All are float32, as losses take them: ``cross_entropy(logits, class_map, weight=torch.from_numpy(weights))``.

Distances need scipy, the extra ``cocoseg[losses]``; the rest needs only numpy.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError, UsageError
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.model import Dataset, Sample
from cocoseg.options import check_choice
from cocoseg.targets.semantic import semantic_map

Floats = npt.NDArray[np.float64]
Maps = npt.NDArray[np.float32]

_REACH = 6  # standard deviations; farther away a weight is less than 1.5e-8 of its peak


class ClassCounts(NamedTuple):
    """How often each class occurs in a data set, by class index; void is not counted.

    ``pixels`` (C,) int64 are its pixels, ``images`` (C,) int64 the images that contain it, ``image_pixels`` (C,) int64
    all labelled pixels of these images.
    """

    pixels: npt.NDArray[np.int64]
    images: npt.NDArray[np.int64]
    image_pixels: npt.NDArray[np.int64]


def class_counts(
    dataset: Dataset, labels: LabelScheme | str = "index", *, on_error: Literal["stop", "skip"] = "stop"
) -> ClassCounts:
    """Count the classes of a data set under a scheme, in one pass over it.

    An image without a labelled pixel counts nothing. With ``on_error="skip"``, neither does an image that cannot be
    used; one warning says how many there are. Else, and where no image can be used, raises the errors of ``dataset[i]``
    and ``cocoseg.semantic``. Raises UsageError: ``usage.choice``; ``usage.dataset`` for anything else, such as a path,
    or a ``SegmentationDataset``: pass its ``.dataset``.

    >>> import cocoseg
    >>> counts = class_counts(cocoseg.read("fixtures/panoptic.json"))
    >>> counts.pixels.tolist(), counts.images.tolist(), counts.image_pixels.tolist()
    ([28, 5, 13, 13, 11], [3, 2, 1, 2, 2], [70, 41, 29, 41, 41])
    """
    if not isinstance(dataset, Dataset):
        found = f"dataset is a {type(dataset).__name__}"
        raise UsageError(
            "usage.dataset", f"{found}, expected what cocoseg.read returns, or SegmentationDataset.dataset"
        )
    check_choice("on_error", on_error, ("stop", "skip"), "choice")
    scheme = label_scheme(labels, dataset)
    counts = np.zeros((3, scheme.num_classes), np.int64)
    errors: list[SampleError] = []
    for entry in dataset.entries:
        try:
            _count(dataset.load(entry), scheme, counts)
        except SampleError as error:
            if on_error == "stop":
                raise
            errors.append(error)
    _say_skipped(errors, len(dataset))
    return ClassCounts(*counts)


def _count(sample: Sample, scheme: LabelScheme, counts: npt.NDArray[np.int64]) -> None:
    """Add the pixels of a sample to ``counts`` (3, C)."""
    found = {value: count for value, count in semantic_map(sample, scheme).pixels.items() if value != scheme.void}
    present = np.array(list(found), np.intp)
    pixels, images, image_pixels = counts
    pixels[present] += np.array(list(found.values()), np.int64)
    images[present] += 1
    image_pixels[present] += sum(found.values())


def _say_skipped(errors: Sequence[SampleError], count: int) -> None:
    """Warn of images that were not counted. Raises the first error where there are no others."""
    if errors and len(errors) == count:
        raise errors[0].at(f"none of the {count} images can be used; the first")
    if errors:
        text = f"{len(errors)} of {count} images cannot be used and are not counted; the first: {errors[0].message}"
        warnings.warn(text, stacklevel=3)


def inverse_frequency(counts: npt.ArrayLike) -> Maps:
    """Counts (C,) -> weights (C,) float32: ``w_c = N / (K n_c)``, N their sum, K the classes present.

    These weights balance the classes (King & Zeng 2001); scikit-learn calls them ``class_weight="balanced"``. An absent
    class has weight 0. Raises UsageError ``usage.counts`` for counts that are not (C,).

    >>> inverse_frequency([6, 3, 0]).tolist()
    [0.75, 1.5, 0.0]
    """
    n = _counted(counts)
    return _where_present(n, n.sum() / max(1, np.count_nonzero(n))).astype(np.float32)


def median_frequency(counts: ClassCounts) -> Maps:
    """Weights (C,) float32: ``w_c = median(f) / f_c``, f_c the share of class c in the images that contain it.

    Eigen & Fergus 2015 (arXiv 1411.4734). The median is taken over the classes present, and void pixels are not
    counted. An absent class has weight 0. Raises UsageError ``usage.counts`` for anything but ``ClassCounts``.

    >>> three = ClassCounts(np.array([4, 2, 0]), np.array([1, 1, 0]), np.array([8, 8, 0]))
    >>> median_frequency(three).tolist()
    [0.75, 1.5, 0.0]
    """
    if not isinstance(counts, ClassCounts):
        raise UsageError("usage.counts", f"counts are a {type(counts).__name__}, expected what class_counts returns")
    present = counts.pixels > 0
    share = np.zeros(len(counts.pixels))
    share[present] = counts.pixels[present] / counts.image_pixels[present]
    return _where_present(share, float(np.median(share[present])) if present.any() else 0.0).astype(np.float32)


def effective_number(counts: npt.ArrayLike, beta: float = 0.9999) -> Maps:
    """Counts (C,) -> weights (C,) float32 in proportion to ``(1 - beta) / (1 - beta**n_c)``; their sum is K.

    Cui et al. 2019 (arXiv 1901.05555). K is the number of classes present; an absent class has weight 0. Pixels are so
    many that every class has the same effective number: count images (``ClassCounts.images``), or choose beta closer to
    1. Raises UsageError: ``usage.number`` for a beta outside [0, 1), ``usage.counts``.

    >>> effective_number([1, 2, 0], beta=0.5)
    array([1.2, 0.8, 0. ], dtype=float32)
    """
    if not 0 <= beta < 1:
        raise UsageError("usage.number", f"beta is {beta}, expected a number of at least 0 and below 1")
    n = _counted(counts)
    with np.errstate(divide="ignore"):
        effective = -np.expm1(n * np.log(beta)) if beta else np.sign(n)
    weights = _where_present(effective, 1.0)
    return (weights * np.count_nonzero(n) / max(float(weights.sum()), 1e-300)).astype(np.float32)


def _counted(counts: npt.ArrayLike) -> Floats:
    n = np.asarray(counts, np.float64)
    if n.ndim != 1:
        text = f"counts have shape {n.shape}, expected (C,): a column of ClassCounts, such as its pixels"
        raise UsageError("usage.counts", text)
    return n


def _where_present(share: Floats, over: float) -> Floats:
    weights: Floats = np.divide(over, share, out=np.zeros(share.shape), where=share > 0)
    return weights


def signed_distances(class_map: npt.ArrayLike, num_classes: int, void: int | None = None) -> Maps:
    """Class maps (..., H, W), arrays or tensors -> (..., C, H, W) float32: how far a pixel is from a class's boundary.

    Boundary loss, Kervadec et al. 2019 (arXiv 1812.07032), in pixels and as in their code: outside the class, the
    distance to its nearest pixel; inside, ``1 -`` the distance to the nearest pixel outside, so that its outermost
    pixels are 0. A class that is absent or covers everything has no boundary and gives 0. Void pixels are 0 for every
    class. Without ``void``, it is that of the data set that made the tensor, or else 255, or 65535 for more classes.
    Raises UsageError: ``usage.extra`` where scipy is missing, ``usage.picture``.

    >>> signed_distances(np.array([[0, 0, 0, 1]]), 3)[:2].tolist()
    [[[-2.0, -1.0, 0.0, 1.0]], [[3.0, 2.0, 1.0, 0.0]]]
    """
    maps = _integers("class map", class_map)
    void = _void(class_map, num_classes) if void is None else void
    distances = np.zeros((*maps.shape[:-2], num_classes, *maps.shape[-2:]), np.float32)
    for index, picture in _pictures(maps):
        for value in np.unique(picture).tolist():
            if 0 <= value < num_classes and value != void:
                distances[index][value] = _signed_distance(picture == value)
        distances[index][:, picture == void] = 0
    return distances


def _signed_distance(mask: npt.NDArray[np.bool_]) -> Floats:
    if mask.all():
        return np.zeros(mask.shape)
    edt = _ndimage().distance_transform_edt
    signed: Floats = np.where(mask, 1 - edt(mask), edt(~mask))
    return signed


def boundary_weights(
    class_map: npt.ArrayLike,
    void: int | None = None,
    background: int | None = 0,
    *,
    w0: float = 10.0,
    sigma: float = 5.0,
    class_weights: npt.ArrayLike | None = None,
    id_map: npt.ArrayLike | None = None,
) -> Maps:
    """Class maps (..., H, W), arrays or tensors -> weights of pixels (..., H, W) float32, high where objects are near.

    U-Net, Ronneberger et al. 2015 (arXiv 1505.04597, equation 2): ``w = w_c + w0 exp(-(d1 + d2)² / (2 sigma²))``, d1
    and d2 the distances to the nearest and the second nearest object, 0 within it. w_c is the weight of the pixel's
    class (C,), 1 without ``class_weights``. Objects are the connected parts (4 neighbours) of each class except the
    background; ``id_map`` (..., H, W), 0 outside objects, gives the true objects if they are known. With fewer than two
    objects the second term is 0, and beyond ``d1 + d2 = 6 sigma`` it may be 0. Void pixels have weight 0; without
    ``void`` it is that of the data set that made the tensor, else 255, or 65535 where a value is above 255.
    Raises UsageError: ``usage.extra`` where scipy is missing, ``usage.picture``, ``usage.number``.

    >>> boundary_weights(np.array([[1, 0, 1]]), w0=10, sigma=1).round(2)
    array([[2.35, 2.35, 2.35]], dtype=float32)
    """
    maps = _integers("class map", class_map)
    void = _void(class_map, int(maps.max(initial=0))) if void is None else void
    ids = None if id_map is None else _integers("id map", id_map)
    _check_boundary(maps, ids, sigma)
    weights = np.ones(maps.shape, np.float32)
    for index, picture in _pictures(maps):
        objects = _parts(picture, void, background) if ids is None else ids[index]
        weights[index] += w0 * np.exp(-((_two_nearest(objects, _REACH * sigma).sum(axis=0) / sigma) ** 2) / 2)
        if class_weights is not None:
            weights[index] += _class_weight(picture, np.asarray(class_weights, np.float64)) - 1
    weights[maps == void] = 0
    return weights


def _void(given: npt.ArrayLike, highest: int) -> int:
    """The void that a tensor of a data set remembers, or the usual one for classes up to ``highest``."""
    return int(getattr(given, "void", 65535 if highest > 255 else 255))


def _check_boundary(maps: npt.NDArray[np.integer], ids: npt.NDArray[np.integer] | None, sigma: float) -> None:
    if not 0 < sigma < np.inf:
        raise UsageError("usage.number", f"sigma is {sigma}, expected a positive number of pixels")
    if ids is not None and ids.shape != maps.shape:
        raise UsageError("usage.picture", f"the id map has shape {ids.shape}, expected the class map's {maps.shape}")


def _class_weight(picture: npt.NDArray[np.integer], class_weights: Floats) -> Floats:
    """The weight of each pixel's class; 0 for a value that is not a class."""
    known = (picture >= 0) & (picture < len(class_weights))
    return np.where(known, class_weights[np.where(known, picture, 0)], 0.0)


def _parts(picture: npt.NDArray[np.integer], void: int, background: int | None) -> npt.NDArray[np.integer]:
    """The connected parts of each class, numbered from 1: (H, W)."""
    parts = np.zeros(picture.shape, np.int64)
    for value in np.unique(picture).tolist():
        if value not in (void, background):
            found, _ = _ndimage().label(picture == value)
            parts += np.where(found > 0, found + parts.max(), 0)
    return parts


def _two_nearest(objects: npt.NDArray[np.integer], reach: float) -> Floats:
    """Distances to the nearest and second nearest object: (2, H, W); infinite where there is none within ``reach``."""
    nearest = np.full((2, *objects.shape), np.inf)
    for value in np.unique(objects[objects != 0]).tolist():
        window = _window(objects == value, int(np.ceil(reach)))
        distance = _ndimage().distance_transform_edt(objects[window] != value)
        first, second = nearest[0][window], nearest[1][window]
        np.minimum(second, np.maximum(first, distance), out=second)
        np.minimum(first, distance, out=first)
    return nearest


def _window(mask: npt.NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """Rows and columns of a mask's box with a ``margin`` around it."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    spans = [slice(max(0, line[0] - margin), line[-1] + margin + 1) for line in (rows, columns)]
    return spans[0], spans[1]


def _pictures(class_map: npt.NDArray[Any]) -> Iterator[tuple[tuple[int, ...], npt.NDArray[Any]]]:
    """The index of each picture of a batch, and the picture."""
    return ((index, class_map[index]) for index in np.ndindex(class_map.shape[:-2]))


def _integers(name: str, given: npt.ArrayLike) -> npt.NDArray[np.integer]:
    """Pictures as an array, without a copy of a CPU tensor."""
    pictures = np.asarray(given)
    if pictures.ndim < 2 or pictures.dtype.kind not in "iu":
        found = f"the {name} has shape {pictures.shape} and dtype {pictures.dtype}"
        raise UsageError("usage.picture", f"{found}, expected (..., H, W) integers")
    return pictures


def _ndimage() -> Any:
    try:
        from scipy import ndimage
    except ImportError:
        raise UsageError(
            "usage.extra", "distances need scipy: pip install 'cocoseg[losses]', or '.[losses]' from a checkout"
        ) from None
    return ndimage
