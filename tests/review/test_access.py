"""Anybody can use the page: axe finds nothing serious, marks have contrast, and what the page weighs."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from page_keys import opened
from tests.review.conftest import TOKEN

from leadterm.decisions.changes import Change
from leadterm.review.workbench import Mode, Workbench

SHEETS = Path(__file__).parents[2] / "pipeline" / "leadterm"
ROOMS = ("list", "encounter", "finder", "between", "figures")
SCHEMES = ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"})


def prepared(bench: Workbench) -> None:
    bench.mode = Mode(double=True)
    for who, other in (("ben", "E11.9"), ("eve", "R05.9")):
        changes = [Change("add", "icd10cm", code) for code in ("I10", other)]
        bench.decide(0, f"version-of-{who}", 0, [*changes, Change("finish")], who=who, lane=who)


def shown(page: Any, base: str, room: str) -> None:
    if room == "list":
        page.goto(f"{base}#/")
        page.wait_for_selector("tbody a")
    elif room in ("encounter", "finder"):
        opened(page, "visit-1").press("j", "a")
        if room == "finder":
            page.keyboard.press("/")
            page.keyboard.type("gout")
            page.wait_for_selector("#hit0")
    else:
        page.goto(f"{base}#/0/between" if room == "between" else f"{base}#/figures")
        page.wait_for_selector("tr.closed" if room == "between" else ".tile")


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark", "forced"])
def test_axe_finds_nothing_serious(chromium: Any, address: str, bench: Workbench, scheme: dict[str, Any]) -> None:
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    prepared(bench)
    asked = {"viewport": {"width": 1280, "height": 800}, "bypass_csp": True, "reduced_motion": "reduce", **scheme}
    context = chromium.new_context(**asked)
    page = context.new_page()
    page.goto(f"{address}/?token={TOKEN}")
    found = []
    for room in ROOMS:
        shown(page, f"{address}/", room)
        page.evaluate(axe)
        told = page.evaluate("async () => (await axe.run()).violations")
        bad = (one for one in told if one["impact"] in ("serious", "critical"))
        found += [(room, one["id"], one["nodes"][0]["html"][:90], one["nodes"][0]["failureSummary"]) for one in bad]
    context.close()
    assert found == []


def colours(dark: bool) -> dict[str, str]:
    text = (SHEETS / "pages" / "templates" / "style.css").read_text(encoding="utf-8")
    light, _, rest = text.partition("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w]+): (#[0-9a-f]{3,6});", light))
    return found | dict(re.findall(r"--([\w]+): (#[0-9a-f]{3,6});", rest.split("/* shared */")[0])) if dark else found


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_words_under_every_mark_can_be_read(dark: bool) -> None:
    known = colours(dark)
    sheet = (SHEETS / "review" / "static" / "review.css").read_text(encoding="utf-8")
    rules = re.findall(r"::highlight\(([\w]+)\) \{([^}]*)\}", sheet)
    assert {name for name, _ in rules} == {"faint", "suggested", "possible", "accepted", "rejected", "cue", "active"}
    for name, rule in rules:
        behind = re.search(r"background-color: var\(--(\w+)\)", rule)
        ink = re.search(r"(?<!-)color: var\(--(\w+)\)", rule.replace("background-color", "background"))
        words = known[ink[1] if ink and "text-decoration" not in ink[0] else "ink"]
        if name == "active":
            words = known["hotink"]
        assert contrast(words, known[behind[1] if behind else "card"]) >= 4.5, name
        assert behind or "text-decoration" in rule, name  # a shape, or a ground: never the colour of the words alone
    lines = {name: re.search(r"text-decoration(?:-color)?:[^;]*var\(--(\w+)\)", rule) for name, rule in rules}
    for name, line in lines.items():
        if line and name in ("accepted", "cue", "possible"):
            ground = {"accepted": "goodbg", "possible": "mark"}.get(name, "card")
            assert contrast(known[line[1]], known[ground]) >= 3, name
