"""What codes mean for payment is what the official tables say, and the tables are made from official files."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from claim_samples import CORPUS

from leadterm.claim.drafts import ClaimDraft, Diagnosis
from leadterm.claim.impact_tables import make_tables
from leadterm.claim.parties import Circumstances, Party
from leadterm.claim.payment import flags_of, group_of, what_if
from leadterm.cli import main
from leadterm.errors import LeadtermError

Capture = pytest.CaptureFixture[str]


def stay(*codes: str, status: str = "01") -> ClaimDraft:
    told = Circumstances(discharge_status=status, to_date="2026-03-02")
    diagnoses = tuple(Diagnosis(code, "secondary" if at else "principal") for at, code in enumerate(codes))
    parties = {"subscriber": Party(sex="F")}
    return ClaimDraft("e1", "institutional", told, parties, diagnoses, setting="inpatient")


def test_complications_count_beside_a_principal_diagnosis_that_does_not_exclude_them() -> None:
    levels = [(one.code, one.level) for one in flags_of(stay("J18.9", "I50.23", "N17.9", "I10", "Z59.02"))]
    assert levels == [("J18.9", ""), ("I50.23", "MCC"), ("N17.9", "CC"), ("I10", ""), ("Z59.02", "CC")]
    excluded = flags_of(stay("I50.22", "I50.23"))[1]
    assert (excluded.level, excluded.why_not) == ("MCC", "does not count beside the principal diagnosis I50.22")


def test_some_count_only_if_the_patient_lives() -> None:
    assert flags_of(stay("J18.9", "I46.9"))[1].why_not == ""
    assert flags_of(stay("J18.9", "I46.9", status="20"))[1].why_not == "counts only if the patient lives"


def test_a_code_may_be_in_several_risk_categories() -> None:
    (one,) = flags_of(replace(stay("E11.3513"), setting="outpatient"))
    assert (one.hcc, one.level) == ("37 298", "")
    assert one.category.startswith("Diabetes with Chronic Complications; ")


class Grouper:
    """Stands for the package: the principal diagnosis names the group."""

    asked: ClassVar[list[dict[str, Any]]] = []

    def __enter__(self) -> Grouper:
        return self

    def __exit__(self, *_: object) -> None: ...

    def group(self, claim: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(claim)
        return {"final_drg": 291 if claim["pdx"]["code"] == "I130" else 682, "final_drg_description": "Heart Failure"}


def test_a_stay_is_grouped_with_each_diagnosis_as_the_principal_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msdrg", SimpleNamespace(MsdrgGrouper=Grouper))
    found = what_if(stay("I13.0", "N17.9", "W19.XXXA", "F02.80"), 74)
    assert [(one.principal, one.drg, one.may_lead) for one in found] == [
        ("I13.0", "291", True), ("N17.9", "682", True), ("F02.80", "682", False),
    ]  # fmt: skip
    assert found[0].weight > 1
    first = Grouper.asked[0]
    assert (first["version"], first["age"], first["sex"], first["discharge_status"]) == (431, 74, 1, 1)
    assert first["sdx"] == [{"code": "N179"}, {"code": "W19XXXA"}, {"code": "F0280"}]


def test_without_the_package_or_a_stay_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msdrg", None)
    with pytest.raises(LeadtermError, match="the extra 'drg' is needed"):
        group_of(stay("I13.0"), 74)
    with pytest.raises(LeadtermError, match="is no hospital stay"):
        group_of(replace(stay("I13.0"), setting="outpatient"), 74)


def test_the_command_shows_flags(capsys: Capture) -> None:
    assert main(["impact", str(CORPUS), "--encounter", "b-013", "--format", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert {one["code"]: one["level"] for one in found["diagnoses"]}["I50.23"] == "MCC"
    assert main(["impact", str(CORPUS), "--encounter", "b-013"]) == 0
    assert "risk categories by CMS-HCC V28" in capsys.readouterr().out


def test_the_tables_are_those_of_the_official_files(data: Path) -> None:
    claims, labels = data / "claims", data / "code-systems" / "hcc"
    if not claims.is_dir():
        pytest.skip("LEADTERM_DATA has no claim files")
    room = Path(str(sys.modules["leadterm.claim.payment"].__file__)).parent
    for name, text in make_tables(claims, labels).items():
        assert (room / name).read_text(encoding="utf-8") == text
