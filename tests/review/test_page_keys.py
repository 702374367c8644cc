"""Work done by keys alone, in a real browser. Without Debian's Chromium there is nothing to drive."""

from __future__ import annotations

import re
from typing import Any

from page_keys import Keys, finals, opened, saved

from leadterm.decisions.changes import Change
from leadterm.review.workbench import Mode, Workbench
from leadterm.schema import Encounter, Note


def test_a_whole_encounter_without_the_mouse(page: Any, bench: Workbench) -> None:
    keys = opened(page, "visit-1")
    keys.to("E11.9")
    keys.press("a")
    keys.to("I10")
    keys.press("a")
    keys.to("M25.569")
    page.wait_for_selector(".s.at .alternatives")
    keys.press("1")
    keys.press("/")
    keys.type("Z79.84")
    page.wait_for_selector("#hit0 code:text('Z79.84')")
    keys.press("Enter")
    saved(page)
    keys.press("z")
    assert finals(page) == ["E11.9", "I10", "M25.561"]
    keys.press("Z")
    assert finals(page) == ["E11.9", "I10", "M25.561", "Z79.84"]
    keys.to("I10")
    keys.press("s")
    assert finals(page)[0] == "I10"
    keys.press("x")
    saved(page)
    assert page.locator(".s.maybe:not(.rejected)").count() == 0
    keys.press("Control+Enter")
    page.wait_for_selector(".bar .state.finished")
    assert keys.pressed <= 40
    page.reload()
    page.wait_for_selector(".codes .s.at")
    assert finals(page) == ["I10", "E11.9", "M25.561", "Z79.84"]
    kept = bench.reviewed(0)
    assert [one.code for one in kept.codes] == ["I10", "E11.9", "M25.561", "Z79.84"]
    assert kept.codes[2].evidence[0].text.lower() == "pain knee"


def test_a_key_pressed_right_after_another_is_not_lost(page: Any) -> None:
    keys = opened(page, "visit-1")
    keys.press("/")
    page.keyboard.type("M10.9")
    assert page.locator("dialog input").input_value() == "M10.9"
    keys.press("Escape", "c")
    page.keyboard.type("Sure?")
    assert page.locator("dialog textarea").input_value() == "Sure?"


def test_a_service_line_is_filled_in_by_key(page: Any, bench: Workbench) -> None:
    keys = opened(page, "given-3")
    keys.to("hcpcs:J1885")
    keys.press("a")
    saved(page)
    keys.to("hcpcs:J1885")
    keys.press("i")
    keys.type("4")
    keys.press("Tab")
    page.keyboard.type("rt")
    keys.press("Enter")
    saved(page)
    line = bench.standing(2).final["hcpcs", "J1885"].line
    assert line is not None
    assert (line.units, line.modifiers) == (4, ("RT",))
    assert "× 4 -RT" in page.locator(".final").inner_text()


def test_the_hierarchy_is_walked_by_key(page: Any) -> None:
    keys = opened(page, "visit-1")
    keys.to("E11.9")
    keys.press("h")
    page.wait_for_selector("[role=option][aria-selected=true] code:text-is('E11.9')")
    keys.press("ArrowUp", "ArrowUp", "ArrowRight")
    page.wait_for_selector("[role=option] code:text-is('E11.61')")
    keys.press("ArrowLeft")
    page.wait_for_selector("[role=option][aria-selected=true] code:text-is('E11.6')")
    keys.press("ArrowDown")
    page.wait_for_selector("[role=option][aria-selected=true] code:text-is('E11.8')")
    keys.press("Enter")
    assert finals(page) == ["E11.8"]


def test_a_question_is_asked_and_answered_by_key(page: Any, bench: Workbench) -> None:
    keys = opened(page, "visit-1")
    keys.to("M25.569")
    keys.press("q")
    page.wait_for_selector("dialog textarea:focus")
    keys.press("Control+Enter")
    saved(page)
    assert len(bench.standing(0).questions) == 1
    page.get_by_role("button", name="Answer …").press("Enter")
    keys.type("Right knee.")
    keys.press("Control+Enter")
    saved(page)
    assert bench.standing(0).questions == ()


LONG = """ASSESSMENT AND PLAN
1. Type 2 diabetes mellitus. 2. Hypertension. 3. Hyperlipidemia. 4. Hypothyroidism. 5. Asthma. 6. Gout. 7. Obesity.
8. Iron deficiency anemia. 9. Migraine. 10. Osteoporosis. 11. Psoriasis. 12. Insomnia. 13. Pain of the right knee.
"""


def test_a_long_encounter_takes_forty_keys_and_no_mouse(page: Any, bench: Workbench) -> None:
    bench.encounters = (*bench.encounters, Encounter("long-4", (Note("n1", LONG),), date_of_service="2026-03-07"))
    page.goto(f"{page.url.split('#')[0]}#/3")
    page.wait_for_selector(".codes .s.at")
    keys = Keys(page)
    for _ in range(10):
        keys.press("a")
    page.wait_for_selector(".s.at .alternatives")
    replaced = page.locator(".s.at .code").first.inner_text()
    keys.press("1")
    for code in ("Z79.4", "R05.9"):
        keys.press("/")
        keys.type(code)
        page.wait_for_selector(f"#hit0 code:text-is('{code}')")
        keys.press("Enter")
    keys.press("s", "x", "Control+Enter")
    if page.locator(".bar .state.finished").count() == 0:
        keys.press("Control+Enter")  # something suggested is undecided, and she is sure
    page.wait_for_selector(".bar .state.finished")
    assert keys.pressed <= 40
    page.reload()
    page.wait_for_selector(".codes .s.at")
    codes = finals(page)
    assert (codes[0], len(codes)) == ("R05.9", 13)
    assert replaced not in codes
    assert [one.code for one in bench.reviewed(3).codes] == codes


def test_rejecting_gives_the_reason_and_goes_on(page: Any, bench: Workbench) -> None:
    keys = opened(page, "visit-1")
    keys.to("I10")
    keys.press("r", "4")
    saved(page)
    assert bench.standing(0).verdicts["icd10cm", "I10"].reason == "integral"
    assert page.locator(".s.at").get_attribute("id") != "c-icd10cm:I10"


def test_a_heading_leads_to_the_codes_below_it(page: Any) -> None:
    keys = opened(page, "visit-1")
    keys.press("/")
    keys.type("M25.56")
    page.wait_for_selector("#hit0 code:text-is('M25.56')")
    keys.press("Enter")
    page.wait_for_selector("#hit1 code:text-is('M25.561')")
    keys.press("ArrowDown", "Enter")
    assert finals(page) == ["M25.561"]


def test_a_stay_takes_its_indicators(page: Any, bench: Workbench) -> None:
    keys = opened(page, "stay-2")
    keys.to("N39.0")
    keys.press("a")
    saved(page)
    keys.to("N39.0")
    keys.press("p", "p")
    saved(page)
    assert bench.standing(1).verdicts["icd10cm", "N39.0"].poa == "N"


def test_keys_can_be_moved_and_switched_off(page: Any) -> None:
    keys = opened(page, "visit-1")
    keys.press("?")
    page.get_by_label("Key for: Accept").fill("y")
    page.keyboard.press("Escape")
    first = page.locator(".s.at").get_attribute("id")
    keys.press("a")
    assert page.locator(".s.at").get_attribute("id") == first
    keys.press("y")
    assert len(finals(page)) == 1
    keys.press("?")
    page.get_by_label(re.compile("Single keys act")).uncheck()
    page.keyboard.press("Escape")
    keys.press("y")
    assert len(finals(page)) == 1


def test_one_code_is_accepted_in_many_encounters_by_key(page: Any, bench: Workbench) -> None:
    bench.read_all()
    page.reload()
    page.wait_for_selector("tbody a")
    page.keyboard.press("b")
    page.wait_for_selector(".bulk .hits em")
    wanted = page.locator(".bulk [aria-selected=true] code").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector(f".said:has-text('{wanted} accepted')")
    have = [n for n in range(3) if wanted in [code for _, code in bench.standing(n).final]]
    assert have
    page.keyboard.press("z")
    page.wait_for_selector(".said:has-text('undecided again')")
    assert not any(bench.standing(n).final for n in range(3))


def test_an_auditor_decides_between_coders_by_key(page: Any, bench: Workbench) -> None:
    bench.mode = Mode(double=True)
    for who, other in (("ben", "E11.9"), ("eve", "R05.9")):
        changes = [Change("add", "icd10cm", code) for code in ("I10", other)]
        bench.decide(0, f"version-of-{who}", 0, [*changes, Change("finish")], who=who, lane=who)
    page.reload()
    page.wait_for_selector("tbody a.state")
    page.keyboard.press("k")
    page.keyboard.press("d")
    page.wait_for_selector("tr.closed")
    page.keyboard.press("a")
    page.keyboard.press("r")
    saved(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".bar .state.finished")
    assert [one.code for one in bench.reviewed(0).codes] == ["I10", "E11.9"]  # I10 leads for both
