"""What a site does not report: the policy that is brought along, files of one's own, and what is wrong with them."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from leadterm import load
from leadterm.errors import LeadtermError
from leadterm.rules.policy import Policy
from leadterm.schema import Encounter, Note, SuggestionSet

VISIT = """Chief complaint: Follow-up.
Past medical history: Hypertension, osteoarthritis of both knees, psoriasis.
Medications: Metformin, lisinopril.
Assessment and plan:
1. Type 2 diabetes mellitus. Continue metformin.
2. Acute sinusitis. Saline rinses.
"""
LISTED = {"I10", "M17.0", "L40.9"}
ASSESSED = {"E11.9", "J01.90"}


def _asked(text: str, policy: str | Path | None, setting: str = "outpatient", kind: str = "") -> SuggestionSet:
    model = load(policy=policy)
    return model.suggest(Encounter("e1", (Note("n1", text, kind),), setting=setting), systems=["icd10cm"])


def _above(answer: SuggestionSet) -> set[str]:
    return {one.code for one in answer.suggestions if one.confidence >= answer.threshold}


def test_only_what_is_assessed_is_proposed() -> None:
    plain, policed = _asked(VISIT, None), _asked(VISIT, "assessed")
    assert _above(plain) & LISTED
    assert _above(policed) == ASSESSED
    assert {one.code for one in plain.suggestions} == {one.code for one in policed.suggestions}  # nothing is hidden


def test_what_is_left_out_says_why() -> None:
    policed = _asked(VISIT, "assessed")
    why = {one.code: one.hints[0] for one in policed.suggestions if one.code in _above(_asked(VISIT, None)) - ASSESSED}
    assert why["Z79.84"] == "left out: Z79.84 is not reported by the site's policy: long-term drugs are not reported"
    assert why["I10"] == "left out: I10 is not reported by the site's policy: only what is assessed is reported"


@pytest.mark.parametrize(
    ("text", "setting"),
    [(VISIT, "inpatient"), ("Hypertension and psoriasis.", "outpatient"), ("HPI: She has gout.", "outpatient")],
)
def test_stays_and_texts_without_an_assessment_are_left_as_they_are(text: str, setting: str) -> None:
    assert _above(_asked(text, "assessed", setting)) == _above(_asked(text, None, setting)) != set()


def test_a_file_of_the_site_by_code_section_and_kind(tmp_path: Path) -> None:
    own = tmp_path / "site.toml"
    own.write_text('[[leave-out]]\ncodes = ["M17*", "I10"]\nbut = ["M17.1"]\nkinds = ["clinic"]\nreason = "not ours"\n')
    note = "Subjective: Knees hurt.\nAssessment: Hypertension. Osteoarthritis of both knees. Gout."
    assert _above(_asked(note, own, kind="clinic")) == _above(_asked(note, None, kind="clinic")) - {"I10", "M17.0"}
    assert _above(_asked(note, own, kind="letter")) == _above(_asked(note, None, kind="letter"))


def test_a_model_with_a_policy_goes_to_other_processes_with_it() -> None:
    again = pickle.loads(pickle.dumps(load(policy="assessed")))
    assert _above(again.suggest(Encounter("e1", (Note("n1", VISIT),)), systems=["icd10cm"])) == ASSESSED


def test_the_day_of_service_keeps_the_policy() -> None:
    encounter = Encounter("e1", (Note("n1", VISIT),), date_of_service="2026-02-03")
    found = load(policy="assessed").suggest(replace(encounter, setting="outpatient"), systems=["icd10cm"])
    assert not _above(found) & LISTED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[leave-out]]\ncodes = ['Z79*']", "site.toml leave-out 1 gives no reason."),
        ("[[leave-out]]\nreason = 'x'\nsections = ['plan']", "unknown field in site.toml leave-out 1 'sections'"),
        ("[[leave-out]]\nreason = 'x'\nunless-in = ['asessment']", "did you mean 'assessment'?"),
        ("[[leave-out]]\nreason = 'x'\nkinds = ['novel']", "unknown kind of document in site.toml leave-out 1 'novel'"),
        ("[[leave-out]]\nreason = 'x'\nsetting = 'home'", "unknown setting in site.toml leave-out 1 'home'"),
        ("[[leave-out]]\nreason = 'x'\ncodes = [7]", "site.toml leave-out 1: codes has '7'."),
        ("[[leave-out]]\nreason = 'x'\ncodes = ['*']", "site.toml leave-out 1: codes has '*'."),
        ("leave-out = 'all'", "site.toml leaves nothing out."),
        ("", "site.toml leaves nothing out."),
        ("[[leave-in]]\nreason = 'x'", "unknown table in site.toml 'leave-in'"),
        ("[[leave-out]", "site.toml: "),
    ],
)
def test_a_file_that_cannot_be_meant(text: str, said: str) -> None:
    with pytest.raises(LeadtermError, match=said.replace("?", r"\?").replace("*", r"\*").replace("[", r"\[")):
        Policy.parse(text, "site.toml")


def test_a_policy_that_is_none() -> None:
    with pytest.raises(LeadtermError, match="unknown policy 'asessed'; did you mean 'assessed'"):
        load(policy="asessed")
