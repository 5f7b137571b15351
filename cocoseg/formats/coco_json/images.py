"""Image rows of COCO files, ``[{"id", "file_name", "height", "width"}]``, and the output names made from them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Raw

from cocoseg.errors import Problem, SampleError, show
from cocoseg.files import names
from cocoseg.files.documents import describe, parse_rows
from cocoseg.formats.coco_json.scalars import Taken, text, whole
from cocoseg.model import ImageId

Match = Literal["id", "file_name"]
Naming = Literal["path", "flat", "base", "any"]

_NAMINGS: dict[str, Callable[[str], str]] = {"path": str, "flat": names.flat_name, "base": names.base_name}


class Image(msgspec.Struct, gc=False):
    """An image's row, its fields not yet checked."""

    id: Any = UNSET
    file_name: Any = UNSET
    height: Any = UNSET
    width: Any = UNSET
    coco_url: Any = None


_IMAGE = msgspec.json.Decoder(Image)


class Listed(NamedTuple):
    """Rows of images that come from another data set, its source, and how annotations name them."""

    source: str
    rows: Sequence[Raw]
    match: Match = "id"


class ImageTable:
    """The rows of ``images`` by id. ``problems`` lists the unusable rows; ``taken`` counts what was guessed.

    With ``match="file_name"``, annotations name their image by its file_name instead of its id.
    """

    def __init__(self, source: str, rows: Sequence[Raw], taken: Taken | None = None, match: Match = "id") -> None:
        self.rows: dict[ImageId, tuple[int, Image]] = {}
        self.problems: list[Problem] = []
        self._raw = rows
        self._taken = taken or Taken(source)
        self._match = match
        for number, row in enumerate(parse_rows(list(rows), _IMAGE, lambda _, error: error)):
            if error := row if isinstance(row, SampleError) else self._enter(number, row):
                self.problems.append(error.at(f"{source}: images[{number}]").problem)

    def find(self, image: ImageId) -> ImageId | None:
        """The listed id that an annotation's ``image_id`` means, or None.

        A number and a string of digits mean the same image, unless that is ambiguous.
        """
        if self._match == "id" and image in self.rows:
            return image
        owners = self._called(image) if self._match == "file_name" else self._numbered(image)
        if len(owners) != 1:
            return None
        if self._match == "id":
            what = f"image_id {show(image)} and the id {show(owners[0])} of its image differ in type; they were joined"
            self._taken.note("id.type", what, type(image))
        return owners[0]

    def _called(self, image: ImageId) -> list[ImageId]:
        """The images with this file_name, or, of a path of another machine, with the name of the file."""
        return self.named(image) or self.named(posixpath.basename(str(image)))

    def owners(self, image: ImageId) -> list[ImageId]:
        """The images that an ``image_id`` may mean although it can't be joined: by its number or as a file name."""
        return self.named(image) if self._match == "file_name" else self._numbered(image) or self.named(image)

    def size(self, image: ImageId) -> tuple[int, int] | None:
        """(height, width) of a listed image, None if its row has no size. Raises SampleError ``size.*``."""
        return self.size_of(*self.rows[image])

    def file_name(self, image: ImageId) -> str | None:
        """The name of the photo in an image's row, if there is one."""
        name = text(self.rows[image][1].file_name)
        return name if isinstance(name, str) else None

    def raw(self, image: ImageId, *, apart: bool = False) -> Raw:
        """The undecoded row of an image; ``apart``: as a copy that does not keep the whole file in memory."""
        row = self._raw[self.rows[image][0]]
        return row.copy() if apart else row

    def size_of(self, number: int, row: Image) -> tuple[int, int] | None:
        """(height, width) of the image in row ``number``, or None. Raises SampleError ``size.*``."""
        if row.height in (UNSET, None) and row.width in (UNSET, None):
            return None
        return self._side(row.height, number, "height"), self._side(row.width, number, "width")

    def unknown(self, image: ImageId) -> SampleError:
        """The error for an id that is not in the table, with the likely reason."""
        what = f"image_id {show(image)} is not among the images"
        if owners := self.owners(image):
            places = " and ".join(f"images[{self.rows[owner][0]}]" for owner in owners[:2])
            if len(owners) > 1:
                return SampleError("id.ambiguous", f"{what}: it may mean {places}; give them other ids")
            return SampleError("id.unknown", f"{what}, but a file_name: that of {places}; use --match file_name")
        if self.problems:  # an unusable image row is the likely reason
            problem = self.problems[0]
            return SampleError(problem.category, f"{what}; perhaps because of this: {problem.message}")
        return SampleError("id.unknown", f"{what}; add it, or drop the annotation")

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

    def _side(self, value: Any, number: int, name: str) -> int:
        side = self._taken.take(value, whole, name, f"images[{number}]") if isinstance(value, str) else whole(value)
        if isinstance(side, bool) or not isinstance(side, int):
            found = "missing" if value is UNSET else describe(value)
            raise SampleError("size.type", f"images[{number}].{name} is {found}, expected a number of pixels")
        if side < 1:
            raise SampleError("size.invalid", f"images[{number}].{name} is {side}, expected at least 1")
        return side

    def _numbered(self, image: ImageId) -> list[ImageId]:
        return self._by_number.get(whole(image), [])

    def named(self, image: ImageId, *, anywhere: bool = False) -> list[ImageId]:
        """The images with this file_name; without folders or ending if none has the whole of it.

        With ``anywhere``, their folders do not matter.
        """
        name = str(image)
        return next((found[name] for found in self._by_name[anywhere :: 1 + anywhere] if name in found), [])

    @cached_property
    def _by_number(self) -> dict[Any, list[ImageId]]:
        """The ids that are numbers, or strings of digits, by their value."""
        found: dict[Any, list[ImageId]] = {}
        for image in self.rows:
            if isinstance(value := whole(image), int):
                found.setdefault(value, []).append(image)
        return found

    @cached_property
    def _by_name(self) -> list[dict[str, list[ImageId]]]:
        """The ids by file_name: whole, without its folders, without its ending, without both."""
        found: list[dict[str, list[ImageId]]] = [{}, {}, {}, {}]
        for image in self.rows:
            name = self.file_name(image) or ""
            base = posixpath.basename(name)
            for table, spelling in zip(found, (name, base, names.stem(name), names.stem(base)), strict=True):
                table.setdefault(spelling, []).append(image)
        return found


class Keys:
    """Output names, each used once. ``problems`` lists names that do not work on other systems.

    ``naming`` makes the name from a ``file_name``: with its folders (``path``), all parts in one name (``flat``), the
    last part alone (``base``), or anything unique where no file gets the name (``any``).
    """

    def __init__(self, source: str, rows: str, naming: Naming = "path") -> None:
        self.problems: list[Problem] = []
        self._prefix = f"{source}: {rows}"
        self._rows = rows
        self._naming = naming
        self._taken: dict[str, int] = {}
        self._folded: dict[str, str] = {}

    def take(self, number: int, file_name: str) -> str:
        """The key for a ``file_name`` in row ``number``. Raises SampleError ``path.*``."""
        if self._naming == "any":
            return self._any(number, file_name)
        name = names.relative_name(_NAMINGS[self._naming](file_name))
        key = names.png_name(name)
        if len(key) > 200:
            names.relative_name(key)  # with the ending, it may be too long
        if (first := self._taken.setdefault(key, number)) != number:
            raise SampleError(
                "path.collision",
                f"file_name {show(file_name)} and that of {self._rows}[{first}] both give {show(key)}; one would "
                "overwrite the other: rename one",
            )
        if (other := self._folded.setdefault(names.fold(key), key)) != key:
            self._note(number, *names.clash(key, other)[:2])
        if reason := names.portability_problem(name):
            self._note(number, "path.reserved", f"file_name: {reason}")
        return key

    def _any(self, number: int, file_name: str) -> str:
        """The name as a path if it is safe and free, else one made of the row's position."""
        try:
            key = names.png_name(names.relative_name(file_name))
        except SampleError:
            key = ""
        free = bool(key) and self._taken.setdefault(key, number) == number
        return key if free else f"{self._rows}[{number}]"

    def _note(self, number: int, category: str, message: str) -> None:
        self.problems.append(Problem(category, f"{self._prefix}[{number}]: {message}"))


def given_name(value: Any, what: str) -> str:
    """A row's ``file_name``, not yet checked. Raises SampleError ``doc.*``."""
    if value is UNSET:
        raise SampleError("doc.missing_key", f"no 'file_name', expected the name of the {what}")
    name = text(value)
    if not isinstance(name, str):
        raise SampleError("doc.type", f"file_name is {describe(value)}, expected a string")
    return name


def safe_name(value: Any, what: str) -> str:
    """A row's ``file_name`` as a safe relative path. Raises SampleError ``doc.*``, ``path.*``."""
    return names.relative_name(given_name(value, what))


def image_id(value: Any, field: str) -> ImageId:
    """An image id, an integer or a string. Raises SampleError ``doc.missing_key``, ``id.type``."""
    if value is UNSET:
        raise SampleError("doc.missing_key", f"no {field!r}, expected an integer or a string")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise SampleError("id.type", f"{field} is {describe(value)}, expected an integer or a string")
    return value
