"""Where real data lies, if it does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"

# Where a change is judged, it is judged by the same examples each time; everywhere else they are drawn anew.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


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
