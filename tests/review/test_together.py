"""Several people, many encounters: bulk decisions, coding apart and deciding between, blind, exercises, figures."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.review.conftest import ENCOUNTERS, TOKEN
from tests.review.test_api import CM, decide

from leadterm.corpus.baseline import gather_baseline
from leadterm.decisions.accounts import Accounts
from leadterm.decisions.changes import Change, Entry, key_of
from leadterm.decisions.decision_store import DecisionStore
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.errors import LeadtermError
from leadterm.paths import progress_file
from leadterm.practise.progress import read_progress
from leadterm.review.app import make_app
from leadterm.review.figures import figures
from leadterm.review.workbench import Mode, Workbench
from leadterm.schema import Encounter, Note, ReferenceCode

Bench = Callable[..., Workbench]


@pytest.fixture
def made(engine: DictionaryModel, tmp_path: Path) -> Iterator[Bench]:
    benches = []

    def make(mode: Mode, encounters: tuple[Encounter, ...] = ENCOUNTERS) -> Workbench:
        benches.append(Workbench(encounters, engine, DecisionStore(tmp_path / "apart"), "ana", mode=mode))
        return benches[-1]

    yield make
    for one in benches:
        one.store.close()


def client_of(bench: Workbench, name: str = "", role: str = "coder") -> TestClient:
    app = make_app(bench, TOKEN)
    token = Accounts(bench.store).invite(name, role) if name else TOKEN
    return TestClient(app, "http://127.0.0.1:8000", headers={"Authorization": f"Bearer {token}"})


def code(client: TestClient, *codes: str, n: int = 0, final: bool = False) -> dict[str, Any]:
    changes = [*({"action": "add", "system": CM, "code": one} for one in codes), {"action": "finish"}]
    seen = client.get(f"/api/encounters/{n}/state?final={final}").json()["seen"]
    body = {"id": str(uuid.uuid4()), "seen": seen, "changes": changes}
    answer = client.post(f"/api/encounters/{n}/decisions?final={final}", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_one_code_is_decided_on_in_many_encounters_and_taken_back(made: Bench) -> None:
    more = tuple(Encounter(f"m{i}", (Note("n", "ASSESSMENT\nHypertension. Cough.\n"),)) for i in range(4))
    bench = made(Mode(), more)
    client = client_of(bench)
    assert client.post("/api/bulk/codes", json={"numbers": [0]}).json() == {"codes": []}  # not read yet
    bench.read_all()
    decide(client, {"action": "reject", "system": CM, "code": "I10"}, n=3)
    codes = client.post("/api/bulk/codes", json={"numbers": [0, 1, 2, 3]}).json()["codes"]
    assert next(one["encounters"] for one in codes if one["code"] == "I10") == 3
    wanted = {"system": CM, "code": "I10", "numbers": [0, 1, 3]}
    rows = client.post("/api/bulk/preview", json=wanted).json()["rows"]
    assert [(one["n"], one["words"][1]) for one in rows] == [(0, "Hypertension"), (1, "Hypertension")]
    assert bench.standing(0).status == "open"
    bulk = {**wanted, "id": "a-bulk-id", "action": "accept"}
    assert client.post("/api/bulk", json=bulk).json() == {"done": [0, 1]}
    assert client.post("/api/bulk", json=bulk).json() == {"done": []}
    assert [one.evidence[0].text for one in bench.reviewed(1).codes] == ["Hypertension"]
    decide(client, {"action": "accept", "system": CM, "code": "R05.9"}, n=1)
    assert client.post("/api/bulk/undo", json={"id": "a-bulk-id", "numbers": [0, 1, 3]}).json() == {"done": [0, 1]}
    assert [[code for _, code in bench.standing(n).final] for n in range(4)] == [[], ["R05.9"], [], []]


def test_what_most_hangs_on_stands_on_top(made: Bench) -> None:
    bench = made(Mode())
    bench.read_all()
    rows = client_of(bench).get("/api/encounters").json()["encounters"]
    assert all(one["value"] >= one["expected"] > 0 for one in rows)
    assert "HCC" in rows[0]["stakes"]
    assert "I10" in rows[0]["top"]


def test_coders_code_apart_and_what_they_agree_on_closes_by_itself(made: Bench) -> None:
    bench = made(Mode(double=True))
    ben, eve, ana = client_of(bench, "ben"), client_of(bench, "eve"), client_of(bench)
    code(ben, "I10", "E11.9")
    assert eve.get("/api/encounters/0/state").json()["final"] == []
    code(eve, "I10", "E11.9")
    assert bench.standing(0).finished
    assert [one.code for one in bench.reviewed(0).codes] == ["I10", "E11.9"]
    assert ana.get("/api/encounters").json()["encounters"][0]["between"] == "decided"


def test_an_auditor_decides_where_coders_differ(made: Bench) -> None:
    bench = made(Mode(double=True))
    ben, eve, ana = client_of(bench, "ben"), client_of(bench, "eve"), client_of(bench)
    code(ben, "I10", "E11.9")
    code(eve, "I10", "R05.9")
    assert not bench.standing(0).finished
    assert ben.get("/api/encounters/0/versions").status_code == 403
    assert ben.get("/api/encounters/0/state?final=true").status_code == 403
    told = ana.get("/api/encounters/0/versions").json()
    assert {one["code"]: one["agreed"] for one in told["rows"]} == {"I10": True, "E11.9": False, "R05.9": False}
    assert told["share"] == 0.5
    assert told["rows"][1]["by"]["eve"]["has"] is False
    code(ana, "R05.9", final=True)
    assert [one.code for one in bench.reviewed(0).codes] == ["I10", "R05.9"]
    assert bench.standing(0).finished
    feed = ben.get("/api/corrections").json()["corrections"]
    assert [(one["code"], one["what"]) for one in feed] == [("E11.9", "taken away"), ("R05.9", "added")]
    counted = figures(bench)["agreement"]
    assert counted["encounters"][0]["share"] == 0.5
    assert (counted["pairs"][0]["f1"], counted["pairs"][0]["encounters"]) == (0.5, 1)
    assert {one["code"]: one["all"] for one in counted["codes"]} == {"I10": 1, "E11.9": 0, "R05.9": 0}


def test_blind_coding_shows_nothing_before_and_measures_what_seeing_changed(made: Bench) -> None:
    bench = made(Mode(blind=True, double=True))
    ben, eve, ana = client_of(bench, "ben"), client_of(bench, "eve"), client_of(bench)
    told = ben.get("/api/encounters/0").json()
    assert (told["hidden"], told["codes"]) == (True, [])
    assert "M25" not in ben.get("/api/encounters/0/queries").text
    assert ben.post("/api/bulk/codes", json={"numbers": [0]}).json() == {"codes": []}
    decide(ben, {"action": "add", "system": CM, "code": "I10"}, {"action": "add", "system": CM, "code": "J02.9"})
    decide(ben, {"action": "reveal"})
    assert ben.get("/api/encounters/0").json()["codes"]
    assert decide(ben, {"action": "undo"})["revealed"] is True
    decide(ben, {"action": "redo"})
    decide(ben, {"action": "accept", "system": CM, "code": "E11.9"})
    decide(ben, {"action": "clear", "system": CM, "code": "J02.9"}, {"action": "finish"})
    code(eve, "I10")
    code(ana, "E11.9", final=True)
    bias = figures(bench)["bias"]
    assert (bias["encounters"], bias["adopted"], bias["dropped"], bias["agreed"]) == (1, 1, 1, 1)
    assert (bias["right"], bias["wrong"], bias["judged"]) == (2, 0, 1)
    assert 0 < bias["followed"] < 1


def test_an_exercise_is_scored_once_it_is_finished(made: Bench) -> None:
    gout = Encounter("x1", (Note("n", "Assessment: Gout of the right foot. Hypertension.\n"),),
                     (ReferenceCode(CM, "M10.071", "first-listed"), ReferenceCode(CM, "I10")))  # fmt: skip
    client = client_of(made(Mode(answers={"x1": gout}), (gout,)))
    assert client.get("/api/encounters/0").json()["codes"] == []
    assert client.get("/api/encounters/0/score").status_code == 400
    code(client, "I10", "M10.9")
    told = client.get("/api/encounters/0/score").json()
    assert [(one["kind"], one["code"]) for one in told["verdicts"]] == [("right", "I10"), ("near", "M10.9")]
    assert (told["f1"], told["first"]) == (0.5, False)
    assert [one.missed for one in read_progress(progress_file())] == [("M10.071",)]
    assert client.get("/api/encounters/0").json()["codes"]


def kept(store: DecisionStore, encounter: Encounter, month: str, *changes: Change) -> None:
    """Keep decisions of an earlier month, as if they had been made then."""
    import sqlalchemy as sa

    from leadterm.decisions.database import ENTRY, writing

    name = f"{month}-{encounter.encounter_id}"
    store.append(Entry(name, "", "ana", *key_of(encounter), (*changes, Change("finish"))))
    with writing(store.engine) as connection:
        at = f"{month}-10T10:00:00.000+00:00"
        connection.execute(sa.update(ENTRY).where(ENTRY.c.id == name).values(at=at))


def test_figures_tell_how_suggestions_fare_and_what_drifts(made: Bench) -> None:
    notes = [Encounter(f"f{i}", (Note("n", text),)) for i, text in enumerate(("Gout again.", "Gout again.", "Asthma."))]
    bench = made(Mode(), tuple(notes))
    gout, flu = Change("accept", CM, "M10.9", confidence=0.9), Change("add", CM, "J45.909")
    kept(bench.store, notes[0], "2026-01", gout)
    kept(bench.store, notes[1], "2026-02", Change("reject", CM, "M10.9", reason="history"),
         Change("reject", CM, "I10", reason="below-line"))  # fmt: skip
    kept(bench.store, notes[2], "2026-03", flu, Change("replace", CM, "R05.9", to="J45.901"))
    bench = made(Mode(), tuple(notes))
    told = figures(bench)
    assert {one["month"]: one["share"] for one in told["months"]} == {"2026-01": 1.0, "2026-02": 0.0, "2026-03": 0.0}
    over = {one["code"]: (one["rejected"], one["replaced"]) for one in told["over"]}
    assert over == {"M10.9": (1, 0), "R05.9": (0, 1)}
    assert sorted(one["code"] for one in told["missed"]) == ["J45.901", "J45.909"]
    assert told["reasons"] == {"history": 1}
    drift = told["drift"]["months"]
    assert [one["new_words"] for one in drift] == [0.0, 0.0, 1.0]
    assert [one["code_shift"] for one in drift] == [0.0, 0.5, 1.0]
    old = Encounter("o", (Note("n", "Asthma."),), (ReferenceCode(CM, "J45.20"),))
    against = figures(bench, gather_baseline("old", [old], least=1))["drift"]
    last = against["months"][2]
    assert (against["against"], last["new_words"], last["code_shift"], last["chance"]) == ("old", 0, 0, 0)
    assert against["months"][0]["new_words"] == 1


def test_figures_are_not_for_everybody(made: Bench) -> None:
    bench = made(Mode())
    assert client_of(bench, "ben").get("/api/figures").status_code == 403
    assert client_of(bench, "eve", "auditor").get("/api/figures").status_code == 200
    assert bench.store.looks()[0]["who"] == "eve"


def test_a_bulk_decision_accepts_or_rejects_and_nothing_else(made: Bench) -> None:
    from leadterm.decisions.accounts import Person
    from leadterm.review.bulk import decide_all
    from leadterm.review.desk import Desk

    with pytest.raises(LeadtermError, match="only accepting and rejecting"):
        decide_all(Desk(made(Mode()), Person("ana")), "an-id-of-it", "finish", (CM, "I10"), [0])
