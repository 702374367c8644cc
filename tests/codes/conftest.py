"""Every test has its own data folder; the cache is shared so that ICD-10-CM is compiled once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from codes_samples import FILES

from leadterm.codes import CodeSystem, load_system


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shared_cache: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "leadterm" / "codes"


@pytest.fixture
def cm() -> CodeSystem:
    return load_system("icd10cm")


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """A folder with small files in the official schemas."""
    folder = tmp_path / "official"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], str]:
    def make(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return make


@pytest.fixture
def data() -> Path:
    """The development data; the test is skipped where it is absent."""
    folder = os.environ.get("LEADTERM_DATA")
    if not folder:
        pytest.skip("LEADTERM_DATA is not set")
    return Path(folder) / "code-systems"
