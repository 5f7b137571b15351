"""Where real data lies, if it does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"


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
