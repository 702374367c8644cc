"""The whole record of an encounter: service lines, indicators, the claim, questions to the provider, the hierarchy."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.review.test_api import CM, decide

from leadterm.review.workbench import Workbench

DRUG = {"system": "hcpcs", "code": "J1885"}


def _claim(client: TestClient, n: int) -> dict[str, Any]:
    made: dict[str, Any] = client.get(f"/api/encounters/{n}/claim").json()[0]
    return made


def test_a_service_line_has_what_the_note_says_until_a_coder_decides(client: TestClient) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "M25.569"}, n=2)
    told = decide(client, {"action": "add", "system": CM, "code": "I10"}, {"action": "accept", **DRUG}, n=2)
    row = next(one for one in told["final"] if one["code"] == "J1885")
    assert (row["service"], row["units"], row["modifiers"]) == (True, 2.0, [])
    line = client.get("/api/encounters/2/findings").json()["lines"]["J1885"]
    assert [one["code"] for one in line] == ["M25.569"]
    said = {"units": 3, "modifiers": ["JZ"], "pointers": ["I10", "M25.569"]}
    told = decide(client, {"action": "line", **DRUG, "line": said}, n=2)
    row = next(one for one in told["final"] if one["code"] == "J1885")
    assert (row["units"], row["modifiers"]) == (3.0, ["JZ"])
    line = _claim(client, 2)["lines"][0]
    assert (line["units"], line["modifiers"]) == (3, ["JZ"])
    assert [one["diagnosis"] for one in line["pointers"]] == [2, 1]
    assert decide(client, {"action": "undo"}, n=2)["final"][-1]["units"] == 2.0


def test_the_claim_has_the_indicator_that_the_coder_chose(client: TestClient) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "J18.9"}, n=1)
    decide(client, {"action": "accept", "system": CM, "code": "N39.0"}, n=1)
    assert [one["poa"] for one in _claim(client, 1)["diagnoses"]] == ["Y", "N"]
    decide(client, {"action": "poa", "system": CM, "code": "N39.0", "value": "U"}, n=1)
    assert [one["poa"] for one in _claim(client, 1)["diagnoses"]] == ["Y", "U"]


@pytest.mark.parametrize(("form", "start"), [("json", "[\n"), ("csv", "encounter_id,"), ("fhir", "{\n")])
def test_a_claim_can_be_taken_along(client: TestClient, form: str, start: str) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "I10"}, {"action": "finish"})
    answer = client.get(f"/api/encounters/0/claim?format={form}")
    assert answer.text.startswith(start)
    assert "visit-1" not in answer.headers["content-disposition"]


def test_a_claim_that_no_payer_takes_says_what_it_lacks(client: TestClient) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "I10"})
    answer = client.get("/api/encounters/0/claim?format=x12")
    assert answer.status_code == 400
    assert "npi" in answer.json()["message"].lower()
    assert client.get("/api/encounters/0/claim?format=pdf").status_code == 422


def test_a_question_to_the_provider_is_neutral_and_waits_for_its_answer(client: TestClient) -> None:
    asked = client.get("/api/encounters/0/queries").json()["queries"]
    side = next(one for one in asked if "M25.569" in one["codes"])
    assert "[ ] Unable to determine" in side["text"]
    assert "The record says:" in side["text"]
    told = decide(client, {"action": "query", "system": CM, "code": "M25.569", "value": side["text"]})
    assert told["questions"] == 1
    question = told["remarks"][0]
    assert (question["kind"], question["who"]) == ("query", "ana")
    assert client.get("/api/encounters").json()["encounters"][0]["questions"] == 1
    told = decide(client, {"action": "answer", "to": question["id"], "value": "The right knee."})
    assert (told["questions"], told["remarks"][1]["text"]) == (0, "The right knee.")


def test_the_hierarchy_leads_from_the_root_to_complete_codes(client: TestClient) -> None:
    def branch(node: str) -> dict[str, Any]:
        told: dict[str, Any] = client.post("/api/encounters/0/branch", json={"system": CM, "node": node}).json()
        return told

    assert len(branch("")["below"]) == 22
    here = branch("e11.62")
    assert [one["code"] for one in here["path"]] == ["4", "E08-E13", "E11", "E11.6"]
    assert [one["code"] for one in here["below"]] == ["E11.620", "E11.621", "E11.622", "E11.628"]
    assert all(one["billable"] and not one["more"] for one in here["below"])
    assert "no place" in branch("QQ")["message"]
    answer = client.post("/api/encounters/0/branch", json={"system": "klingon"})
    assert (answer.status_code, "klingon" in answer.text) == (400, True)


def test_what_stood_before_is_kept_with_each_change(client: TestClient, bench: Workbench) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "I10"})
    decide(client, {"action": "reject", "system": CM, "code": "I10", "reason": "integral"})
    decide(client, {"action": "accept", "system": CM, "code": "I10"})
    assert [one.changes[0].old for one in bench.entries(0)] == ["open", "accepted", "rejected:integral"]
