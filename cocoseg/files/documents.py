"""JSON documents, read strictly (RFC 8259): typed, with the parts that are needed later left as raw bytes.

Careless writers put ``NaN`` and broken surrogates into their files. ``NaN`` makes only its row fail, not the document:
it is replaced by an object that no field accepts, and the row's error names it. A broken surrogate becomes U+FFFD.
"""

from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import msgspec

from cocoseg.errors import CocosegError, DocumentError, SampleError, show
from cocoseg.files.reading import read_file

T = TypeVar("T")
Int64 = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]


class OfPieces(msgspec.Struct, kw_only=True):
    """What a result counts of an image that became several.

    Its ``pieces``, the objects ``dropped`` from them, and 1 if its photo was ``turned`` by a guess.
    """

    pieces: Count | msgspec.UnsetType = msgspec.UNSET
    dropped: Count | msgspec.UnsetType = msgspec.UNSET
    turned: Count | msgspec.UnsetType = msgspec.UNSET


_COMPRESSED = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")  # gzip, zip, zstd, bzip2, xz
_PICTURES = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"GIF8": "GIF"}
# How deep a parser gets depends on the call stack: what was read whole may be too deep when a part of it is parsed.
TOO_DEEP = "brackets are nested too deeply for an annotation file"
NOT_A_NUMBER = "not a JSON number"
# A string may be cut off at the end of the file: it must still match, or every quote in it is tried again.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|(?<![\w"])-?(?:NaN|Infinity)\b', re.DOTALL)
_ESCAPES = re.compile(rb"\\(?:u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(u[dD][89a-fA-F]\w\w)|.)", re.DOTALL)
_SPELLED_OUT = re.compile(rb"\\u00[2-7]")  # an escape that writes a letter which needs none


def read_document(
    path: str | os.PathLike[str], kind: type[T], unique: tuple[str, ...] = (), data: bytes | None = None
) -> T:
    """The JSON file ``path`` as ``kind``; the top-level keys in ``unique`` may occur once.

    ``data`` is its text, if that has been read already.

    Raises DocumentError: ``json.syntax``, ``json.encoding``, ``json.depth``, ``json.nonfinite``,
    ``json.duplicate_key``, ``doc.type``, ``file.*``.
    """
    try:
        return parse_document(read_file(path) if data is None else data, kind, unique)
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    except DocumentError as error:
        raise error.at(os.fspath(path)) from None


def parse_document(data: bytes, kind: type[T], unique: tuple[str, ...] = ()) -> T:
    """JSON text as ``kind``; a UTF-8 byte order mark is skipped.

    >>> parse_document(b'[1, 2]', list[int])
    [1, 2]
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    _check_encoding(data)
    try:
        document = _decode(data, kind)
        _check_keys(data, unique)
        return document
    except msgspec.ValidationError as error:
        if "out of range" in str(error):
            raise DocumentError("json.nonfinite", f"a number beyond a double ({error})") from None
        raise DocumentError("doc.type", _document_error(str(error))) from None
    except RecursionError:
        raise DocumentError("json.depth", TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DocumentError("json.syntax", f"not valid JSON ({error}){_looks_like(data)}") from None


def parse_part(raw: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T:
    """One row of a document that was left raw.

    Raises SampleError naming the field: ``doc.type``, ``doc.missing_key``, ``id.type``, ``json.nonfinite`` ...
    """
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise _field_error(str(error), bytes(raw)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SampleError("json.syntax", f"not valid JSON ({error})") from None


def parse_rows(
    rows: list[msgspec.Raw], decoder: msgspec.json.Decoder[T], refuse: Callable[[int, CocosegError], Any]
) -> list[T | Any]:
    """Rows of a document that were left raw, one by one: a bad one becomes ``refuse(index, error)``."""

    def parse(index: int, raw: msgspec.Raw) -> T | Any:
        try:
            return parse_part(raw, decoder)
        except SampleError as error:
            return refuse(index, error)

    return [parse(index, raw) for index, raw in enumerate(rows)]


def repeated_key(raw: bytes | msgspec.Raw, *keys: str, times: int = 1) -> str | None:
    """The first of ``keys`` that one object in ``raw`` gives twice, where parsers silently keep the last.

    ``times`` is how often each key occurs in a good text at most; up to that, nothing is parsed.

    >>> repeated_key(b'{"id": 1, "id": 2}', "id")
    'id'
    """
    data = bytes(raw)
    if not _may_repeat(data, keys, times):
        return None
    objects = _keys_of_objects(data)
    return next((key for key in keys if any(names.count(key) > 1 for names in objects)), None)


def _may_repeat(data: bytes, keys: Sequence[str], times: int) -> bool:
    often = any(data.count(f'"{key}"'.encode()) > times for key in keys)
    # Searching one byte is much faster than five, and most documents have no escape at all.
    return often or (b"\\" in data and b"\\u00" in data and _SPELLED_OUT.search(data) is not None)


def _keys_of_objects(data: bytes) -> list[list[str]]:
    """The keys of every object in a valid JSON text, the outermost object last."""
    objects: list[list[str]] = []
    json.loads(
        data,
        object_pairs_hook=lambda pairs: objects.append([name for name, _ in pairs]),
        parse_int=len,  # numbers of any length, whose values are not needed
        parse_float=len,
    )
    return objects


def _check_keys(data: bytes, unique: Sequence[str]) -> None:
    if not unique or not data.lstrip().startswith(b"{") or not _may_repeat(data, unique, 1):
        return
    top = _keys_of_objects(data)[-1]
    if twice := next((key for key in unique if top.count(key) > 1), None):
        raise DocumentError("json.duplicate_key", f"the document has {twice!r} twice; keep one of them")


def write_json(value: object) -> bytes:
    """A value as strict JSON for people to read: a line for each key, and for each row of a table.

    >>> print(write_json({"rows": [{"id": 1}, {"id": 2}]}).decode())
    {
     "rows": [
      {"id": 1},
      {"id": 2}
     ]
    }
    """
    return (_layout(value, 1) + "\n").encode(errors="backslashreplace")


def as_text(name: str) -> str:
    r"""A name as JSON can hold it: bytes that are not UTF-8 are spelled out.

    >>> print(as_text("caf\udce9.json"))
    caf\udce9.json
    """
    return name.encode(errors="backslashreplace").decode()


def _layout(value: object, depth: int) -> str:
    indent = "\n" + " " * depth
    end = indent[:-1]
    if isinstance(value, dict) and value:
        pairs = [f"{_compact(str(key))}: {_layout(item, depth + 1)}" for key, item in value.items()]
        return f"{{{indent}{f',{indent}'.join(pairs)}{end}}}"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return f"[{indent}{f',{indent}'.join(map(_compact, value))}{end}]"
    return _compact(value)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _decode(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        repaired = _TOKEN.sub(_repair, data)
        if repaired == data:
            raise
        return msgspec.json.decode(repaired, type=kind)


def _repair(token: re.Match[bytes]) -> bytes:
    text = token[0]
    if not text.startswith(b'"'):
        return json.dumps({NOT_A_NUMBER: text.decode()}).encode()  # a string would be taken for a name
    return _ESCAPES.sub(_repair_escape, text) if b"\\u" in text else text


def _repair_escape(escape: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if escape[1] else escape[0]


def _check_encoding(data: bytes) -> None:
    if picture := next((name for start, name in _PICTURES.items() if data.startswith(start)), None):
        text = f"this is a {picture} picture, expected JSON"
        raise DocumentError("json.encoding", f"{text}; name the JSON that lists it, or the folder of label pictures")
    if data.startswith(_COMPRESSED):
        raise DocumentError("json.encoding", "a compressed file, expected JSON text; unpack it first")
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or data[:64].count(0):
        raise DocumentError("json.encoding", "not UTF-8 text (looks like UTF-16 or binary); save the file as UTF-8")
    if data.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), 1 << 20):  # in pieces, so the text of a large file is never in memory
            decoder.decode(data[start : start + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise DocumentError("json.encoding", f"not UTF-8 text ({error.reason}); save the file as UTF-8") from None


def _looks_like(data: bytes) -> str:
    head = data[:200].lstrip().lower()
    if not head:
        return "; the file is empty"
    if head.startswith((b"<?xml", b"<annotation")):
        return "; this is XML, as CVAT and Pascal VOC write it: export 'COCO 1.0' from the tool that made it"
    if head.startswith(b"<"):
        return "; this is a web page, so the download went wrong"
    if head.startswith(b"version https://git-lfs"):
        return "; this is a git-lfs pointer: run 'git lfs pull'"
    return "; the file may be cut off or not JSON at all"


_PATH = re.compile(r"(.*?)(?: - at `\$(.*)`)?", re.DOTALL)


_MISMATCH = re.compile(r"Expected `(.*?)`, got `(.*?)`(?: - at `\$\.?(.*)`)?")
_KINDS = {"array": "a list", "object": "an object", "str": "a string", "int": "an integer", "float": "a number"}


def _document_error(text: str) -> str:
    """Msgspec's message about a document in words: what was found and what was expected."""
    match = _MISMATCH.fullmatch(text)
    if not match:
        return text
    expected = " or ".join(_KINDS.get(kind, kind) for kind in match[1].split(" | "))
    return f"{match[3] or 'the document'} is {_KINDS.get(match[2], match[2])}, expected {expected}"


def _field_error(text: str, raw: bytes) -> SampleError:
    """The error for msgspec's message: the position in the row first, then what was found and expected."""
    match = _PATH.fullmatch(text)
    what, position = (match[1], match[2]) if match else (text, None)
    field = (position or "").rpartition(".")[2]
    where = f"{position.lstrip('.')}: " if position else ""
    found = what.replace("`", "")
    if NOT_A_NUMBER.encode() in raw or ("out of range" in found and field not in ("id", "category_id")):
        return SampleError("json.nonfinite", f"{where}NaN, infinity or a number beyond a double; expected a number")
    if "missing required field" in found:
        return SampleError("doc.missing_key", f"{where}{found[:1].lower()}{found[1:]}")
    category = "id.type" if field in ("id", "category_id", "image_id") else "doc.type"
    if "out of range" in found or " <" in found or " >" in found:
        category = "id.range"
    return SampleError(category, f"{where}{found[:1].lower()}{found[1:]}")


def describe(value: object) -> str:
    """A JSON value and its type, for 'found ...'."""
    if isinstance(value, dict) and NOT_A_NUMBER in value:
        return f"{value[NOT_A_NUMBER]} ({NOT_A_NUMBER})"
    names = {dict: "an object", list: "a list", str: "a string", bool: "a bool", type(None): "null"}
    name = names.get(type(value))
    return f"{show(value)} ({name})" if name and value is not None else "null" if value is None else show(value)
