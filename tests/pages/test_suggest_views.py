"""What a coder sees: hints, quotes and tables for suggestions made by hand."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.console import Console

from leadterm.codes import load_system
from leadterm.codes.system import CodeSystem
from leadterm.intake.language import other_language
from leadterm.pages.quotes import place_of, quote
from leadterm.pages.suggestion_fhir import suggestion_bundle
from leadterm.pages.suggestion_page import suggestion_page
from leadterm.pages.suggestion_table import suggestion_table
from leadterm.rules.hints import episode_hint, side_hint, type_hint
from leadterm.schema import Encounter, EvidenceSpan, Finding, Mention, Note, Suggestion, SuggestionSet

TEXT = "HPI: Knee pain.\nAssessment:\n1. Primary osteoarthritis of the knee.\n2. Rule out gout, see labs\nfrom May.\n"


@pytest.fixture(scope="module")
def system() -> CodeSystem:
    return load_system("icd10cm")


def span(words: str, note_id: str = "n1") -> EvidenceSpan:
    start = TEXT.index(words)
    return EvidenceSpan(note_id, start, start + len(words), words)


def suggestion(
    code: str, title: str, *words: str, confidence: float = 0.9, hints: tuple[str, ...] = (), **context: object
) -> Suggestion:
    evidence = tuple(Mention("n1", (span(word),), **context) for word in words)  # type: ignore[arg-type]
    findings = tuple(Finding("left-open", "advice", "icd10cm", (code,), hint) for hint in hints)
    return Suggestion(1, "icd10cm", code, title, confidence, evidence, findings)


GOUT = suggestion(
    "M10.9", "Gout, unspecified", "gout", confidence=0.2, section="assessment_plan", assertion="possible",
    cues=(span("Rule out"),), hints=("documented as uncertain",),
)  # fmt: skip
KNEE = suggestion(
    "M17.10", "Unilateral primary osteoarthritis, unspecified knee", "Primary osteoarthritis", "knee.", "Knee pain",
    hints=("side not documented: M17.11 right, M17.12 left, M17.0 bilateral",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("M17.10", "side not documented: M17.11 right, M17.12 left, M17.0 bilateral"),
        ("H66.90", "side not documented: H66.91 right, H66.92 left, H66.93 bilateral"),
        ("S83.519A", "side not documented: S83.511A right, S83.512A left"),
        ("S93.409D", "side not documented: S93.401D right, S93.402D left"),
        ("C50.919", "side not documented: C50.911 right, C50.912 left"),
        ("S89.91XA", ""),  # "unspecified injury", but the side is there
        ("M25.561", ""),
        ("J45.909", ""),
        ("I10", ""),
    ],
)
def test_side_hints(code: str, expected: str, system: CodeSystem) -> None:
    assert side_hint(system, code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("N18.30", "stage not documented: N18.31 stage 3a, N18.32 stage 3b"),
        ("L89.309", "stage not documented: L89.300 unstageable, L89.301 stage 1, L89.302 stage 2, L89.303 stage 3 …"),
        ("O99.019", "trimester not documented: O99.011 first, O99.012 second, O99.013 third"),
        (
            "J45.909",
            (
                "more specific if documented: J45.2- Mild intermittent, J45.3- Mild persistent, "
                "J45.4- Moderate persistent, J45.5- Severe persistent"
            ),
        ),
        ("M25.561", ""),
        ("E11.9", ""),
        ("I10", ""),
        ("D64.9", ""),  # what stands beside it are other anemias
        ("Y92.009", ""),
    ],
)
def test_type_hints(code: str, expected: str, system: CodeSystem) -> None:
    assert type_hint(system, code) == expected


def test_episode_hints_only_where_things_heal(system: CodeSystem) -> None:
    assert "S52.501D if healing or aftercare" in episode_hint(system, "S52.501A")
    assert [episode_hint(system, code) for code in ("S52.501D", "T39.395A", "W00.0XXA", "I10")] == [""] * 4


def test_hints_name_only_codes_that_exist(system: CodeSystem) -> None:
    vague = [code for code in system.codes if "unspecified" in system.title(code)][::29]
    assert len(vague) > 300
    for code in vague:
        for hint in (side_hint(system, code), type_hint(system, code), episode_hint(system, code)):
            if hint:
                offers = hint.partition(": ")[2].removesuffix(" …").split(", ")
                named = [offer.split()[0] for offer in offers if offer[0].isupper() and offer[1].isdigit()]
                assert len(named) > 1 or "7th" in hint
                assert code not in named
                assert all((name.removesuffix("-") in system) for name in named)


def test_a_quote_is_one_line_with_its_cue_and_whole_words() -> None:
    found = quote(GOUT, {"n1": TEXT}, width=60)
    assert "".join(words for words, _ in found.pieces) == "2. Rule out gout, see labs from May."
    assert place_of(GOUT) == "assessment & plan · possible (rule out)"
    narrow = quote(KNEE, {"n1": TEXT}, width=30)
    assert [words for words, marked in narrow.pieces if marked] == ["Primary osteoarthritis", "knee."]
    assert narrow.others == 1


def drawn(width: int, top: int = 5) -> str:
    text = StringIO()
    result = SuggestionSet("visit", "default", {"icd10cm": "2026"}, (KNEE, GOUT), 0.5)
    view = suggestion_table(Encounter("visit", (Note("n1", TEXT),)), result, top=top)
    Console(file=text, width=width, color_system=None).print(view)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def test_wide_tables_put_the_evidence_beside_the_title() -> None:
    line = next(line for line in drawn(140).splitlines() if "M17.10" in line)
    assert "Unilateral primary" in line
    assert "[Primary osteoarthritis] of the [knee.]" in line
    assert " 90% ━━━━━─" in line


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200])
def test_tables_fit_their_width_and_lose_no_code(width: int) -> None:
    shown = drawn(width)
    assert max(map(len, shown.splitlines())) <= width
    assert "M17.10" in shown
    assert "M10.9" in shown
    assert "".join(shown.split()).count("sidenotdocumented:") == 1
    assert "documented as uncertain" not in shown  # hints are for what is suggested


def test_a_cut_table_says_how_many_there_are() -> None:
    assert "1 less likely; --top 2 shows all." in drawn(80, top=1)


def test_a_page_of_several_encounters_links_them_and_escapes() -> None:
    encounters = [Encounter(name, (Note("n1", TEXT), Note("n2", "x & y", kind="ED <note>"))) for name in ("a", "<b>")]
    result = SuggestionSet("a", "default", {}, (KNEE, GOUT), 0.5)
    page = suggestion_page([(encounter, result, 5) for encounter in encounters])
    assert '<a href="#e1">&lt;b&gt; <small>1</small></a>' in page
    assert "ED &lt;note&gt;" in page
    assert "<b>" not in page.replace('<b style="', "")
    assert page.count('class="faint"') == 2
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(re.findall(r'id="([^"]+)"', page))
    assert {"e0", "e0-m0", "e1-m1", "e1-s0"} <= targets


def test_procedures_become_fhir_procedures() -> None:
    made = Suggestion(1, "icd10pcs", "0SRC0J9", "Replacement", 0.8, (Mention.of(span("knee.")),))
    encounter = Encounter("visit", (Note("n1", TEXT),), patient_id="p1")
    bundle = suggestion_bundle([(encounter, SuggestionSet("visit", "m", {}, (made,)))])
    resource = bundle["entry"][0]["resource"]
    assert (resource["resourceType"], resource["status"]) == ("Procedure", "unknown")
    assert resource["subject"] == {"type": "Patient", "identifier": {"value": "p1"}}
    assert resource["code"]["coding"][0]["system"] == "http://www.cms.gov/Medicare/Coding/ICD10"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Le patient est suivi pour une toux depuis deux semaines, sans fièvre ni perte de poids.", "French"),
        ("Der Patient wurde mit Husten und Fieber aufgenommen, die Lunge ist frei, keine Ödeme.", "German"),
        ("Assessment: HTN, DM2. Plan: continue metformin, recheck A1c, RTC in 3 months.", ""),
        ("58M DM HTN CAD s/p CABG p/w CP x 2d, SOB, diaphoresis. EKG NSR. Trop neg x2. Admit tele.", ""),
        ("", ""),
        ("Sin.", ""),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert other_language(text) == language
