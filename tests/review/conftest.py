"""A workbench over made-up notes, a client that has its token, and a browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient

from leadterm.decisions.decision_store import DecisionStore
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.review.app import make_app
from leadterm.review.serve import _bind
from leadterm.review.workbench import Workbench
from leadterm.schema import Encounter, Note

TOKEN = "a-token-for-tests"
BROWSER = Path("/usr/bin/chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not BROWSER.exists():
        pytest.skip(f"no browser at {BROWSER}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=str(BROWSER), args=list(QUIET))
        yield made
        made.close()


@pytest.fixture
def address(bench: Workbench) -> Iterator[str]:
    held = _bind(0)
    server = uvicorn.Server(uvicorn.Config(make_app(bench, TOKEN), log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [held]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{held.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    held.close()


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.on("console", lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None)
    made.goto(f"{address}/?token={TOKEN}")
    made.wait_for_selector("tbody a")
    yield made
    context.close()
    assert problems == []
