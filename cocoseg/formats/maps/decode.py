"""Decodes the label pictures of an image, with its picture of instance numbers if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import pair_runs
from cocoseg.errors import Problem, SampleError
from cocoseg.files.png.labels import read_labels
from cocoseg.files.rasters import kind
from cocoseg.formats.maps.classes import Numbered, Values, class_sample, thing_sample
from cocoseg.formats.maps.codes import CODES, COLORS, Code, read_runs
from cocoseg.formats.maps.kinds import read_colors, read_numbers, verify
from cocoseg.formats.maps.numbering import NUMBERINGS, Numbering, check_classes
from cocoseg.formats.maps.scores import SCORES, read_scores
from cocoseg.model import Entry, Sample


@dataclass(frozen=True)
class Pictures:
    """Makes samples from label pictures with this code. A second file, if there is one, has the instance numbers.

    Instance numbers in ``no_number`` mean that there is none. ``channels`` are the numbers of channels that scores may
    have.
    """

    code: str
    values: Values
    no_number: tuple[int, ...] = ()
    numbering: Numbering = NUMBERINGS["plain"]
    channels: tuple[int, ...] = ()

    def __call__(self, entry: Entry, files: Sequence[bytes], place: str) -> Sample:
        """Raises SampleError: ``png.*``, ``size.mismatch``, ``limit.pixels``, ``id.unknown``."""
        code, data = self._coded, files[0]
        numbers: npt.NDArray[Any] | None
        if len(files) > 1:
            picture = code.read(data, entry.size)
            size = picture.shape[0], picture.shape[1]
            found, numbers, lengths = pair_runs(picture.reshape(-1), self._numbers(files[1], size).reshape(-1))
            classes = found
            numbers = _ranked(numbers) if self._is_colored else numbers
        else:
            read = read_runs(code, data, entry.size)
            size, found, lengths = read.size, read.of_runs, read.lengths
            classes, numbers = code.split(found)
        rows = self._rows(code, found, classes, lengths, data)
        problems = self.values.problems(classes, lengths, place)
        nothing = rows == self.values.nothing
        void = nothing & (classes != 0)
        if numbers is None:
            return _noted(class_sample(entry, place, size, self.values, rows, lengths, void), problems)
        if len(files) > 1:
            check_classes(self.numbering, classes, numbers, nothing)
            numbers = self.numbering.numbers(numbers)
        crowd = code.crowd(found) if code.crowd else None
        numbered = Numbered(rows, numbers, lengths, void, crowd=crowd)
        sample = thing_sample(entry, place, size, self.values, numbered, code.zero_is_crowd, code.join)
        return _noted(sample, problems)

    def _rows(
        self,
        code: Code,
        found: npt.NDArray[Any],
        classes: npt.NDArray[Any],
        lengths: npt.NDArray[np.intp],
        data: bytes,
    ) -> npt.NDArray[np.intp]:
        """The index of each run's column (R,). Raises SampleError ``id.unknown``."""
        try:
            rows = self.values.find(classes, lengths)
            if code.zero_is_void:
                _check_void(found, rows == self.values.nothing, lengths)
                rows[found == 0] = self.values.nothing
        except SampleError:
            verify(data)  # if the file is damaged, that is the better explanation
            raise
        return rows

    @property
    def _coded(self) -> Code:
        code = CODES[self.code]
        return code._replace(read=partial(read_scores, counts=self.channels)) if self.code == SCORES else code

    @property
    def _is_colored(self) -> bool:
        return self.code.startswith(COLORS)

    def _numbers(self, data: bytes, size: tuple[int, int]) -> npt.NDArray[Any]:
        read = read_colors if self._is_colored else read_numbers if kind(data) else read_labels
        try:
            numbers = read(data)
            if numbers.shape != size:
                found = "it is {}×{} (height×width), but the class map is {}×{}".format(*numbers.shape, *size)
                raise SampleError("size.mismatch", f"{found}; one of the two belongs to another image")
        except SampleError as error:
            raise error.at("its picture of instance numbers") from None
        return np.where(np.isin(numbers, self.no_number), 0, numbers) if self.no_number else numbers


def _noted(sample: Sample, problems: tuple[Problem, ...]) -> Sample:
    return replace(sample, problems=problems) if problems else sample


def _ranked(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers (R,) of objects as 1, 2 and so on, so that a colour is a small number; 0 stays."""
    found, ranks = np.unique(numbers, return_inverse=True)
    return np.asarray(ranks + (found[0] != 0))


def _check_void(found: npt.NDArray[Any], void: npt.NDArray[np.bool_], lengths: npt.NDArray[np.intp]) -> None:
    strange = void & (found > 0)
    if strange.any():
        pixels = int(lengths[strange].sum())
        text = f"category 0 is void but has an instance (G) in {pixels} pixels; list category 0, or paint them 0"
        raise SampleError("id.unknown", text)
