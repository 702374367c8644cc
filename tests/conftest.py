"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("leadterm", deadline=None, derandomize=True)  # a busy machine fails no test; same examples
settings.load_profile("leadterm")


@pytest.fixture(scope="session")
def data() -> Path:
    """Give the folder of licensed corpora and official files, or skip the test."""
    folder = os.environ.get("LEADTERM_DATA")
    if not folder:
        pytest.skip("LEADTERM_DATA names no folder of corpora")
    return Path(folder)
