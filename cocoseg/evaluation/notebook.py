"""An evaluation as it shows itself in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_MOST = 50  # rows of classes


def notebook_tables(title: str, headlines: Mapping[str, float | None], classes: Sequence[Mapping[str, Any]]) -> str:
    """HTML of the headlines, and of the classes that have a number.

    >>> notebook_tables("2 of 2 pairs", {"mIoU": 0.5}, [])
    '<table><caption>2 of 2 pairs</caption><tr><th>mIoU</th></tr><tr><td>50.00</td></tr></table>'
    """
    tables = [_table(title, [headlines])]
    rows = [row for row in classes if row["IoU"] is not None]
    if rows:
        left = f", {len(rows) - _MOST:,} more in classes()" if len(rows) > _MOST else ""
        tables.append(_table(f"classes, in percent{left}", rows[:_MOST]))
    return "".join(tables)


def _table(caption: str, rows: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row.values())}</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.2f}" if isinstance(value, float) else escape(str(value))
