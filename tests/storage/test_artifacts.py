"""Artifacts: whole or absent, checked before use, and never able to run code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from leadterm.errors import LeadtermError
from leadterm.storage.artifacts import Artifact, load_artifact, read_manifest, save_artifact

SAMPLE = Artifact("demo", {"seed": 1}, {"w": np.arange(6, dtype=np.float32).reshape(2, 3)}, {"names": ["ä", "b"]})


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    again = load_artifact(save_artifact(tmp_path / "m", SAMPLE, documents={"README.md": "card"}), kind="demo")
    np.testing.assert_array_equal(again.arrays["w"], SAMPLE.arrays["w"])
    assert again.parts == {"names": ["ä", "b"]}
    assert again.meta == {"seed": 1}
    assert isinstance(again.arrays["w"], np.memmap)


def test_a_second_save_replaces_the_first_and_leaves_no_draft(tmp_path: Path) -> None:
    save_artifact(tmp_path / "m", SAMPLE)
    save_artifact(tmp_path / "m", Artifact("demo", {"seed": 2}))
    assert read_manifest(tmp_path / "m")["meta"] == {"seed": 2}
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_a_failed_write_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_artifact(tmp_path / "m", SAMPLE)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(LeadtermError, match="No space left"):
        save_artifact(tmp_path / "m", SAMPLE)
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    load_artifact(tmp_path / "m", kind="demo")


def test_a_folder_with_other_things_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(LeadtermError, match="not a model folder"):
        save_artifact(tmp_path, SAMPLE)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_objects_are_refused_on_save_and_load(tmp_path: Path) -> None:
    bad = np.array([{"a": 1}], dtype=object)
    with pytest.raises(LeadtermError, match="only numbers"):
        save_artifact(tmp_path / "m", Artifact("demo", {}, {"w": bad}))
    folder = save_artifact(tmp_path / "n", SAMPLE)
    np.save(folder / "w.npy", bad, allow_pickle=True)
    with pytest.raises(LeadtermError, match="not a plain array"):
        load_artifact(folder, kind="demo", check=False)


@pytest.mark.parametrize("damage", ["change", "remove", "escape"])
def test_damage_is_found(tmp_path: Path, damage: str) -> None:
    folder = save_artifact(tmp_path / "m", SAMPLE)
    if damage == "change":
        (folder / "names.json").write_text("[]")
    elif damage == "remove":
        (folder / "w.npy").unlink()
    else:
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"]["../other.json"] = {"sha256": "", "bytes": 0}
        (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(LeadtermError, match="damaged"):
        load_artifact(folder, kind="demo")


def test_an_old_protocol_says_how_to_retrain(tmp_path: Path) -> None:
    folder = save_artifact(tmp_path / "m", SAMPLE)
    manifest = json.loads((folder / "manifest.json").read_text()) | {"protocol": 0}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(LeadtermError, match=r"protocol 0.*leadterm train"):
        load_artifact(folder, kind="demo")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"protocol": 1}'])
def test_an_unreadable_manifest_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(LeadtermError):
        load_artifact(tmp_path, kind="demo")


def test_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeadtermError, match="'demo'; 'ranker' is needed"):
        load_artifact(save_artifact(tmp_path / "m", SAMPLE), kind="ranker")
