"""Every page is made of the same parts, escapes what it is given, runs nothing and loads nothing."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from jinja2 import UndefinedError

from leadterm.evaluation import evaluate
from leadterm.experiments.benchmarks import load_benchmarks
from leadterm.experiments.learning_curve import CurvePoint, Gain, LearningCurve, PowerLaw
from leadterm.pages.benchmark_page import benchmark_page
from leadterm.pages.curve_page import curve_page, curve_svg
from leadterm.pages.render import render
from leadterm.pages.report_page import report_page
from leadterm.pages.suggestion_page import suggestion_page
from leadterm.schema import Encounter, EvidenceSpan, Finding, Mention, Note, Suggestion, SuggestionSet

EVIL = "</style><script>x</script>\"'&<b>"


def suggestions() -> str:
    span = EvidenceSpan("n", 0, len(EVIL), EVIL)
    mention = Mention("n", (span,), section=EVIL, term=EVIL, source=EVIL)
    finding = Finding(EVIL, "advice", EVIL, (EVIL,), EVIL)
    made = [
        Suggestion(rank, EVIL, EVIL, EVIL, confidence, (mention,), findings=(finding,))
        for rank, confidence in enumerate((0.9, 0.3, 0.01), start=1)
    ]
    encounter = Encounter(EVIL, (Note("n", EVIL + " end", kind=EVIL),), date_of_service="2026-01-02", birth_year=1990)
    return suggestion_page([(encounter, SuggestionSet(EVIL, EVIL, {}, tuple(made)), 9)] * 2)


def report() -> str:
    found = evaluate({EVIL: {EVIL: 0.9}, "e2": {"I10": 0.9}}, {EVIL: [EVIL], "e2": ["I11.9"]}, threshold=0.5)
    return report_page(found, [Encounter(EVIL, (Note("n", EVIL),))], titles=lambda *_: EVIL, corpus=EVIL, heading=EVIL)


def benchmark() -> str:
    found = evaluate({"e1": {EVIL: 0.9}}, {"e1": [EVIL]}, threshold=0.5, n_bootstrap=0)
    return benchmark_page(load_benchmarks()["aci-bench"], found, {EVIL: {"micro_f1": 0.5}}, titles=lambda *_: EVIL)


def curve() -> LearningCurve:
    points = tuple(CurvePoint(n, v, v - 0.1, v + 0.1, (v,)) for n, v in ((100, 0.3), (1000, 0.5), (4000, 0.6)))
    return LearningCurve("micro_f1", points, PowerLaw(0.7, 4.0, 0.5), (Gain(100, 0.01, 0.0, 0.02),), 50, 0)


PAGES = {
    "suggestions": suggestions, "report": report, "benchmark": benchmark, "curve": lambda: curve_page(curve(), EVIL),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_page_stands_alone_and_obeys_nothing(name):
    page = PAGES[name]()
    assert page.startswith("<!doctype html>\n")
    assert page.endswith("</html>\n")
    assert "Content-Security-Policy\" content=\"default-src 'none'" in page
    assert "<script" not in page
    assert EVIL not in page
    assert "&lt;/style&gt;&lt;script&gt;" in page
    assert not re.search(r"\s(on\w+|src|srcset|action)=", re.sub(r"&[a-z#0-9]+;", "", page))
    assert not re.search(r"url\(|@import", page)
    assert "prefers-color-scheme: dark" in page
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))
    assert not re.findall(r'href="(?!#)', page)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_every_rule_of_the_style_sheet_is_used():
    folder = files("leadterm.pages") / "templates"
    markup = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir() if path.name.endswith(".html"))
    drawing = (files("leadterm.pages") / "charts.py").read_text(encoding="utf-8") + markup
    drawing += (files("leadterm.pages") / "curve_page.py").read_text(encoding="utf-8") + "right missed wrong"
    style = re.sub(r"/\*.*?\*/|\{[^{}]*\}", "", (folder / "style.css").read_text(encoding="utf-8"))
    names = set(re.findall(r"\.([a-z][\w-]*)", style)) - {f"s{i}" for i in range(6)}
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", drawing)] == []


def test_codes_below_five_percent_are_folded_away():
    page = suggestions()
    assert page.count("<summary>1 more below 5 %</summary>") == 2
    assert "<small>outpatient · 2026-01-02 · born 1990</small>" in page


def test_a_missing_value_is_an_error():
    with pytest.raises(UndefinedError, match="corpus"):
        render("curve.html", curve=curve(), metric="F1")


def test_a_curve_alone_says_what_each_point_is():
    svg = curve_svg(curve())
    assert svg.startswith("<svg ")
    assert "<title>1,000 encounters: 0.500 (0.400 to 0.600)</title>" in svg
    assert "var(" not in svg
