"""Numbers as people read them, and names of strangers as a page may show them."""

from __future__ import annotations

_LONGEST = 60  # characters of a name


def name(text: str, most: int = _LONGEST) -> str:
    r"""A name with its control characters escaped, cut in the middle where it is long.

    >>> name("a\x1b[31mb"), name("abcdefghij", 7)
    ('a\\x1b[31mb', 'abc…hij')
    """
    head = text if len(text) <= 4 * most else f"{text[: 2 * most]}{text[-2 * most :]}"
    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in head)
    if len(text) == len(head) and len(shown) <= most:
        return shown
    half = (most - 1) // 2
    return f"{shown[:half]}…{shown[-half:]}"


def whole(number: int) -> str:
    """A whole number.

    >>> whole(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def short(number: float) -> str:
    """A number in three digits, with a letter for thousands and more.

    >>> short(999), short(1000), short(45678), short(1.2e9), short(0.25)
    ('999', '1k', '45.7k', '1.2G', '0.25')
    """
    for letter, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size * 0.9995:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


def percent(share: float | None) -> str:
    """A share, with as many digits as tell something; a dash where it is not defined.

    >>> percent(0.5), percent(0.01234), percent(0.00004), percent(0.0), percent(1.0), percent(None)
    ('50.0%', '1.23%', '<0.01%', '0%', '100%', '–')
    """
    if share is None:
        return "–"
    if share == 0 or share == 1:
        return f"{share:.0%}"
    if share < 0.0001:
        return "<0.01%"
    return f"{share:.1%}" if share >= 0.1 else f"{share:.2%}"


def times(ratio: float) -> str:
    """How many times one number is another.

    >>> times(2.0), times(0.25), times(1.04)
    ('2.0×', '0.25×', '1.0×')
    """
    return f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.1f}×" if ratio >= 1 else f"{ratio:.2g}×"


def sentence(text: str) -> str:
    """A text that begins with a capital letter.

    >>> sentence("one class"), sentence("")
    ('One class', '')
    """
    return text[:1].upper() + text[1:]
