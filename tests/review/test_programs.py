"""What other programs ask of the workbench: the API by its description, MCP; and what is refused to strangers."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from tests.review.conftest import TOKEN
from tests.review.test_api import CM, decide

from leadterm.corpus.format import encode
from leadterm.decisions.accounts import Accounts
from leadterm.errors import LeadtermError
from leadterm.review import guard
from leadterm.review.app import make_app
from leadterm.review.serve import Listening, _bind
from leadterm.review.workbench import Mode, Workbench
from leadterm.schema import Encounter, Note, ReferenceCode

NOTE = "ASSESSMENT\nGout of the right ankle. Hypertension.\n"


def test_nothing_that_comes_in_breaks_the_server(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST_REQUESTS", 10**9)
    known = {"Authorization": f"Bearer {TOKEN}"}
    app = make_app(bench, TOKEN, hosts=("testserver", "localhost"))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=known)
    seen: Counter[str] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:  # what the description allows, and what it does not

            @settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode))
            def call(case: Any) -> None:
                status = case.call(headers=known).status_code
                seen[f"{case.method} {case.path}"] += 1
                assert status < 500, (case.method, case.path, status)

            with contextlib.suppress(Unsatisfiable):  # of a route that takes nothing, nothing can be wrong
                call()
    assert len(seen) >= 25


def test_codes_are_suggested_for_a_text_an_encounter_several_and_fhir(client: TestClient) -> None:
    told = client.post("/api/suggest", json={"text": NOTE, "top": 5}).json()["results"][0]
    codes = [one["code"] for one in told["suggestions"]]
    assert codes[:2] == ["I10", "M10.9"] or {"I10"} <= set(codes)
    place = told["suggestions"][0]["evidence"][0]
    assert NOTE[place["start"] : place["end"]] == place["text"]
    one = encode(Encounter("e1", (Note("n", NOTE),)))
    several = client.post("/api/suggest", json={"encounters": [one, {**one, "encounter_id": "e2"}]}).json()["results"]
    assert [each["encounter_id"] for each in several] == ["e1", "e2"]
    bundle = client.post("/api/suggest", json={"encounter": one, "format": "fhir"}).json()
    assert bundle["resourceType"] == "Bundle"
    import base64

    data = base64.b64encode(NOTE.encode()).decode()
    document = {"resourceType": "DocumentReference", "id": "d1", "status": "current",
                "content": [{"attachment": {"contentType": "text/plain", "data": data}}]}  # fmt: skip
    told = client.post("/api/suggest", json={"fhir": document}).json()["results"][0]
    assert "I10" in [each["code"] for each in told["suggestions"]]


@pytest.mark.parametrize("body", [{}, {"text": " "}, {"text": NOTE, "encounters": []}, {"fhir": {}}, {"encounter": {}}])
def test_what_cannot_be_coded_is_refused_without_its_words(client: TestClient, body: dict[str, Any]) -> None:
    answer = client.post("/api/suggest", json=body)
    assert answer.status_code == 400
    assert "Gout" not in answer.text


def test_codes_are_found_shown_checked_and_claimed(client: TestClient) -> None:
    hits = client.post("/api/codes/search", json={"text": "gout right ankle"}).json()["hits"]
    assert hits[0]["code"] == "M10.071"
    assert client.post("/api/codes/show", json={"code": "m10071"}).json()["title"].startswith("Idiopathic gout")
    assert client.post("/api/codes/search", json={"text": "x", "system": "klingon"}).status_code == 400
    told = client.post("/api/check", json={"text": NOTE, "codes": ["M10.071", "E10.9", "icd10cm:E11.9"]}).json()
    assert {"excludes1", "not-supported"} <= {one["rule"] for one in told["findings"]}
    coded = Encounter("e1", (Note("n", NOTE),), (ReferenceCode(CM, "I10"),), date_of_service="2026-03-02")
    made = client.post("/api/claim", json={"encounter": encode(coded)}).json()
    assert made[0]["diagnoses"][0]["code"] == "I10"


def test_decisions_are_handed_out_and_looks_are_noted(client: TestClient) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "I10"})
    decide(client, {"action": "reject", "system": CM, "code": "I10", "reason": "integral"})
    first, second = client.get("/api/decisions").json()["decisions"]
    change = second["changes"][0]
    assert (second["who"], change["old"], change["reason"]) == ("ana", "accepted", "integral")
    assert [one["number"] for one in client.get(f"/api/decisions?after={first['number']}").json()["decisions"]] == [2]
    client.get("/api/encounters/0")
    looks = client.get("/api/looks").json()["looks"]
    assert (looks[0]["who"], looks[0]["what"], looks[0]["encounter"]) == ("ana", "encounter", "visit-1")


def test_a_coder_sees_her_own_decisions_and_invites_nobody(client: TestClient, bench: Workbench) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "I10"})
    told = client.post("/api/accounts", json={"name": "ben", "role": "coder"}).json()
    ben = TestClient(client.app, "http://127.0.0.1:8000", headers={"Authorization": f"Bearer {told['token']}"})
    assert ben.get("/api/decisions").json()["decisions"] == []
    decide(ben, {"action": "flag"})
    assert [one["who"] for one in ben.get("/api/decisions").json()["decisions"]] == ["ben"]
    assert ben.post("/api/accounts", json={"name": "eve", "role": "admin"}).status_code == 403
    assert ben.get("/api/looks").status_code == 403
    renewed = client.post("/api/accounts", json={"name": "ben"}).json()["token"]
    assert ben.get("/api/health").status_code == 401
    assert renewed != told["token"]
    secret = told["token"].split(":")[1].encode()
    assert not any(secret in file.read_bytes() for file in Path(bench.store.where).iterdir())


def test_prometheus_reads_how_the_server_does(client: TestClient) -> None:
    decide(client, {"action": "accept", "system": CM, "code": "I10"})
    text = client.get("/api/metrics").text
    assert 'leadterm_requests_total{route="/api/encounters/{number}/decisions",status="200"} 1.0' in text
    assert 'leadterm_encounters{status="begun"} 1.0' in text
    assert "visit-1" not in text


def test_tries_and_requests_have_a_limit(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    with TestClient(make_app(bench, TOKEN), "http://127.0.0.1:8000") as stranger:
        headers = [{"Authorization": f"Bearer eve:{n}"} for n in range(12)]
        tried = [stranger.get("/api/health", headers=one).status_code for one in headers]
    assert tried == [401] * 10 + [429] * 2
    monkeypatch.setattr(guard, "MOST_REQUESTS", 3)
    known = {"Authorization": f"Bearer {TOKEN}"}
    with TestClient(make_app(bench, TOKEN), "http://127.0.0.1:8000", headers=known) as one:
        assert [one.get("/api/health").status_code for _ in range(5)] == [200, 200, 200, 429, 429]


def test_a_body_that_does_not_come_is_not_waited_for(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST_SECONDS", 0.3)
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as slow:
        head = f"POST /api/suggest HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {TOKEN}\r\n"
        slow.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{".encode())
        assert b" 408 " in slow.recv(1000).splitlines()[0]


def test_who_guesses_is_shut_out_even_with_the_right_token_and_others_stay_in(client: TestClient) -> None:
    token = client.post("/api/accounts", json={"name": "ben", "role": "auditor"}).json()["token"]
    known = client.post("/api/accounts", json={"name": "eve"}).json()["token"]
    other = TestClient(client.app, "http://127.0.0.1:8000")

    def asked(token: str) -> int:
        return other.get("/api/health", headers={"Authorization": f"Bearer {token}"}).status_code

    assert asked(known) == 200
    assert [asked(f"ben:{n}") for n in range(11)] == [401] * 10 + [429]
    assert asked(token) == 429
    assert asked(known) == 200
    assert client.get("/api/health").status_code == 200


def test_a_session_ends_with_its_token_whoever_replaced_that(client: TestClient, bench: Workbench) -> None:
    token = client.post("/api/accounts", json={"name": "ben", "role": "auditor"}).json()["token"]
    with TestClient(client.app, "http://127.0.0.1:8000") as ben:
        ben.get(f"/?token={token}")
        first = dict(ben.cookies)
        assert ben.get("/api/looks").status_code == 200
        Accounts(bench.store).invite("ben", "coder")  # as another process does
        assert ben.get("/api/health").status_code == 401
        ben.get(f"/?token={Accounts(bench.store).invite('ben', 'coder')}")
        assert dict(ben.cookies) != first  # nobody goes on with a session that somebody set before
        assert ben.get("/api/looks").status_code == 403


def test_a_session_ends_after_a_day_of_work(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "SESSION", 0.0)
    with TestClient(make_app(bench, TOKEN), "http://127.0.0.1:8000") as made:
        assert made.get(f"/?token={TOKEN}").status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "/api/looks"), ("get", "/api/figures"), ("get", "/api/encounters/0/versions"), ("post", "/api/accounts"),
     ("get", "/api/encounters/0?final=true"), ("post", "/api/encounters/0/decisions?final=true")],
)  # fmt: skip
def test_a_coder_is_kept_from_what_auditors_and_admins_do(
    client: TestClient, bench: Workbench, method: str, path: str
) -> None:
    token = client.post("/api/accounts", json={"name": "ben", "role": "coder"}).json()["token"]
    bench.mode = Mode(double=True)
    ben = TestClient(client.app, "http://127.0.0.1:8000", headers={"Authorization": f"Bearer {token}"})
    body = {"name": "eve", "role": "admin"} if "accounts" in path else {
        "id": "some-id-of-mine", "seen": 0, "changes": [{"action": "finish"}]}  # fmt: skip
    answer = ben.get(path) if method == "get" else ben.post(path, json=body)
    assert answer.status_code == 403
    assert bench.entries(0) == ()


@pytest.mark.parametrize("path", ["/static/..%2fapp.py", "/static/%2e%2e/app.py", "/claim/..%2f0", "/api/..%2f"])
def test_no_path_leads_out(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (404, 422)


def test_an_id_that_another_has_used_is_refused(client: TestClient, bench: Workbench) -> None:
    body = {"id": "an-id-that-two-use", "seen": 0, "changes": [{"action": "flag"}]}
    assert client.post("/api/encounters/0/decisions", json=body).status_code == 200
    assert client.post("/api/encounters/0/decisions", json=body).status_code == 200
    assert client.post("/api/encounters/1/decisions", json=body).status_code == 400
    assert (len(bench.entries(0)), len(bench.entries(1))) == (1, 0)


@pytest.fixture
def browser(bench: Workbench) -> Iterator[TestClient]:
    """Somebody whom the address let in, and who has a session."""
    with TestClient(make_app(bench, TOKEN), "http://127.0.0.1:8000") as made:
        made.get(f"/?token={TOKEN}")
        yield made


def test_a_session_decides_only_through_the_page_of_this_server(browser: TestClient) -> None:
    post: dict[str, Any] = {"url": "/api/encounters/0/search", "json": {"text": "gout"}}
    assert TOKEN not in str(browser.cookies)
    assert browser.post(**post).status_code == 403  # as a form of another page could send it
    assert browser.post(**post, headers={"X-Leadterm": "1"}).status_code == 200
    foreign = {"X-Leadterm": "1", "Sec-Fetch-Site": "cross-site"}
    assert browser.post(**post, headers=foreign).status_code == 403


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (Listening("0.0.0.0"), "without TLS"),
        (Listening("192.0.2.1"), "without TLS"),
        (Listening("bench.example.org", plain=True), "nobody has a token"),
        (Listening("0.0.0.0", certificate=Path("c.pem")), "a certificate and its key"),
    ],
)
def test_others_reach_it_only_with_tls_and_tokens(where: Listening, said: str) -> None:
    with pytest.raises(LeadtermError, match=said):
        where.check(0)


def test_this_machine_needs_no_tls_and_others_a_name() -> None:
    assert Listening().check(0).is_local
    assert Listening("::1").check(0).is_local
    with pytest.raises(LeadtermError, match="under which name"):
        Listening("0.0.0.0", plain=True).check(1)
    assert Listening("0.0.0.0", names=("bench.example.org",), plain=True).check(1)


def test_answers_do_not_wait_for_the_next_packet() -> None:
    with _bind(0) as held:
        assert held.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize("name", ["", "a b", "../x", "<script>", "x" * 99])
def test_nobody_has_a_name_that_is_none(bench: Workbench, name: str) -> None:
    with pytest.raises(LeadtermError):
        Accounts(bench.store).invite(name)


def test_a_comment_and_a_name_run_nothing(client: TestClient) -> None:
    evil = "<img src=x onerror=alert(1)>"
    told = decide(client, {"action": "comment", "value": evil})
    assert told["remarks"][0]["text"] == evil
    answer = client.get("/")
    assert evil not in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_mcp_answers_offline_and_changes_nothing() -> None:
    command = [sys.executable, "-c", "from leadterm.cli import main; raise SystemExit(main(['mcp']))"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout

        def ask(id: int, method: str, **params: Any) -> Any:
            line = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
            print(json.dumps(line), file=server.stdin, flush=True)
            return json.loads(server.stdout.readline())["result"]  # type: ignore[union-attr]

        who = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        assert ask(1, "initialize", **who)["serverInfo"]["name"] == "leadterm"
        print('{"jsonrpc":"2.0","method":"notifications/initialized"}', file=server.stdin, flush=True)
        tools = ask(2, "tools/list")["tools"]
        assert {one["name"] for one in tools} == {"suggest", "search", "show", "check"}
        assert all(one["annotations"]["readOnlyHint"] for one in tools)
        found = ask(3, "tools/call", name="search", arguments={"words": "gout right ankle"})
        assert "M10.071" in json.dumps(found)
        told = ask(4, "tools/call", name="suggest", arguments={"note": NOTE, "top": 5})
        assert "I10" in json.dumps(told)
        told = ask(5, "tools/call", name="check", arguments={"note": NOTE, "codes": ["E10.9", "E11.9"]})
        assert "excludes1" in json.dumps(told)
        server.stdin.close()
