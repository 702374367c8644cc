"""A workbench over made-up notes, and a client that has its token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from leadterm.decisions.decision_store import DecisionStore
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.review.app import make_app
from leadterm.review.workbench import Workbench
from leadterm.schema import Encounter, Note

TOKEN = "a-token-for-tests"
CLINIC = (
    "HISTORY OF PRESENT ILLNESS\n😷 Type 2 diabetes and hypertension. Knee pain for weeks. Cough at night.\n\n"
    "ASSESSMENT AND PLAN\n1. Type 2 diabetes mellitus. Metformin.\n2. Hypertension. Lisinopril.\n3. Pain of the knee.\n"
    "4. Possible gout <script>alert(1)</script>, uric acid ordered.\n"
)
STAY = "HOSPITAL COURSE\nAdmitted with pneumonia. He developed a urinary tract infection on hospital day 4.\n"
GIVEN = "Ketorolac 30 mg IM given in clinic today for knee pain.\n"
ENCOUNTERS = (
    Encounter("visit-1", (Note("n1", CLINIC),), date_of_service="2026-03-02"),
    Encounter("stay-2", (Note("n1", STAY),), setting="inpatient", date_of_service="2026-03-05"),
    Encounter("given-3", (Note("n1", GIVEN),), date_of_service="2026-03-06"),
)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a learner does here is not added to the progress of who runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def bench(engine: DictionaryModel, tmp_path: Path) -> Workbench:
    return Workbench(ENCOUNTERS, engine, DecisionStore(tmp_path / "decisions"), "ana")


@pytest.fixture
def client(bench: Workbench) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with TestClient(make_app(bench, TOKEN), "http://127.0.0.1:8000", headers=headers) as made:
        yield made
