"""What the guidelines leave out of a set of codes, and what they bring in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leadterm import models
from leadterm.codes import load_system
from leadterm.rules import coherence
from leadterm.rules.findings import SEVERITIES, Case, Coded, Facts
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note

SYSTEM = load_system("icd10cm")

def code(
    name: str, confidence: float = 0.8, assertion: str = "present", section: str = "assessment", at: int = 0
) -> Coded:
    """Make a code with one mention at a place of its own."""
    span = EvidenceSpan("n1", at * 5, at * 5 + 4, "word")
    words = Mention("n1", (span,), assertion, section=section)  # type: ignore[arg-type]
    return Coded("icd10cm", name, evidence=(words,), confidence=confidence)


def judge(*codes: Coded, setting: str = "outpatient", record: str = "") -> dict[str, str]:
    """What is left out of a set, as a suggestion shows it."""
    found = coherence.left_out(Case(Facts(setting=setting, record=record), codes, SYSTEM))
    for name, one in found.items():
        assert (one.codes[0], one.effect, bool(one.evidence)) == (name, "left out", True)
        assert one.severity in SEVERITIES
        assert one.source
    return {name: one.hint for name, one in found.items()}


def brought_in(above: list[Coded], below: list[Coded], record: str = "") -> dict[str, str]:
    found = coherence.brought_in(Case(Facts(record=record), tuple(above), SYSTEM), below)
    return {name: one.hint for name, one in found.items()}


@pytest.mark.parametrize(
    ("codes", "setting", "gone", "said"),
    [
        ([code("I26.99", assertion="possible")], "outpatient", ["I26.99"], "IV.H"),
        ([code("I26.99", assertion="possible")], "inpatient", [], ""),
        ([code("I26.99", assertion="possible", section="hpi")], "inpatient", ["I26.99"], "II.H"),
        ([code("U07.1", assertion="possible")], "inpatient", ["U07.1"], "I.C.1.g.1.a"),
        ([code("B20", assertion="possible")], "inpatient", ["B20"], "I.C.1.a.1"),
        ([code("E11.9", assertion="family")], "outpatient", ["E11.9"], "relative"),
        ([code("Z80.3", assertion="family")], "outpatient", [], ""),
        ([code("J18.9", assertion="hypothetical")], "outpatient", ["J18.9"], "may come"),
        ([code("E11.9", 0.6), code("E10.9", 0.7, at=1)], "outpatient", ["E11.9"], "contradicts E10.9"),
        ([code("F17.210", 0.7), code("Z87.891", 0.6, at=1)], "outpatient", ["Z87.891"], "contradicts F17.210"),
        ([code("Y93.73", 0.9), code("M25.561", 0.7, at=1)], "outpatient", ["Y93.73"], "I.C.20.a.1"),
        ([code("Y93.73", 0.9), code("S83.91XA", 0.7, at=1)], "outpatient", [], ""),
        ([code("N18.4", 0.9), code("N18.6", 0.5, at=1)], "inpatient", ["N18.4"], "contradicts N18.6"),
        ([code("S39.012A", 0.7), code("S39.012D", 0.6)], "outpatient", ["S39.012D"], "contradicts S39.012A"),
        ([code("N18.9", 0.9), code("N18.32", 0.5, at=1)], "outpatient", ["N18.9"], "N18.32"),
        ([code("J45.909", 0.9), code("J45.901", 0.5, at=1)], "outpatient", ["J45.909"], "I.B.2"),
        ([code("E11.65", 0.9), code("E11.40", 0.5, at=1)], "outpatient", [], ""),
        ([code("E87.20", 0.5), code("E87.6", 0.9, at=1)], "outpatient", [], ""),
        ([code("E11.42", 0.9), code("E11.40", 0.5, at=1)], "outpatient", ["E11.40"], "I.B.2"),
        (
            [code("I10", 0.9), code("I11.0", 0.5, at=1), code("I50.9", 0.6, at=2)],
            "outpatient",
            ["I10"],
            "I10 is already said by I11.0",
        ),
        ([code("R50.9", 0.4, section="hpi"), code("J18.9", 0.9, at=1)], "outpatient", ["R50.9"], "I.B.5"),
        ([code("R50.9", 0.4, section="problem_list"), code("J18.9", 0.9, at=1)], "outpatient", [], ""),
        ([code("R50.9", 0.8, section="chief_complaint"), code("J18.9", 0.9, at=1)], "outpatient", ["R50.9"], "I.B.5"),
        ([code("M25.552", 0.8, section="hpi"), code("S72.002A", 0.9, at=1)], "inpatient", ["M25.552"], "I.B.5"),
        ([code("M25.551", 0.8, section="hpi"), code("S72.002A", 0.9, at=1)], "inpatient", [], ""),
        ([code("F32.A"), code("F33.1", at=1)], "outpatient", ["F32.A"], "F33.1"),
        ([code("Z68.41"), code("I10", at=1)], "outpatient", ["Z68.41"], "I.B.14"),
        ([code("Z68.41"), code("E66.01", at=1)], "outpatient", [], ""),
        ([code("C50.911"), code("C50.912", at=1)], "outpatient", [], ""),
        ([code("T24.211A"), code("T24.311A", 0.7, at=1)], "inpatient", ["T24.211A"], "I.C.19.d.2"),
        ([code("T24.211A"), code("T24.312A", 0.7, at=1)], "inpatient", [], ""),
        ([code("C56.9"), code("C56.2", at=1)], "outpatient", ["C56.9"], "C56.2"),
        ([code("S83.92XA"), code("S83.411A", at=1)], "outpatient", [], ""),
        ([code("S83.91XA"), code("S83.411A", at=1)], "outpatient", ["S83.91XA"], "S83.411A"),
    ],
)
def test_a_rule_leaves_out(codes: list[Coded], setting: str, gone: list[str], said: str) -> None:
    found = judge(*codes, setting=setting)
    assert list(found) == gone
    assert all(said in reason for reason in found.values())


def test_words_that_two_excluding_codes_share_give_the_surer_one() -> None:
    assert list(judge(code("R73.03", 0.6), code("E11.9", 0.9))) == ["R73.03"]
    assert not judge(code("R73.03", 0.6), code("E11.9", 0.9, at=1))


def test_a_complaint_that_the_rest_of_the_note_doubts_is_uncertain() -> None:
    asked, doubted, firm = (
        code("K29.70", assertion=said, section=section).evidence[0]
        for said, section in (("present", "chief_complaint"), ("possible", "hpi"), ("present", "assessment"))
    )
    assert "IV.H" in judge(Coded("icd10cm", "K29.70", evidence=(asked, doubted), confidence=0.8))["K29.70"]
    assert judge(Coded("icd10cm", "K29.70", evidence=(firm, asked, doubted), confidence=0.8)) == {}


def test_order_of_the_set_changes_nothing() -> None:
    codes = [code("N18.9"), code("N18.31", at=1), code("E11.9", at=2), code("E10.9", at=3), code("Z68.30", at=4)]
    assert judge(*codes) == judge(*reversed(codes))


def test_a_needed_companion_is_brought_in() -> None:
    reason = "brought in: R65.21 needs A41.9 (I.C.1.d.1.b)"
    assert brought_in([code("R65.21")], [code("A41.9", 0.1), code("A40.9", 0.05)]) == {"A41.9": reason}
    assert brought_in([code("R65.21"), code("A41.51")], [code("A41.9", 0.1)]) == {}
    assert list(brought_in([code("C78.7")], [code("C18.9", 0.2), code("C80.1", 0.1)])) == ["C18.9"]
    assert list(brought_in([code("Z79.4")], [code("E11.9", 0.2)])) == ["E11.9"]
    assert brought_in([code("Z68.41")], [code("E66.01", 0.1)]) == {}


def test_what_another_code_tells_is_left_out() -> None:
    assert list(judge(code("Z79.4"), code("O24.414", at=1))) == ["Z79.4"]
    assert not judge(code("Z79.4"), code("E11.9", at=1))
    assert list(judge(code("J15.0"), code("B96.1"))) == ["B96.1"]
    assert not judge(code("N39.0"), code("B96.1", at=1))


def test_a_symptom_that_the_note_ascribes_to_a_disease_is_integral_however_sure() -> None:
    text = "LLQ pain due to diverticulitis. LLQ pain, diverticulitis, hip pain due to a fall."
    pain, sore, hip = (
        Coded("icd10cm", name, evidence=(Mention("n1", (EvidenceSpan("n1", at, at + 8, text[at : at + 8]),)),),
              confidence=0.9)
        for name, at in (("R10.32", 0), ("R10.32", 32), ("M25.551", 57))
    )  # fmt: skip
    gut = (Mention("n1", (EvidenceSpan("n1", 16, 30, text[16:30]),)),)
    disease = Coded("icd10cm", "K57.92", evidence=gut, confidence=0.6)
    facts = Facts(notes=(Note("n1", text),))
    gone = [coherence.left_out(Case(facts, (disease, one), SYSTEM)).keys() for one in (pain, sore, hip)]
    assert gone == [{"R10.32"}, set(), set()]


def test_a_suggestion_left_out_stays_below_the_line_with_its_reason() -> None:
    suggester = models.load()
    note = Note("n1", "Assessment:\n1. Cough.\n2. Possible pneumonia.\n")
    found = suggester.suggest(Encounter("e1", (note,)))
    pneumonia = next(one for one in found.suggestions if one.code == "J18.9")
    assert pneumonia.confidence < found.threshold
    stay = suggester.suggest(Encounter("e1", (note,), setting="inpatient"))
    assert not any("IV.H" in hint for one in stay.suggestions for hint in one.hints)


def test_a_cancer_that_is_treated_is_no_history() -> None:
    told = [code("C50.412", 0.7), code("Z85.3", 0.9), code("Z51.11", 0.8, at=3)]
    assert list(judge(*told)) == ["Z85.3"]
    assert judge(*told[:2], code("I10", at=3)) == {}
    elsewhere = code("Z85.43", 0.9, at=9)
    assert judge(told[0], elsewhere, told[2]) == {}
    again = code("Z85.3", 0.9, at=9)
    assert list(judge(told[0], again, code("Z79.811", 0.7, at=3))) == ["Z85.3"]


def test_excluding_codes_that_share_words_of_any_mention_do_not_stand_together() -> None:
    manic, episode = code("F31.13", 0.9), code("F30.13", 0.7, at=5)
    both = replace(manic, evidence=(*manic.evidence, *episode.evidence))
    assert list(judge(both, episode)) == ["F30.13"]
    assert judge(manic, episode) == {}


def test_on_the_record_of_a_birth_its_chapters_come_first() -> None:
    above, below = [code("E03.9", 0.8)], [code("O99.282", 0.2), code("O99.283", 0.1)]
    assert list(brought_in(above, below, "mother")) == ["O99.282"]
    assert brought_in(above, below) == {}
    note = Note("n1", "Prenatal visit at 30 weeks. " + "word " * 200)
    assert coherence.record_of(Encounter("e", (note,))) == "mother"
    told = judge(code("O23.43"), code("N39.0", at=1), code("P59.9", at=2), record="mother")
    assert told.keys() == {"N39.0", "P59.9"}


def test_the_scale_of_a_stroke_is_brought_in() -> None:
    assert list(brought_in([code("I63.412")], [code("R29.714", 0.2), code("R47.1", 0.3)])) == ["R29.714"]


def test_a_sign_stays_only_where_it_is_about_as_sure_as_its_disease() -> None:
    assert list(judge(code("R10.32", 0.6, at=3), code("K57.32", 0.8))) == ["R10.32"]
    assert judge(code("R10.32", 0.8, at=3), code("K57.32", 0.82)) == {}


def test_only_a_title_that_says_so_tells_of_a_resistant_germ() -> None:
    assert judge(code("M00.062", 0.8), code("B95.62", 0.6)) == {}
    assert list(judge(code("J15.212", 0.8), code("B95.62", 0.6))) == ["B95.62"]
