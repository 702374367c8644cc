"""The page in a real browser, driven by keys alone. Without Debian's Chromium there is nothing to drive."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from leadterm.decisions.changes import Change
from leadterm.review.app import make_app
from leadterm.review.serve import _bind
from leadterm.review.workbench import Mode, Workbench
from leadterm.schema import Encounter, Note

BROWSER = Path("/usr/bin/chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
TOKEN = "a-token-for-tests"


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


class Keys:
    """Presses keys and counts them; it has no mouse."""

    def __init__(self, page: Any) -> None:
        self.page, self.pressed = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def type(self, words: str) -> None:
        self.page.wait_for_selector("dialog[open] :is(input, textarea):focus")
        self.page.keyboard.type(words)
        self.pressed += len(words)

    def to(self, code: str) -> None:
        """Go to a code with j and k."""
        wanted = f"c-{code if ':' in code else f'icd10cm:{code}'}"
        for _ in range(60):
            at = self.page.locator(".s.at").get_attribute("id")
            order = self.page.eval_on_selector_all(".codes .s", "all => all.map((one) => one.id)")
            if at == wanted:
                return
            self.press("j" if order.index(at) < order.index(wanted) else "k")


def opened(page: Any, name: str) -> Keys:
    keys = Keys(page)
    page.goto(f"{page.url.split('#')[0]}#/{('visit-1', 'stay-2', 'given-3').index(name)}")
    page.wait_for_selector(".codes .s.at")
    return keys


def saved(page: Any) -> None:
    from playwright.sync_api import expect

    expect(page.locator(".saved")).to_have_text("saved")


def finals(page: Any) -> list[str]:
    saved(page)
    found: list[str] = page.eval_on_selector_all(".final li code", "all => all.map((one) => one.textContent)")
    return found


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


def test_places_are_right_behind_emoji_and_combining_characters(page: Any, bench: Workbench) -> None:
    text = "👩🏽‍⚕️ Re\u0301sume\u0301 of a nai\u0308ve 😷 patient: Gout and cough.\n"
    bench.encounters = (Encounter("signs", (Note("n1", text),)),)
    page.goto(f"{page.url.split('#')[0]}#/0")
    page.wait_for_selector(".codes .s.at")
    assert page.evaluate("[...CSS.highlights.get('active')].map(String)")[0].lower() in ("gout", "cough")
    page.evaluate("""() => {
      const node = document.createTreeWalker(document.querySelector(".text"), NodeFilter.SHOW_TEXT).nextNode();
      const at = node.data.indexOf("patient");
      getSelection().setBaseAndExtent(node, at, node, at + 7);
    }""")
    page.keyboard.press("n")
    page.wait_for_selector("dialog[open] input:focus")
    page.keyboard.press("Control+a")
    page.keyboard.type("Z00.00")
    page.wait_for_selector("#hit0 code:text('Z00.00')")
    page.keyboard.press("Enter")
    saved(page)
    assert [one.text for one in bench.reviewed(0).codes[0].evidence] == ["patient"]


def test_nothing_in_notes_names_or_comments_runs(page: Any, bench: Workbench) -> None:
    evil = "<img src=x onerror='window.ran=1'><script>window.ran=1</script>"
    bench.encounters = (Encounter(f"visit {evil}", (Note("n1", f"Gout. {evil}", kind=evil), Note("n2", "Cough."))),)
    bench.decide(0, "an-evil-comment", 0, [Change("comment", value=evil), Change("query", value=evil)])
    page.goto(f"{page.url.split('#')[0]}#/")
    page.reload()
    page.wait_for_selector("tbody a")
    page.keyboard.press("Enter")
    page.wait_for_selector(".codes .s.at")
    page.wait_for_selector(".remark:has-text('onerror')")
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    assert page.locator("img, main script").count() == 0


def test_rejecting_gives_the_reason_and_goes_on(page: Any, bench: Workbench) -> None:
    keys = opened(page, "visit-1")
    keys.to("I10")
    keys.press("r", "4")
    saved(page)
    assert bench.standing(0).verdicts["icd10cm", "I10"].reason == "integral"
    assert page.locator(".s.at").get_attribute("id") != "c-icd10cm:I10"


def test_words_of_the_note_become_evidence_whatever_stands_before_them(page: Any, bench: Workbench) -> None:
    keys = opened(page, "visit-1")
    page.evaluate("""() => {
      const walker = document.createTreeWalker(document.querySelector(".text"), NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const at = node.data.indexOf("Cough at night");
        if (at >= 0) { getSelection().setBaseAndExtent(node, at, node, at + 5); return; }
      }
    }""")
    keys.press("n")
    page.wait_for_selector("#hit0")
    keys.press("Control+a")
    keys.type("R05.9")
    page.wait_for_selector("#hit0 code:text('R05.9')")
    keys.press("Enter")
    saved(page)
    assert [one.text for one in bench.reviewed(0).codes[0].evidence] == ["Cough"]


def test_marks_and_codes_lead_to_each_other(page: Any) -> None:
    keys = opened(page, "visit-1")
    keys.to("I10")
    words = "[...CSS.highlights.get('active')].map((one) => one.toString().toLowerCase())"
    assert page.evaluate(words) == ["hypertension"]
    box = page.evaluate("""() => {
      const all = [...CSS.highlights.get("suggested")];
      const box = all.find((one) => /diabetes/i.test(one.toString())).getBoundingClientRect();
      return [box.left + box.width / 2, box.top + box.height / 2];
    }""")
    page.mouse.click(*box)
    assert page.locator(".s.at .code").first.inner_text().startswith("E11")


def test_a_browser_without_highlights_gets_marks(page: Any, address: str) -> None:
    page.goto(f"{address}/?marks#/0")
    page.wait_for_selector(".text mark.active")
    assert "hypertension" in [one.lower() for one in page.locator(".text mark").all_inner_texts()]
    whole = page.evaluate("document.querySelector('.text').textContent")
    assert "<script>alert(1)</script>" in whole


def test_a_heading_leads_to_the_codes_below_it(page: Any) -> None:
    keys = opened(page, "visit-1")
    keys.press("/")
    keys.type("M25.56")
    page.wait_for_selector("#hit0 code:text-is('M25.56')")
    keys.press("Enter")
    page.wait_for_selector("#hit1 code:text-is('M25.561')")
    keys.press("ArrowDown", "Enter")
    assert finals(page) == ["M25.561"]


def test_forced_colours_have_marks_of_their_own(page: Any, address: str) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"{address}/#/0")
    page.wait_for_selector(".text mark.active")
    shades = "all => new Set(all.map((one) => getComputedStyle(one).backgroundColor)).size"
    assert page.eval_on_selector_all(".text mark", shades) == 2


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


def test_what_was_decided_while_the_server_was_away_is_not_lost(page: Any, bench: Workbench) -> None:
    keys = opened(page, "visit-1")
    page.route("**/decisions", lambda route: route.abort())
    keys.press("a", "a")
    page.wait_for_selector(".saved.alarm")
    page.unroute("**/decisions")
    saved(page)
    assert len(bench.standing(0).final) == 2


def test_two_coders_are_shown_both_versions(page: Any, bench: Workbench) -> None:
    keys = opened(page, "visit-1")
    bench.decide(0, "another-one", 0, [Change("add", "icd10cm", "R05.9")], who="ben")
    keys.to("E11.9")
    keys.press("a")
    page.wait_for_selector(".clash[role=alert]")
    assert "ben decided" in page.locator(".clash").inner_text()
    assert "E11.9 only here" in page.get_by_label("Your version").inner_text()
    assert "R05.9 only here" in page.get_by_label("The saved version").inner_text()
    page.get_by_role("button", name="Save mine on top").click()
    assert finals(page) == ["R05.9", "E11.9"]
    assert [one.who for one in bench.entries(0)] == ["ben", "ana"]


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


def test_blind_until_the_coder_asks(page: Any, bench: Workbench) -> None:
    bench.mode = Mode(blind=True)
    page.reload()
    page.goto(f"{page.url.split('#')[0]}#/0")
    page.wait_for_selector(".blind")
    assert page.locator(".codes .s").count() == 0
    page.keyboard.press("/")
    page.keyboard.type("I10")
    page.wait_for_selector("#hit0 code:text('I10')")
    page.keyboard.press("Enter")
    assert finals(page) == ["I10"]
    page.keyboard.press("w")
    page.wait_for_selector("#c-icd10cm\\:E11\\.9")
    assert bench.standing(0).revealed


def test_a_learner_is_scored(page: Any, bench: Workbench) -> None:
    from dataclasses import replace

    from leadterm.schema import ReferenceCode

    answer = replace(bench.encounters[2], codes=(ReferenceCode("icd10cm", "M25.569"),))
    bench.mode = Mode(answers={"given-3": answer})
    page.reload()
    page.goto(f"{page.url.split('#')[0]}#/2")
    page.wait_for_selector(".blind")
    page.keyboard.press("/")
    page.keyboard.type("M25.56")
    page.wait_for_selector("#hit0 code:text('M25.56')")
    page.keyboard.press("Control+a")
    page.keyboard.type("M25.561")
    page.wait_for_selector("#hit0 code:text('M25.561')")
    page.keyboard.press("Enter")
    saved(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".score .near")
    assert "M25.569" in page.locator(".score").inner_text()


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
    assert [one.code for one in bench.reviewed(0).codes] == ["E11.9", "I10"]


def test_figures_are_drawn(page: Any, bench: Workbench) -> None:
    reject = Change("reject", "icd10cm", "E11.9", reason="history", confidence=0.9)
    bench.decide(0, "some-decision", 0, [Change("accept", "icd10cm", "I10"), reject, Change("finish")])
    page.keyboard.press("g")
    page.wait_for_selector(".figures svg circle")
    assert "50%" in page.locator(".tile").first.inner_text()
    assert page.locator("svg[role=img]").first.get_attribute("aria-label")


@pytest.mark.parametrize("width", [640, 1280, 1920])
def test_nothing_runs_out_of_the_page(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    keys = opened(page, "visit-1")
    keys.press("r")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_control_has_a_name(page: Any) -> None:
    opened(page, "visit-1")
    name = "one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent"
    unnamed = f"all => all.filter((one) => !({name}).trim()).length"
    assert page.eval_on_selector_all("button, input, textarea, a", unnamed) == 0
