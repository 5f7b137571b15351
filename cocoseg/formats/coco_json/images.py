"""Image rows of COCO files, ``[{"id", "file_name", "height", "width"}]``, and the output names made from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from cocoseg.errors import Problem, SampleError, show
from cocoseg.files import names
from cocoseg.files.documents import describe, parse_rows
from cocoseg.model import ImageId


class Image(msgspec.Struct, gc=False):
    """An image's row, its fields not yet checked."""

    id: Any = UNSET
    file_name: Any = UNSET
    height: Any = UNSET
    width: Any = UNSET
    coco_url: Any = None


_IMAGE = msgspec.json.Decoder(Image)


class ImageTable:
    """The rows of ``images`` by id. ``problems`` lists the unusable rows."""

    def __init__(self, source: str, rows: Sequence[Raw]) -> None:
        self.rows: dict[ImageId, tuple[int, Image]] = {}
        self._raw = rows
        self.problems: list[Problem] = []
        for number, row in enumerate(parse_rows(list(rows), _IMAGE, lambda _, error: error)):
            if error := row if isinstance(row, SampleError) else self._enter(number, row):
                self.problems.append(error.at(f"{source}: images[{number}]").problem)

    def size(self, image: ImageId) -> tuple[int, int] | None:
        """(height, width) of an image, None if its row has no size. Raises SampleError ``id.unknown``, ``size.*``."""
        if image not in self.rows:
            raise self.unknown(image)
        return self.size_of(*self.rows[image])

    def file_name(self, image: ImageId) -> str | None:
        """The name of the photo in an image's row, if there is one."""
        _, row = self.rows[image]
        return row.file_name if isinstance(row.file_name, str) else None

    def raw(self, image: ImageId, *, apart: bool = False) -> Raw:
        """The undecoded row of an image; ``apart``: as a copy that does not keep the whole file in memory."""
        row = self._raw[self.rows[image][0]]
        return row.copy() if apart else row

    @staticmethod
    def size_of(number: int, row: Image) -> tuple[int, int] | None:
        """(height, width) of the image in row ``number``, or None. Raises SampleError ``size.*``."""
        if row.height in (UNSET, None) and row.width in (UNSET, None):
            return None
        return _side(row.height, number, "height"), _side(row.width, number, "width")

    def _enter(self, number: int, row: Image) -> SampleError | None:
        try:
            found = image_id(row.id, "id")
        except SampleError as error:
            return error
        if found in self.rows:
            return SampleError("id.duplicate", f"images[{self.rows[found][0]}] has id {show(found)} too")
        row.id = found  # makes 1.0 an integer
        self.rows[found] = (number, row)
        return None

    def unknown(self, image: ImageId) -> SampleError:
        """The error for an id that is not in the table, with the likely reason."""
        text = f"image_id {show(image)} is not among the images"
        twin: ImageId = str(image) if isinstance(image, int) else int(image) if image.isdecimal() else ""
        if twin in self.rows:
            return SampleError("id.unknown", f"{text}, but {show(twin)} is: one is a number, the other a string")
        if self.problems:  # an unusable image row is the likely reason
            problem = self.problems[0]
            return SampleError(problem.category, f"{text}; perhaps because of this: {problem.message}")
        return SampleError("id.unknown", f"{text}; add it, or drop the annotation")


class Keys:
    """Output names, each used once. ``problems`` lists names that do not work on other systems."""

    def __init__(self, source: str, rows: str) -> None:
        self.problems: list[Problem] = []
        self._prefix = f"{source}: {rows}"
        self._rows = rows
        self._taken: dict[str, int] = {}
        self._folded: dict[str, str] = {}

    def take(self, number: int, file_name: str, made: str | None = None) -> str:
        """The key for a safe ``file_name`` in row ``number``, or ``made``. Raises SampleError ``path.collision``."""
        key = made or names.png_name(file_name)
        if (first := self._taken.setdefault(key, number)) != number:
            raise SampleError(
                "path.collision",
                f"file_name {show(file_name)} and that of {self._rows}[{first}] both give {show(key)}; one would "
                "overwrite the other: rename one",
            )
        if (other := self._folded.setdefault(names.fold(key), key)) != key:
            self._note(number, *names.clash(key, other))
        if reason := names.portability_problem(key):
            self._note(number, "path.reserved", f"file_name: {reason}")
        return key

    def _note(self, number: int, category: str, message: str) -> None:
        self.problems.append(Problem(category, f"{self._prefix}[{number}]: {message}"))


def safe_name(value: Any, what: str) -> str:
    """A row's ``file_name`` as a safe relative path. Raises SampleError ``doc.*``, ``path.*``."""
    if value is UNSET:
        raise SampleError("doc.missing_key", f"no 'file_name', expected the name of the {what}")
    if not isinstance(value, str):
        raise SampleError("doc.type", f"file_name is {describe(value)}, expected a string")
    return names.relative_name(value)


def image_id(value: Any, field: str) -> ImageId:
    """An image id, an integer or a string. Raises SampleError ``doc.missing_key``, ``id.type``."""
    if value is UNSET:
        raise SampleError("doc.missing_key", f"no {field!r}, expected an integer or a string")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise SampleError("id.type", f"{field} is {describe(value)}, expected an integer or a string")
    return value


def _side(value: Any, number: int, field: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        found = "missing" if value is UNSET else describe(value)
        raise SampleError("size.type", f"images[{number}].{field} is {found}, expected a number of pixels")
    if value < 1:
        raise SampleError("size.invalid", f"images[{number}].{field} is {value}, expected at least 1")
    return value
