"""Decisions that were made while the server was away outlive the page, and are saved exactly once."""

from __future__ import annotations

from typing import Any

import pytest
from page_keys import finals, opened, saved, until

from leadterm.decisions.changes import Change
from leadterm.review.workbench import Workbench

KEPT = "Object.entries(localStorage).map((one) => one.join(' ')).filter((one) => one.startsWith('leadterm-waiting'))"


@pytest.fixture
def closed(page: Any) -> Any:
    """A browser in which a coder accepted two codes and typed a comment, and closed the page: nothing was saved."""
    keys = opened(page, "visit-1")
    page.route("**/decisions", lambda route: route.abort())
    keys.press("a", "a", "c")
    keys.type("Typed by a coder.")
    keys.press("Control+Enter")
    page.wait_for_selector(".saved.alarm:has-text('3 waiting, kept in this browser')")
    page.close()
    return page.context


def again(context: Any, page: Any, place: str = "#/") -> Any:
    fresh = context.new_page()
    fresh.goto(f"{page.url.split('#')[0]}{place}")
    return fresh


def test_they_are_saved_once_when_the_work_list_is_opened(closed: Any, page: Any, bench: Workbench) -> None:
    assert bench.entries(0) == ()
    fresh = again(closed, page)
    until(fresh, f"({KEPT}).length === 0")
    assert [[one.action for one in entry.changes] for entry in bench.entries(0)] == [["accept"], ["accept"]]
    fresh.wait_for_selector("tbody tr:has-text('visit-1'):has-text('2 codes')")
    assert fresh.locator(".list > .alarm").count() == 0


def test_they_are_saved_once_when_the_encounter_is_opened(closed: Any, page: Any, bench: Workbench) -> None:
    fresh = again(closed, page, "#/0")
    fresh.wait_for_selector(".said:has-text('2 decisions made while the server was away; 1 comment was not kept')")
    assert len(finals(fresh)) == 2
    fresh.reload()
    fresh.wait_for_selector(".codes .s.at")
    assert len(finals(fresh)) == 2
    assert len(bench.entries(0)) == 2


def test_what_is_kept_tells_nothing_of_the_patient(page: Any) -> None:
    keys = opened(page, "visit-1")
    page.route("**/decisions", lambda route: route.abort())
    keys.press("a", "C")
    keys.type("Ask her daughter.")
    keys.press("Control+Enter")
    until(page, f"({KEPT}).length === 2")
    kept = " ".join(page.evaluate(KEPT))
    assert '"action":"accept"' in kept
    assert not any(word in kept for word in ("daughter", "visit-1", "n1", "diabetes", "ypertension"))


def test_what_the_server_has_though_it_could_not_say_so_is_not_saved_twice(page: Any, bench: Workbench) -> None:
    keys = opened(page, "visit-1")

    def unheard(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/decisions", unheard)
    keys.press("a", "a")
    page.wait_for_selector(".saved.alarm")
    page.close()
    assert len(bench.entries(0)) == 1
    fresh = again(page.context, page, "#/0")
    fresh.wait_for_selector(".codes .s.at")
    assert len(finals(fresh)) == 2
    assert len(bench.entries(0)) == 2


def test_who_decided_meanwhile_is_not_overwritten(closed: Any, page: Any, bench: Workbench) -> None:
    bench.decide(0, "another-one", 0, [Change("add", "icd10cm", "R05.9")], who="ben")
    fresh = again(closed, page)
    fresh.wait_for_selector(".list > .alarm a:has-text('visit-1')")
    fresh.keyboard.press("Tab")
    fresh.goto(f"{fresh.url.split('#')[0]}#/0")
    fresh.wait_for_selector(".clash[role=alert]")
    assert [one.who for one in bench.entries(0)] == ["ben"]
    fresh.get_by_role("button", name="Save mine on top").click()
    assert len(finals(fresh)) == 3
    until(fresh, f"({KEPT}).length === 0")


def test_a_server_started_anew_asks_for_the_token_and_loses_nothing(page: Any, bench: Workbench) -> None:
    keys = opened(page, "visit-1")
    page.context.clear_cookies()
    keys.press("a")
    page.wait_for_selector(".saved.alarm:has-text('open the address that leadterm review printed')")
    assert bench.entries(0) == ()
    other = again(page.context, page, "?token=a-token-for-tests")
    other.wait_for_selector("tbody a")
    until(other, f"({KEPT}).length === 0")
    assert len(bench.entries(0)) == 1
    other.close()


def test_others_decisions_wait_for_them(closed: Any, page: Any, bench: Workbench) -> None:
    bench.store.where = "elsewhere"  # the same notes, other decisions
    fresh = again(closed, page, "#/0")
    fresh.wait_for_selector(".codes .s.at")
    saved(fresh)
    assert bench.entries(0) == ()
    assert len(fresh.evaluate(KEPT)) == 3
