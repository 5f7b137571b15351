"""Pages in a real browser: nothing is fetched, nothing goes wrong, and what the script does; also without script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import Browser, Tab, browser, installed
from pages import EVIL, source
from PIL import Image

import cocoseg
from conftest import FIXTURES

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(installed() is None, reason="no Chromium is installed: apt-get install chromium"),
]

PHONE, DESK = (390, 844), (1280, 900)
PAGES = ("one", "two", "evil", "evaluation")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page of each kind."""
    found = tmp_path_factory.mktemp("pages")
    park, photos = FIXTURES / "park" / "panoptic.json", FIXTURES / "park" / "photos"
    first = source(found / "first.json", 60, ["person", "car", "tree", "dog", "cup"])
    second = source(found / "second.json", 20, ["person", "car", "boat"])
    cocoseg.report(park, found / "one.html", photos=photos)
    cocoseg.report(first, found / "two.html", second)
    cocoseg.report(
        source(found / "evil.json", 9, EVIL, [f"{k}{name[:60]}" for k, name in enumerate(EVIL)]), found / "evil.html"
    )
    sample, labels = cocoseg.read(park)[0], cocoseg.label_scheme("index", cocoseg.read(park))
    (found / "predicted").mkdir()
    shifted = np.roll(cocoseg.semantic(sample, labels), 20, axis=1)
    Image.fromarray(shifted.astype(np.uint8)).save(found / "predicted" / Path(sample.key).with_suffix(".png").name)
    cocoseg.evaluate(park, found / "predicted", photos=photos, html=found / "evaluation.html")
    return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def tab(running: Browser) -> Tab:
    return running.tab()


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("page", PAGES)
def test_nothing_goes_wrong_and_nothing_is_fetched(page: str, size: tuple[int, int], folder: Path, tab: Tab) -> None:
    tab.open(folder / f"{page}.html", size=size)
    assert tab.problems == []
    others = [url for url in tab.requests if not url.startswith("data:")]
    assert others == [(folder / f"{page}.html").as_uri()]
    assert tab.value("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    assert tab.value("document.documentElement.scrollWidth") <= size[0]


def test_the_browser_notices_what_it_is_asked_about(tmp_path: Path, tab: Tab) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<script>console.error('seen')</script><img src='missing.png'>")
    tab.open(page)
    assert any("seen" in row for row in tab.problems)
    assert any(url.endswith("missing.png") for url in tab.requests)


def test_the_policy_stops_what_a_name_could_bring_in(folder: Path, tmp_path: Path, tab: Tab) -> None:
    text = (folder / "one.html").read_text()
    attack = "<script>document.title = 'owned'</script><img src='https://example.org/a.png'>"
    (tmp_path / "p.html").write_text(text.replace("<footer>", f"{attack}<footer>"))
    tab.open(tmp_path / "p.html")
    assert tab.value("document.title") != "owned"
    assert len([row for row in tab.problems if "Content Security Policy" in row]) == 2


@pytest.mark.parametrize("page", PAGES)
def test_charts_have_their_numbers(page: str, folder: Path, tab: Tab) -> None:
    tab.open(folder / f"{page}.html")
    charts = "[...document.querySelectorAll('figure.chart')]"
    assert tab.value(f"{charts}.length") >= 2
    assert tab.value(f"{charts}.every((one) => one.querySelectorAll('rect, .dot').length > 0)")
    assert tab.value(f"{charts}.every((one) => one.querySelectorAll('tbody tr').length > 0)")
    drawn = "[...document.querySelectorAll('svg rect')].map((one) => one.getBoundingClientRect())"
    assert tab.value(f"{drawn}.every((one) => one.width > 0 && one.height > 0)")


def test_tables_are_sorted_and_filtered(folder: Path, tab: Tab) -> None:
    tab.open(folder / "two.html")
    column = "[...document.querySelectorAll('#class-table thead tr:last-child th')].findIndex((one) => one.textContent.startsWith('pixels'))"
    press = f"document.querySelectorAll('#class-table thead tr:last-child button')[{column}].click()"
    values = f"[...document.querySelector('#class-table').tBodies[0].rows].map((row) => Number(row.cells[{column}].dataset.v))"
    before = tab.value(values)
    tab.value(press)
    assert tab.value(values) == sorted(before, reverse=True) != sorted(before)
    tab.value(press)
    assert tab.value(values) == sorted(before)
    assert tab.value("document.querySelectorAll('[aria-sort=ascending]').length") == 1
    tab.value(
        "(() => { const one = document.querySelector('[data-filters=class-table]');"
        "one.value = 'BOA'; one.dispatchEvent(new Event('input')); })()"
    )
    shown = "[...document.querySelector('#class-table').tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[0].textContent)"
    assert tab.value(shown) == ["boat"]
    assert tab.value("document.querySelector('.filter [role=status]').textContent") == "1 of 6"


def test_cells_of_the_matrix_lead_to_their_images(folder: Path, tab: Tab) -> None:
    tab.open(folder / "evaluation.html")
    assert tab.value("document.querySelectorAll('.cells a').length") > 3
    links = "[...document.querySelectorAll('.cells a')]"
    assert tab.value(
        f"{links}.every((one) => document.querySelector(one.getAttribute('href')).querySelector('figcaption'))"
    )
    inside = (
        "(() => { const all = document.querySelector('.cells').getBoundingClientRect(); return "
        f"{links}.map((one) => one.getBoundingClientRect()).every((one) => one.width > 2 && one.right <= all.right + 1"
        " && one.bottom <= all.bottom + 1); })()"
    )
    assert tab.value(inside)


@pytest.mark.parametrize("page", PAGES)
def test_the_page_works_without_script(page: str, folder: Path, tab: Tab) -> None:
    tab.open(folder / f"{page}.html", script=False)
    assert tab.problems == []
    text = tab.send("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in text if "role" in node and not node.get("ignored")]
    assert "main" in roles
    assert "table" in roles
    assert "searchbox" not in roles  # what needs the script is hidden
    assert roles.count("heading") >= 4


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("page", PAGES)
def test_text_stands_out_from_its_ground(page: str, dark: bool, folder: Path, tab: Tab) -> None:
    """Every text has the contrast of WCAG's level AA against the page, 4.5 to 1."""
    tab.open(folder / f"{page}.html", dark=dark)
    low = tab.value(
        """(() => {
          const shine = (color) => { const c = color.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
            .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; };
          const ground = shine(getComputedStyle(document.body).backgroundColor), found = [];
          for (const one of document.querySelectorAll("body *")) {
            if (![...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
            if (["SCRIPT", "TITLE", "title"].includes(one.tagName)) continue;
            const ink = shine(getComputedStyle(one).color), [a, b] = ink > ground ? [ink, ground] : [ground, ink];
            if ((a + 0.05) / (b + 0.05) < 4.5) found.push(one.outerHTML.slice(0, 90));
          }
          return found;
        })()"""
    )
    assert low == []


def test_the_keyboard_reaches_what_scrolls_and_what_sorts(folder: Path, tab: Tab) -> None:
    tab.open(folder / "one.html")
    assert tab.value("[...document.querySelectorAll('.scroll')].every((one) => one.tabIndex === 0 && one.ariaLabel)")
    assert tab.value("document.querySelectorAll('thead button').length") > 6
    for _ in range(2):
        tab.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9})
    assert tab.value("document.activeElement.textContent") == "Classes"
