"""What the page shows and keeps, in a real browser. Without Debian's Chromium there is nothing to drive."""

from __future__ import annotations

from typing import Any

import pytest
from page_keys import Keys, finals, marked, opened, saved, until

from leadterm.decisions.changes import Change
from leadterm.review.workbench import Mode, Workbench
from leadterm.schema import Encounter, Note


def test_places_are_right_behind_emoji_and_combining_characters(page: Any, bench: Workbench) -> None:
    text = "👩🏽‍⚕️ Re\u0301sume\u0301 of a nai\u0308ve 😷 patient: Gout and cough.\n"
    bench.encounters = (Encounter("signs", (Note("n1", text),)),)
    page.goto(f"{page.url.split('#')[0]}#/0")
    page.wait_for_selector(".codes .s.at")
    assert marked(page, "active")[0]["words"] in ("gout", "cough")
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
    assert [one["words"] for one in marked(page, "active")] == ["hypertension"]
    diabetes = next(one for one in marked(page, "suggested") if "diabetes" in one["words"])
    page.mouse.click(diabetes["x"], diabetes["y"])
    assert page.locator(".s.at .code").first.inner_text().startswith("E11")


def test_marks_far_away_are_painted_when_the_note_is_scrolled_to_them(page: Any, bench: Workbench) -> None:
    filler = "She walks every morning and sleeps well.\n" * 40
    text = "".join(f"{filler}Hypertension. {'Gout.' if part == 5 else ''}\n" for part in range(12))
    bench.encounters = (Encounter("long", (Note("n1", text),)),)
    page.goto(f"{page.url.split('#')[0]}#/0")
    page.wait_for_selector(".codes .s.at")
    keys = Keys(page)
    keys.to("I10")
    page.evaluate("document.querySelector('.notes').scrollTop = 0")
    until(page, "CSS.highlights.get('suggested').size < 6")
    page.evaluate("document.querySelector('.notes').scrollTop = document.querySelector('.notes').scrollHeight / 2")
    until(page, "[...CSS.highlights.get('suggested')].some((one) => /Gout/.test(one.startContainer.data))")
    keys.to("M10.9")
    [place] = marked(page, "active")
    assert place["words"] == "gout"
    assert 0 < place["y"] < 800


def test_a_browser_without_highlights_gets_marks(page: Any, address: str) -> None:
    page.goto(f"{address}/?marks#/0")
    page.wait_for_selector(".text mark.active")
    assert "hypertension" in [one.lower() for one in page.locator(".text mark").all_inner_texts()]
    whole = page.evaluate("document.querySelector('.text').textContent")
    assert "<script>alert(1)</script>" in whole


def test_forced_colours_have_marks_of_their_own(page: Any, address: str) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"{address}/#/0")
    page.wait_for_selector(".text mark.active")
    shades = "all => new Set(all.map((one) => getComputedStyle(one).backgroundColor)).size"
    assert page.eval_on_selector_all(".text mark", shades) == 2


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
