"""CSV, row by row as it is read, with fields of any length."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator

from cocoseg.errors import DocumentError, SampleError
from cocoseg.files.reading import read_part

_PIECE = 1 << 20
_LONGEST = (1 << 31) - 1  # characters of a field; the longest that a C long holds on every system


def read_csv(path: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its line. Raises DocumentError ``csv.*``, ``file.*``."""
    before = csv.field_size_limit(_LONGEST)
    try:
        rows = csv.reader(_lines(path), skipinitialspace=True)
        yield from ((rows.line_num, row) for row in rows if row)
    except csv.Error as error:
        raise DocumentError("csv.syntax", f"{path}: not valid CSV ({error})") from None
    except UnicodeDecodeError as error:
        raise DocumentError("csv.syntax", f"{path}: not UTF-8 text ({error.reason}); save the file as UTF-8") from None
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    finally:
        csv.field_size_limit(before)


def _lines(path: str) -> Iterator[str]:
    decoder, rest = codecs.getincrementaldecoder("utf-8-sig")(), ""
    for piece in _pieces(path):
        *lines, rest = (rest + decoder.decode(piece, final=not piece)).split("\n")
        yield from (f"{line}\n" for line in lines)
    if rest:
        yield rest


def _pieces(path: str) -> Iterator[bytes]:
    """The file in pieces, an empty one last."""
    start, piece = 0, b" " * _PIECE
    while len(piece) == _PIECE:
        piece = read_part(path, start, _PIECE)
        yield piece
        start += len(piece)
    yield b""
