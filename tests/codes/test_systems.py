"""What holds of every code system, and what it takes to add one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadterm.cli import app
from leadterm.codes import levels, load_system
from leadterm.codes.official.install import install, recognise
from leadterm.codes.registry import is_at_hand
from leadterm.codes.release import effective_dates
from leadterm.codes.systems import SYSTEMS, SystemSpec, dictionary_system, recognise_codes, spec_of, systems_by_uri
from leadterm.codes.systems.bare_codes import bare
from leadterm.codes.systems.spec import Levels
from leadterm.corpus.check import check
from leadterm.corpus.code_spelling import canonical
from leadterm.evaluation import Qrels, evaluate
from leadterm.rules.findings import Case, Coded, Facts
from leadterm.rules.validity import existing

EVERY = pytest.mark.parametrize("spec", SYSTEMS.values(), ids=list(SYSTEMS))


@EVERY
def test_a_spec_is_whole(spec: SystemSpec) -> None:
    assert SYSTEMS[spec.name] is spec_of(spec.name)
    assert spec.title
    assert spec.codes in ("diagnosis", "procedure", "other")
    assert spec.calendar in ("fiscal", "calendar")
    assert effective_dates(spec.name, "2020")[0] is not None
    assert len(spec.x12) <= 2
    assert not spec.headings or spec.pattern, "an order file is told by its complete codes"
    assert not spec.seventh or spec.dot


@EVERY
def test_no_two_systems_share_a_uri(spec: SystemSpec) -> None:
    owners = systems_by_uri()
    assert all(owners[uri] == spec.name for uri in spec.uris)
    assert all(re.match(r"(https?://|urn:oid:)", uri) for uri in spec.uris)


@EVERY
def test_crosswalks_lead_to_codes_of_the_other_system(spec: SystemSpec) -> None:
    for target, to in spec.crosswalks.items():
        there, here = load_system(target), load_system(spec.name)
        found = [code for code in map(to, here.codes[::500]) if code]
        assert len(found) > 50
        assert sum(code in there for code in found) > 0.98 * len(found)


@EVERY
def test_codes_at_hand_look_like_the_spec_says(spec: SystemSpec) -> None:
    if not is_at_hand(spec.name):
        assert spec.packaged is None
        return
    system = load_system(spec.name)
    complete = [code for code in system if system.is_billable(code)]
    assert not spec.pattern or spec.fits([bare(code) for code in complete])
    assert all(spec.spell(bare(code)) == code == canonical(spec.name, bare(code).lower()) for code in complete)
    assert {spec.category_of(code) for code in complete} == {spec.category_of(bare(code)) for code in complete}
    label = spec.packaged.pattern if spec.packaged else ""
    assert not spec.pattern or recognise_codes([bare(code) for code in complete[:500]], label) is spec


@pytest.mark.parametrize(
    ("code", "system", "expected"),
    [
        ("S72001A", "icd10cm", ("S72", "S70-S79", "S00-T88")),
        ("C50911", "icd10cm", ("C50", "C50", "C00-D49")),
        ("C61", "icd10cm", ("C61", "C60-C63", "C00-D49")),
        ("V3001XA", "icd10cm", ("V30", "V30-V39", "V00-Y99")),
        ("E8809", "icd9cm", ("E880", "E880", "E00-E99")),
        ("0389", "icd9cm", ("038", "038", "001-139")),
        ("0DTJ4ZZ", "icd10pcs", ("0DT", "0D", "0")),
        ("0066", "icd9pcs", ("00", "00", "00")),
        ("XYZ1", "own", ("XYZ", "XYZ", "XYZ")),
    ],
)
def test_every_code_has_its_levels(code: str, system: str, expected: tuple[str, ...]) -> None:
    assert tuple(levels.ancestor(code, system, level) for level in ("category", "block", "chapter")) == expected


@EVERY
def test_levels_hold_every_code(spec: SystemSpec) -> None:
    if spec.levels is None or not is_at_hand(spec.name):
        return
    for code in load_system(spec.name).codes[::50]:
        assert levels.ancestor(code, spec.name, "category") == spec.category_of(code)
        chapter = levels.ancestor(code, spec.name, "chapter")
        assert levels.title(spec.name, "chapter", chapter), code


def test_a_new_system_brings_its_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SYSTEMS, "rooms", SystemSpec("rooms", category=2, levels=Levels(block=1, chapter=1)))
    report = evaluate(
        {"e1": ["AB1", "AC2"]}, Qrels.from_mapping({"e1": ["AB2"]}, system="rooms"), systems=["rooms"],
        n_bootstrap=0, hierarchy=levels,
    )  # fmt: skip
    assert report["wrong_suggestions"]["same category"] == report["wrong_suggestions"]["same block"] == 1


@EVERY
def test_axes_cut_every_code(spec: SystemSpec) -> None:
    if spec.axes is None:
        return
    codes = [code for code in load_system(spec.name) if len(code) == len(spec.axes.names)]
    assert codes
    assert max((*spec.axes.operation, *spec.axes.part)) < spec.axes.stem <= len(spec.axes.names)
    assert all(len(set(map(len, spec.axes.keys(code)))) <= 2 for code in codes[::1000])


def test_one_system_is_the_dictionary_s() -> None:
    assert [spec.name for spec in SYSTEMS.values() if spec.knowledge] == [dictionary_system()]


TOY = SystemSpec(
    "toys", "Toy codes", codes="procedure", dot=1, category=2, pattern=r"T\d{2,3}", in_file_name="toys",
    uris=("http://toys.test/codes",), x12=("ZZ",), calendar="calendar",
)  # fmt: skip


def test_a_new_system_is_one_object(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, write: Callable[[str, str], str]
) -> None:
    monkeypatch.setitem(SYSTEMS, "toys", TOY)
    run = CliRunner().invoke
    listed = write("toys_2026.txt", "T12 Wooden horse\nT13 Kite\nT131 Kite with a tail\n")
    assert [part.system for part in install(listed).installed] == ["toys"]
    assert run(app, ["codes", "show", "t131", "--system", "toys"]).exit_code == 0
    assert json.loads(run(app, ["codes", "search", "horse", "-s", "toys", "-f", "json"]).stdout)[0]["code"] == "T.12"
    system = load_system("toys", "2026-05-01")
    assert (system.title("T.131"), system.parent("T.131")) == ("Kite with a tail", "T.13")
    assert system.category("T.131") == "T1"
    assert system.valid_on("2026-01-01")
    assert not system.valid_on("2027-01-01")
    assert canonical("toys", "t131") == "T.131"
    assert systems_by_uri()["http://toys.test/codes"] == "toys"
    assert recognise("my toys.txt", b"T12 Horse\nT13 Kite", release="1")[0].system == "toys"
    case = Case(Facts(), (Coded("toys", "T.12"), Coded("toys", "T.99")), system)
    assert [finding.codes for finding in existing(case)] == [("T.99",)]
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "corpus.toml").write_text(CARD)
    for code, kinds in (("T.131", []), ("t131", ["spelling"]), ("T.99", ["unknown-code"])):
        (corpus / "train.jsonl").write_text(json.dumps({
            "encounter_id": "e1", "notes": [{"note_id": "n1", "text": "Flew a kite."}],
            "codes": [{"system": "toys", "code": code}],
        }) + "\n")  # fmt: skip
        assert [problem.kind for problem in check(corpus)] == kinds


CARD = """
name = "toys"
source = "made up"
licence = "CC0"
languages = ["en"]
split_method = "none"
phi_status = "none"
[systems]
toys = "2026"
"""
