"""The API: what it tells, what it keeps, and whom it refuses."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadterm.decisions.decision_store import DecisionStore
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.errors import LeadtermError
from leadterm.review.app import make_app
from leadterm.review.workbench import Workbench
from leadterm.schema import Encounter, Note

CM = "icd10cm"


def decide(client: TestClient, *changes: dict[str, Any], n: int = 0, seen: int | None = None) -> dict[str, Any]:
    known = client.get(f"/api/encounters/{n}/state").json()["seen"] if seen is None else seen
    answer = client.post(
        f"/api/encounters/{n}/decisions", json={"id": str(uuid.uuid4()), "seen": known, "changes": list(changes)}
    )
    return {"status": answer.status_code, **answer.json()}


def test_an_encounter_tells_of_its_codes_why(client: TestClient) -> None:
    told = client.get("/api/encounters/0").json()
    codes = {one["code"]: one for one in told["codes"]}
    text = told["notes"][0]["text"]
    best = codes["I10"]["evidence"][0]
    assert [text[a:b].lower() for a, b in best["spans"]] == ["hypertension"]
    assert best["section"] == "assessment & plan"
    assert best["term"]
    assert [text[slice(*one["title"])] for one in told["notes"][0]["sections"]] == [
        "HISTORY OF PRESENT ILLNESS", "ASSESSMENT AND PLAN",
    ]  # fmt: skip
    gout = next(one for one in codes.values() if one["code"].startswith("M10"))
    assert [text[a:b] for a, b in gout["evidence"][0]["cues"]] == ["Possible"]


def test_alternatives_say_more_and_are_complete(client: TestClient) -> None:
    told = client.post("/api/encounters/0/code", json={"system": CM, "code": "M25.569"}).json()
    assert [one["code"] for one in told["alternatives"]] == ["M25.561", "M25.562"]
    assert told["path"][0]["code"] == "M25.56"
    beside = client.post("/api/encounters/0/code", json={"system": CM, "code": "J02.8"}).json()
    assert "J02.9" in [one["code"] for one in beside["alternatives"]]
    assert client.post("/api/encounters/0/code", json={"system": CM, "code": "QQQ"}).json()["alternatives"] == []


def test_decisions_are_kept_and_undone(client: TestClient, bench: Workbench) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "I10", "confidence": 0.9})
    decide(client, {"action": "reject", "system": CM, "code": "R05.9", "reason": "integral"})
    told = decide(client, {"action": "add", "system": CM, "code": "m25561", "evidence": [["n1", [[29, 36]]]]})
    assert [one["code"] for one in told["final"]] == ["I10", "M25.561"]
    assert [one["role"] for one in told["final"]] == ["first-listed", "secondary"]
    told = decide(client, {"action": "sequence", "value": f"{CM}:M25.561 {CM}:I10"})
    assert [one["code"] for one in told["final"]] == ["M25.561", "I10"]
    told = decide(client, {"action": "undo"})
    assert ([one["code"] for one in told["final"]], told["redo"]) == (["I10", "M25.561"], True)
    again = DecisionStore(bench.store.where).entries(("visit-1", f"{bench.encounters[0].digest:016x}"))
    assert [one.changes[0].action for one in again] == ["accept", "reject", "add", "sequence", "undo"]
    assert (again[0].who, again[0].model, again[0].releases[CM][:4]) == ("ana", "default", "2026")
    folder = Path(bench.store.where)
    assert not any(b"diabetes" in file.read_bytes().lower() for file in folder.iterdir())


def test_two_people_see_both_versions(client: TestClient) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "I10"})
    told = decide(client, {"action": "reject", "system": CM, "code": "I10"}, seen=0)
    assert told["status"] == 409
    assert told["state"]["verdicts"][f"{CM}:I10"]["status"] == "accepted"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"action": "add", "system": CM, "code": "ZZ9"}, "no code 'ZZ9'"),
        ({"action": "add", "system": "klingon", "code": "I10"}, "unknown code system"),
        ({"action": "accept", "system": CM, "code": "I10", "evidence": [["n1", [[5, 99999]]]]}, "outside the notes"),
        ({"action": "accept", "system": CM, "code": "I10", "evidence": [["n9", [[0, 1]]]]}, "outside the notes"),
        ({"action": "undo"}, "nothing is left to undo"),
        ({"action": "steal"}, "unknown action"),
        ({"action": "poa", "system": CM, "code": "I10", "value": "maybe"}, "unknown indicator"),
        ({"action": "line", "system": "hcpcs", "code": "J1885"}, "comes without a line"),
        ({"action": "line", "system": "hcpcs", "code": "J1885", "line": {"units": 0}}, "units are none"),
        ({"action": "line", "system": "hcpcs", "code": "J1885", "line": {"modifiers": ["right"]}}, "no modifier"),
        ({"action": "line", "system": "hcpcs", "code": "J1885", "line": {"pointers": ["A"] * 5}}, "at most 4"),
    ],
)
def test_what_cannot_be_is_refused_and_not_kept(client: TestClient, change: dict[str, Any], said: str) -> None:
    told = decide(client, change)
    assert told["status"] == 400
    assert said in told["message"]
    assert client.get("/api/encounters/0/state").json()["seen"] == 0


def test_a_refusal_never_repeats_what_was_sent(client: TestClient) -> None:
    answer = client.post("/api/encounters/0/search", json={"text": ["Mr Smith has gout"]})
    assert answer.status_code == 422
    assert "Smith" not in answer.text


def test_rules_judge_the_codes_decided_for(client: TestClient) -> None:
    for code in ("E10.9", "E11.9"):
        decide(client, {"action": "add", "system": CM, "code": code})
    assert "excludes1" in [one["rule"] for one in client.get("/api/encounters/0/findings").json()["findings"]]


def test_a_stay_has_present_on_admission(client: TestClient) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "J18.9"}, n=1)
    told = decide(client, {"action": "accept", "system": CM, "code": "N39.0"}, n=1)
    assert [(one["poa"], one["poa_proposed"]) for one in told["final"]] == [("", "Y"), ("", "N")]
    told = decide(client, {"action": "poa", "system": CM, "code": "N39.0", "value": "Y"}, n=1)
    assert told["final"][1]["poa"] == "Y"


def test_the_work_list_tells_who_needs_a_coder_most(client: TestClient, bench: Workbench) -> None:
    first = client.get("/api/encounters").json()["encounters"]
    assert [one["expected"] for one in first] == [None, None, None]
    bench.read_all()
    rows = client.get("/api/encounters").json()["encounters"]
    assert all(one["expected"] > 0 and one["proposed"] > 0 for one in rows)
    decide(client, {"action": "flag"}, n=1)
    decide(client, {"action": "finish"}, n=0)
    rows = client.get("/api/encounters").json()["encounters"]
    assert [(one["status"], one["flagged"], one["who"]) for one in rows] == [
        ("finished", False, "ana"), ("begun", True, "ana"), ("open", False, ""),
    ]  # fmt: skip


def test_search_finds_by_words_and_by_code(client: TestClient) -> None:
    def found(text: str) -> list[str]:
        return [one["code"] for one in client.post("/api/encounters/0/search", json={"text": text}).json()["hits"]]

    assert found("heel ulcer diabetic")[0].startswith("E1")
    assert "M10.9" in found("M10.9")


def test_search_finds_what_the_setting_reports(client: TestClient) -> None:
    def systems(n: int) -> set[str]:
        hits = client.post(f"/api/encounters/{n}/search", json={"text": "0DT"}).json()["hits"]
        return {one["system"] for one in hits}

    assert "icd10pcs" not in systems(0)
    assert "icd10pcs" in systems(1)


def test_an_encounter_on_which_the_model_fails_keeps_no_other_from_being_coded(bench: Workbench) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(bench.model, name)

        def suggest(self, encounter: Encounter) -> Any:
            if encounter.encounter_id == "visit-1":
                raise ValueError("secret words")
            return bench.model.suggest(encounter)

    broken = Workbench(bench.encounters, Broken(), bench.store, "ana")
    broken.read_all()
    assert "secret" not in broken.problem(0)
    assert "ValueError" in broken.problem(0)
    with pytest.raises(LeadtermError, match="ValueError"):
        broken.suggestions(0)
    assert broken.proposed(1)


def test_other_words_under_the_same_name_are_told(bench: Workbench, client: TestClient) -> None:
    decide(client, {"action": "finish"})
    changed = Workbench((Encounter("visit-1", (Note("n1", "Gout."),)),), bench.model, bench.store, "ana")
    assert changed.is_other_text(0)
    assert changed.standing(0).status == "open"
    assert not bench.is_other_text(0)


def test_only_who_has_the_token_gets_in(bench: Workbench) -> None:
    for token in ("", "wrong", "ä"):
        with TestClient(make_app(bench, "right"), "http://127.0.0.1:8000") as stranger:
            headers = {"Authorization": f"Bearer {token}".encode()}
            assert stranger.get("/api/encounters", headers=headers).status_code == 401
            assert stranger.get("/", headers=headers).status_code == 401


def test_the_address_lets_in_once_and_leaves_no_token_behind(bench: Workbench) -> None:
    with TestClient(make_app(bench, "right"), "http://127.0.0.1:8000", follow_redirects=False) as browser:
        entered = browser.get("/?token=right")
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        assert "HttpOnly" in entered.headers["set-cookie"]
        assert "samesite=strict" in entered.headers["set-cookie"].lower()
        page = browser.get("/")
        assert page.status_code == 200
        policy = page.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "right" not in page.text


def test_a_fault_tells_its_place_and_none_of_its_words(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("Mr Smith has gout")

    monkeypatch.setattr(Workbench, "entries", fail)
    answer = client.get("/api/encounters/0/state")
    assert answer.status_code == 500
    assert "ValueError" in answer.text
    assert "Smith" not in answer.text


def test_no_other_host_or_origin_and_nothing_too_big(client: TestClient) -> None:
    assert client.get("/api/health", headers={"Host": "evil.example:8000"}).status_code == 400
    post = {"url": "/api/encounters/0/search", "json": {"text": "gout"}}
    assert client.post(**post, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.post(**post, headers={"Origin": "http://127.0.0.1:8000"}).status_code == 200
    assert client.post("/api/encounters/0/search", content=b" " * 1_000_001).status_code == 413
    assert client.post("/api/encounters/0/search", content=iter([b"{}"])).status_code == 413


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "%2e%2e/store.py", "nothing.js"])
def test_no_way_leads_out_of_the_assets(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_assets_of_the_page_are_there(client: TestClient) -> None:
    assert client.get("/static/app.js").headers["content-type"].startswith("text/javascript")
    assert "--mark" in client.get("/static/style.css").text


def test_claim_brings_only_styles_that_are_named(client: TestClient) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "I10"})
    answer = client.get("/claim/0")
    assert "I10" in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "'sha256-" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("n", [-1, 3, 99])
def test_no_such_encounter(client: TestClient, n: int) -> None:
    assert client.get(f"/api/encounters/{n}").status_code == 400


def test_the_model_is_not_asked_twice(bench: Workbench, engine: DictionaryModel) -> None:
    assert bench.model is engine
    assert bench.suggestions(0) is bench.suggestions(0)
