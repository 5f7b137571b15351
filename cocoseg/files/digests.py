"""What bytes are known by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

_PIECE = 1 << 20


def digest(data: bytes) -> str:
    """What a file's bytes are known by: the first half of their SHA-256, 32 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:32]


class Measured:
    """Chunks in pieces worth a call, counted and digested on their way."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.size = 0
        self._chunks = chunks
        self._hasher = hashlib.sha256()

    @property
    def digest(self) -> str:
        """What the bytes that went through are known by, as ``digest`` has it."""
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
