"""XML, parsed as it is read, without the parts of it that can harm: a document with a DOCTYPE is refused.

A DOCTYPE is the only place where entities are declared, which expand to gigabytes or name other files. Annotation tools
write none. With it gone, the standard library's expat needs no wrapper around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn
from xml.parsers import expat

from cocoseg.errors import DocumentError
from cocoseg.files.reading import read_part

_PIECE = 1 << 20

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str, str], None]


def parse_xml(path: str, start: Start, end: End) -> None:
    """Call ``start(tag, attributes)`` and ``end(tag, text)`` for every element; the text is what stands before its end.

    Raises DocumentError ``xml.syntax``, ``xml.doctype``, SampleError ``file.*``.
    """
    texts: list[str] = []

    def begin(tag: str, attributes: dict[str, str]) -> None:
        texts.clear()
        start(tag, attributes)

    def finish(tag: str) -> None:
        end(tag, "".join(texts).strip())
        texts.clear()

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begin, finish
    parser.CharacterDataHandler = texts.append
    parser.StartDoctypeDeclHandler = _refuse
    try:
        for piece in _pieces(path):
            parser.Parse(piece)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        text = f"{path}: not valid XML ({error}); the file may be cut off, get it again"
        raise DocumentError("xml.syntax", text) from None
    except DocumentError as error:
        raise error.at(path) from None


def _refuse(*_: object) -> NoReturn:
    text = "has a DOCTYPE, which may expand to gigabytes or read other files; remove it, annotation tools write none"
    raise DocumentError("xml.doctype", text)


def _pieces(path: str) -> Iterator[bytes]:
    start, whole = 0, True
    while whole:
        piece = read_part(path, start, _PIECE)
        yield piece
        start, whole = start + len(piece), len(piece) == _PIECE
