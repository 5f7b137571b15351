"""What is left to do, cut into parts of about a second."""

from __future__ import annotations

from collections import deque

PART_SECONDS = 1.0
_SHORTEST_SECONDS = 0.05
_FIRST = 8  # items of a part as long as nobody knows how long one takes

Range = tuple[int, int]


class Queue:
    """Items by number, handed out in ranges (start, stop) that ``workers`` finish at about the same time.

    ``left`` is the number of those that wait to be taken.
    """

    def __init__(self, length: int, workers: int) -> None:
        self._ranges: deque[Range] = deque([(0, length)] if length else [])
        self.left = length
        self._workers = workers
        self._pace: float | None = None  # items a second

    def take(self) -> Range | None:
        """The next range, or None where all were taken."""
        if not self._ranges:
            return None
        start, stop = self._ranges.popleft()
        end = min(stop, start + self._size())
        if end < stop:
            self._ranges.appendleft((end, stop))
        self.left -= end - start
        return start, end

    def give_back(self, start: int, stop: int) -> None:
        """Items that were taken and not done; they come next."""
        if start < stop:
            self._ranges.appendleft((start, stop))
            self.left += stop - start

    def learn(self, items: int, seconds: float) -> None:
        """How long a part took; the last ones count for most."""
        pace = items / max(seconds, 1e-6)
        self._pace = pace if self._pace is None else 0.5 * self._pace + 0.5 * pace

    def _size(self) -> int:
        """A second's items, but towards the end no more than leave something for everybody."""
        share = -(-self.left // (2 * self._workers))
        if self._pace is None:
            return max(1, min(share, _FIRST))
        return max(1, min(int(self._pace * PART_SECONDS), max(share, int(self._pace * _SHORTEST_SECONDS))))
