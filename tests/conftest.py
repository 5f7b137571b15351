"""Where real data lies, if it does."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"

# What can only be imported, doctests and all, where an extra is installed.
NEEDS = {
    "torch": ["cocoseg/torch", "tests/torch", "tests/gpu", "tests/examples"],
    "scipy": ["cocoseg/losses.py", "tests/test_losses.py"],
}

# Where a change is judged, it is judged by the same examples each time; everywhere else they are drawn anew.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    """Leave out what needs an extra that is not installed."""
    missing = [place for module, places in NEEDS.items() if not _installed(module) for place in places]
    config.option.ignore = [*(config.option.ignore or []), *(str(ROOT / place) for place in missing)]


def _installed(module: str) -> bool:
    """A folder without __init__, as tests/torch is, passes for a package; but for one that lies nowhere."""
    spec = find_spec(module)
    return spec is not None and spec.origin is not None


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Doctests and README name files as seen from the repository's root."""
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = os.environ.get("COCOSEG_REAL_DATA")
    if not folder:
        pytest.skip("COCOSEG_REAL_DATA does not name a folder of real data")
    return Path(folder)
