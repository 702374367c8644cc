"""A model from anywhere gives an error or an answer: no crash, no code, nothing outside its arrays."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadterm.errors import LeadtermError
from leadterm.learned.store import load_model
from leadterm.ranking.ranker import Ranker
from leadterm.schema import Encounter
from leadterm.storage.artifacts import Artifact, load_artifact, save_artifact
from leadterm.training.recipe import Recipe
from leadterm.training.train_model import train

Change = Callable[[Any], Any]


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory, marked: list[Encounter], quick: Recipe) -> Path:
    return train(marked, tmp_path_factory.mktemp("hostile") / "sound", quick, earlier=None).path


def seal(folder: Path) -> None:
    """Give every file the hash that the manifest says, as anyone can who hands a model on."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in manifest["files"]:
        content = (folder / name).read_bytes()
        manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def spoilt(sound: Path, folder: Path, part: str, change: Change) -> Path:
    shutil.copytree(sound, folder)
    if part.endswith(".json"):
        given = json.loads((folder / part).read_text())
        (folder / part).write_text(json.dumps(change(given) or given))
    else:
        array = np.load(folder / f"{part}.npy")
        np.save(folder / f"{part}.npy", change(array.copy()))
    if part != "manifest.json":
        seal(folder)
    return folder


def whole(value: float) -> Change:
    return lambda array: np.full_like(array, value)


def at(place: int, value: float) -> Change:
    def change(array: Any) -> Any:
        array.flat[place] = value
        return array

    return change


POINTERS = ["linear.indptr", "linear.code_indptr", "index.indptr", "company.indptr", "lexicon.start"]
INDICES = ["linear.indices", "linear.code_indices", "index.indices", "lexicon.code"]
NODES = ["ranker.left", "ranker.right", "ranker.roots", "ranker.feature"]
NUMBERS = ["ranker.value", "ranker.knots", "linear.weights", "linear.idf", "linear.data", "index.data", "lexicon.idf"]
ARRAYS: list[tuple[str, Change]] = [
    *((name, at(1, value)) for name in POINTERS for value in (2**30, -(2**30))),
    *((name, whole(0)) for name in ("linear.indptr", "index.indptr", "lexicon.start")),
    *((name, at(-1, 2**30)) for name in POINTERS),
    *((name, lambda a: a[:-1]) for name in (*POINTERS, *INDICES, "ranker.left", "linear.idf", "texts", "categories")),
    *((name, change) for name in INDICES for change in (whole(2**30), at(-1, 2**30), at(0, -1), whole(-(2**30)))),
    *((name, change) for name in NODES for change in (whole(2**14), at(0, -1), at(-1, 2**14))),
    *((name, change) for name in NUMBERS for change in (whole(np.nan), whole(np.inf), at(0, -np.inf))),
    *((name, lambda a: a.astype("S5")) for name in ("texts", "linear.data", "ranker.value", "linear.indices")),
    *((name, lambda a: a.astype(np.float64)) for name in ("linear.indices", "ranker.left", "categories")),
    ("categories", whole(2**30)),
    ("ranker.limit", whole(np.nan)),
    ("linear.weights", lambda a: a[:, :-1]),
    ("ranker.knots", lambda a: a[:1]),
]


@pytest.mark.parametrize(("part", "change"), ARRAYS)
def test_arrays_that_lead_astray(sound: Path, tmp_path: Path, part: str, change: Change) -> None:
    folder = spoilt(sound, tmp_path / "m", f"s0.{part}", change)
    with pytest.raises(LeadtermError):
        load_model(folder)


def put(value: object, *place: str) -> Change:
    def change(given: Any) -> None:
        for key in place[:-1]:
            given = given[key]
        given[place[-1]] = value

    return change


@pytest.mark.parametrize(
    ("part", "change"),
    [
        *(("s0.json", put(value, "ranker", "depth")) for value in (10**9, -1, 65, "x", None, 1e400)),
        *(("s0.json", put(value, "ranker", "baseline")) for value in (float("nan"), float("inf"), "abc", None)),
        *(("model.json", put(value, "threshold")) for value in (float("nan"), float("inf"), "abc", None, [1])),
        *(("s0.json", put(value, "shortlist")) for value in (-5, 0, "x", None)),
        *(("s0.json", put(value, "codes")) for value in ([], ["I10"] * 4, [1, 2, 3, 4], None, "I10.")),
        *(("model.json", put(value, "systems")) for value in (["icd10cm"] * 3, [["icd10cm"]], 5, ["icd10cm", "own"])),
        ("model.json", put(True, "earlier")),
        ("model.json", put({}, "earlier")),
        ("model.json", put(["x"], "name")),
        ("s0.json", put(["odd"], "axes", "kinds")),
        ("s0.json", put("many", "index", "n_texts")),
        ("s0.json", put({}, "linear")),
        ("s0.json", lambda _: [1]),
        ("model.json", lambda _: 3),
        *(("manifest.json", put(value, "protocol")) for value in (2, "1", None, [1], True, 1.0)),
        *(("manifest.json", put(value, "files", "s0.json")) for value in ("x", {}, {"sha256": 5}, None)),
        *(("manifest.json", put({"sha256": ""}, "files", name)) for name in ("../x.json", "a\0b", "/etc/passwd", "")),
        ("manifest.json", put([], "meta")),
        ("manifest.json", put([], "files")),
        ("manifest.json", put(["x"], "kind")),
    ],
)
def test_facts_of_the_wrong_kind(sound: Path, tmp_path: Path, part: str, change: Change) -> None:
    folder = spoilt(sound, tmp_path / "m", part, change)
    with pytest.raises(LeadtermError):
        load_model(folder)


HEADER = b"\x93NUMPY\x01\x00\x76\x00"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("s0.json", b"[" * 200_000 + b"]" * 200_000),
        ("model.json", b'{"threshold": ' + b"9" * 5000 + b"}"),
        ("model.json", b"\xff\xfe"),
        ("s0.texts.npy", b""),
        ("s0.texts.npy", b"\x80\x04N."),
        ("s0.texts.npy", HEADER + b"{'descr':'<f8','fortran_order':False,'shape':(" + b"(" * 60),
        ("s0.texts.npy", HEADER + b"{'descr':'<f8','fortran_order':False,'shape':(10000000000,)}".ljust(117) + b"\n"),
        ("s0.texts.npy", HEADER + b"{'descr':'<f8','fortran_order':False,'shape':(-5,)}".ljust(117) + b"\n"),
        ("s0.texts.npy", HEADER + b"{'descr':'|O','fortran_order':False,'shape':(1,)}".ljust(117) + b"\ncos\nsystem\n"),
    ],
)
def test_parts_that_are_no_parts(sound: Path, tmp_path: Path, name: str, content: bytes) -> None:
    folder = tmp_path / "m"
    shutil.copytree(sound, folder)
    (folder / name).write_bytes(content)
    seal(folder)
    with pytest.raises(LeadtermError):
        load_model(folder)


def test_a_manifest_of_brackets_and_a_pipe_in_the_place_of_a_part(sound: Path, tmp_path: Path) -> None:
    shutil.copytree(sound, tmp_path / "a")
    (tmp_path / "a" / "manifest.json").write_text("[" * 200_000)
    shutil.copytree(sound, tmp_path / "b")
    (tmp_path / "b" / "s0.json").unlink()
    os.mkfifo(tmp_path / "b" / "s0.json")
    for name in ("a", "b"):
        with pytest.raises(LeadtermError):
            load_model(tmp_path / name)


def test_a_ranker_alone_is_checked_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2)).astype(np.float32)
    good = Ranker.fit(X, X[:, 0] > 0, np.arange(400) // 4, ["signal", "noise"], seed=1).save(tmp_path / "good")
    assert Ranker.load(good).confidence(X, ["signal", "noise"]).max() > 0.9
    for number, (name, value) in enumerate((("left", 2**20), ("roots", -1), ("value", np.nan), ("feature", 2))):
        folder = spoilt(good, tmp_path / str(number), f"ranker.{name}", at(0, value))
        with pytest.raises(LeadtermError, match="not sound"):
            Ranker.load(folder)


def test_nothing_that_is_no_number_is_written(tmp_path: Path) -> None:
    for meta in ({"f1": float("nan")}, {"f1": float("inf")}):
        with pytest.raises(ValueError, match="JSON compliant"):
            save_artifact(tmp_path / "m", Artifact("demo", meta))
    assert not any(tmp_path.iterdir())
    assert load_artifact(save_artifact(tmp_path / "m", Artifact("demo", {"f1": 0.5})), kind="demo").meta["f1"] == 0.5
