"""What numbers should be at least: ``mIoU=0.6,PQ=0.4``."""

from __future__ import annotations

from collections.abc import Mapping

from cocoseg.errors import UsageError, show, suggestion


def least_of(wanted: str | None) -> dict[str, float]:
    """``NAME=VALUE``, several with commas, as a table. Raises UsageError ``usage.fail_under``.

    >>> least_of("mIoU=0.6, PQ things = .4")
    {'mIoU': 0.6, 'PQ things': 0.4}
    """
    found: dict[str, float] = {}
    for word in [] if wanted is None else wanted.split(","):
        name, _, value = word.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            text = f"fail_under is {show(wanted)}, expected NAME=VALUE as mIoU=0.6, several with commas"
            raise UsageError("usage.fail_under", text) from None
        if not 0 <= found[name.strip()] <= 1:
            text = f"fail_under asks for {name.strip()} = {value}, expected a share from 0 to 1, as mIoU=0.6"
            raise UsageError("usage.fail_under", text)
    return found


def below(found: Mapping[str, float | None], least: Mapping[str, float]) -> list[str]:
    """Which numbers are under what was asked for, in words. Raises UsageError ``usage.fail_under`` for unknown names.

    >>> below({"mIoU": 0.5, "PQ": None}, {"miou": 0.6})
    ['mIoU is 0.5000, under 0.6']
    """
    by_name = {name.lower(): name for name in found}
    for name in least:
        if name.lower() not in by_name:
            text = f"fail_under names {show(name)}{suggestion(name, found)}"
            raise UsageError("usage.fail_under", f"{text}; the numbers are {', '.join(found)}")
    wanted = {by_name[name.lower()]: value for name, value in least.items()}
    return [
        f"{name} is {'not defined' if found[name] is None else format(found[name], '.4f')}, under {value:g}"
        for name, value in wanted.items()
        if (number := found[name]) is None or number < value
    ]
