"""The items left to do, cut into parts of about a second."""

from __future__ import annotations

from collections import deque

PART_SECONDS = 1.0
_SHORTEST_SECONDS = 0.05
_FIRST = 8  # items of a part before the pace is known

Range = tuple[int, int]


class Queue:
    """Items by index, handed out in ranges (start, stop) so that ``workers`` finish at about the same time.

    ``left`` is the number of items not handed out.
    """

    def __init__(self, length: int, workers: int) -> None:
        self._ranges: deque[Range] = deque([(0, length)] if length else [])
        self.left = length
        self._workers = workers
        self._pace: float | None = None  # items a second

    def take(self) -> Range | None:
        """The next range, or None if there is none left."""
        if not self._ranges:
            return None
        start, stop = self._ranges.popleft()
        end = min(stop, start + self._size())
        if end < stop:
            self._ranges.appendleft((end, stop))
        self.left -= end - start
        return start, end

    def give_back(self, start: int, stop: int) -> None:
        """Return items that were taken and not done; they come next."""
        if start < stop:
            self._ranges.appendleft((start, stop))
            self.left += stop - start

    def learn(self, items: int, seconds: float) -> None:
        """Note how long a part took; recent parts weigh most."""
        pace = items / max(seconds, 1e-6)
        self._pace = pace if self._pace is None else 0.5 * self._pace + 0.5 * pace

    def at_once(self, most: int) -> int:
        """How many ranges to have under way: two a worker until the pace is known, then ``most``."""
        return min(most, 2 * self._workers) if self._pace is None else most

    def _size(self) -> int:
        """The items of a second, but fewer towards the end, so that every worker gets some."""
        share = -(-self.left // (2 * self._workers))
        if self._pace is None:
            return max(1, min(share, _FIRST))
        return max(1, min(int(self._pace * PART_SECONDS), max(share, int(self._pace * _SHORTEST_SECONDS))))
