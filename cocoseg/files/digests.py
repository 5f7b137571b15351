"""Digests of bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

_PIECE = 1 << 20


def digest(data: bytes) -> str:
    """The first half of the SHA-256 of some bytes, as 32 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:32]


class Measured:
    """Chunks joined to larger pieces, whose size and digest are measured while they are iterated."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.size = 0
        self._chunks = chunks
        self._hasher = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The ``digest`` of the bytes so far."""
        return self._hasher.hexdigest()[:32]

    def __iter__(self) -> Iterator[bytes]:
        pending = bytearray()
        for chunk in self._chunks:
            pending += chunk
            if len(pending) >= _PIECE:
                yield self._measure(pending)
                pending = bytearray()
        yield self._measure(pending)

    def _measure(self, piece: bytearray) -> bytes:
        self.size += len(piece)
        self._hasher.update(piece)
        return bytes(piece)
