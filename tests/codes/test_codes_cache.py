from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from leadterm.codes import load_system, registry
from leadterm.storage.array_cache import cached, read_arrays, write_arrays


def small() -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    return {"x": np.arange(2000)}


def test_made_once_then_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cached("a", small)

    def never() -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
        raise AssertionError("made again")

    assert cached("a", never)["x"].tolist() == list(range(2000))


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "noise"])
def test_damaged_cache_is_made_anew(damage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cached("a", small)
    path = next(tmp_path.rglob("*.npz"))
    data = path.read_bytes()
    middle = len(data) // 2
    flipped = data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :]
    path.write_bytes({"cut": data[:middle], "flip": flipped, "empty": b"", "noise": b"noise" * 99}[damage])
    assert read_arrays(path) is None
    assert cached("a", small)["x"].tolist() == list(range(2000))
    assert read_arrays(path) is not None


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([{"a": 1}], dtype=object))
    assert read_arrays(path) is None


def test_without_a_cache_folder_it_works_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    registry._load_once.cache_clear()
    with caplog.at_level(logging.WARNING, logger="leadterm.codes"):
        assert "47.01" in load_system("icd9pcs")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_failed_write_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        write_arrays(tmp_path / "a.npz", small())
    assert list(tmp_path.iterdir()) == []
