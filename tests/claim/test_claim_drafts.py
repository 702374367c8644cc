"""A draft has its order, its pointers and its evidence from the note, and every format shows them."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from claim_samples import FACTS, knee, reference

from leadterm import load
from leadterm.claim.claim_fhir import claim_bundle
from leadterm.claim.claim_json import claim_json
from leadterm.claim.claim_page import claim_page
from leadterm.claim.denials import explain_denial
from leadterm.claim.drafting import draft_claim
from leadterm.claim.parties import Facts, LineFacts
from leadterm.claim.read_facts import FactBook
from leadterm.claim.suggested import with_codes
from leadterm.cli import main
from leadterm.corpus.format import encode
from leadterm.errors import LeadtermError
from leadterm.rules.edits import Article, Edits
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode
from leadterm.storage.tsv import parse_table

Capture = pytest.CaptureFixture[str]
CASES = parse_table((Path(__file__).parent / "pointer_cases.tsv").read_text(), "pointer_cases.tsv")
NOTES = Path(__file__).parent / "pointer_notes.txt"
FLOOR = 0.95


def test_services_of_reference_notes_point_to_what_justifies_them() -> None:
    right, lines = Counter[str](), Counter[str]()
    for row in CASES:
        facts = Facts(lines=(LineFacts("G0463", description=row["service"]),))
        draft = draft_claim(reference()[row["encounter"]], facts)
        first = draft.diagnoses[draft.lines[0].pointers[0].position - 1].code
        lines[row["fold"]] += 1
        right[row["fold"]] += first in row["diagnoses"].split()
    assert {fold: right[fold] / count >= FLOOR for fold, count in lines.items()} == {"dev": True, "test": True}


def read_pointer_notes() -> Iterator[tuple[Encounter, list[tuple[str, list[str]]]]]:
    """The encounters of the file, each with its services and what may justify them."""
    for part in NOTES.read_text(encoding="utf-8").split("\n# ")[1:]:
        name, *lines = part.splitlines()
        text = "\n".join(line for line in lines if not line.startswith(("dx ", "sv ")))
        codes = []
        for code, words in (one.split("=") for line in lines if line.startswith("dx ") for one in line[3:].split("; ")):
            at = text.index(words)
            span = EvidenceSpan("n1", at, at + len(words), words)
            codes.append(ReferenceCode("icd10cm", code, evidence=(Mention.of(span),)))
        services = [line[3:].rsplit("=", 1) for line in lines if line.startswith("sv ")]
        yield Encounter(name, (Note("n1", text),), tuple(codes)), [(what, why.split()) for what, why in services]


def test_services_of_short_visits_point_to_what_justifies_them() -> None:
    right = count = 0
    for encounter, services in read_pointer_notes():
        draft = draft_claim(encounter, Facts(lines=tuple(LineFacts("", description=what) for what, _ in services)))
        for line, (_, wanted) in zip(draft.lines, services, strict=True):
            count += 1
            right += draft.diagnoses[line.pointers[0].position - 1].code in wanted
    assert count > 200
    assert right / count >= FLOOR


def test_present_on_admission_is_proposed_as_a_reader_of_the_stays_judges() -> None:
    rows = parse_table((Path(__file__).parent / "poa_cases.tsv").read_text(), "poa_cases.tsv")
    told = {(row["encounter"], row["code"]): row["poa"] for row in rows}
    right, all_ = Counter[str](), Counter[str]()
    for encounter, fold in {row["encounter"]: row["fold"] for row in rows}.items():
        for one in draft_claim(reference()[encounter]).diagnoses:
            judged = told.get((encounter, one.code), "Y")
            if one.poa != "1" and judged != "?":
                all_[fold] += 1
                right[fold] += one.poa == judged
    assert {fold: right[fold] / count >= FLOOR for fold, count in all_.items()} == {"dev": True, "test": True}
    assert sum(all_.values()) > 800


def test_a_line_says_why_and_with_which_words() -> None:
    brace = draft_claim(knee(), replace(FACTS, lines=(LineFacts("L1832", charge=400),))).lines[0]
    assert [pointer.position for pointer in brace.pointers] == [1]
    assert "Knee brace" in [mention.text for mention in brace.evidence]
    assert "problem" in brace.pointers[0].why
    assert brace.title.startswith("Knee orthosis")


def test_a_pointer_without_grounds_is_told() -> None:
    draft = draft_claim(knee(), replace(FACTS, lines=(LineFacts("A9150", description="Thing", charge=1),)))
    assert not draft.lines[0].pointers[0].sure
    assert "claim-unsure-pointer" in [finding.rule for finding in draft.findings]


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        ("RT 59", "59 RT"), ("LT 50", "50 LT"), ("KX NU LT", "NU KX LT"), ("F5 25", "25 F5"), ("RT 26 59", "26 59 RT"),
        ("T1 XS", "XS T1"), ("GA RR", "RR GA"), ("E2 53", "53 E2"), ("95 25", "25 95"), ("LT TC", "TC LT"),
    ],
)  # fmt: skip
def test_modifiers_that_change_the_price_go_first(given: str, ordered: str) -> None:
    code = ReferenceCode("hcpcs", "L1832", modifiers=tuple(given.split()))
    coded = replace(knee(), codes=(*knee().codes, code))
    assert " ".join(draft_claim(coded, Facts()).lines[0].modifiers) == ordered  # ours to order
    charged = replace(FACTS, lines=(LineFacts("L1832", charge=400, modifiers=tuple(given.split())),))
    draft = draft_claim(knee(), charged)
    assert " ".join(draft.lines[0].modifiers) == given  # a person's order stays, and is told
    told = next(finding for finding in draft.findings if finding.rule == "claim-modifier-order")
    assert f"Write {ordered}," in told.fix


def test_nobody_said_which_leads() -> None:
    note = Note("n1", "Here for gout of the left big toe, colchicine given. Hypertension, stable.")
    codes = tuple(ReferenceCode("icd10cm", code) for code in ("I10", "M10.9"))
    draft = draft_claim(Encounter("e1", (note,), codes))
    assert [one.code for one in draft.diagnoses] == ["M10.9", "I10"]
    told = next(finding for finding in draft.findings if finding.rule == "claim-lead")
    assert told.codes == ("M10.9", "I10")
    said = replace(codes[0], role="first-listed")
    assert [one.code for one in draft_claim(Encounter("e1", (note,), (said, codes[1]))).diagnoses] == ["I10", "M10.9"]


def test_a_suggested_lead_keeps_its_place_and_is_told_as_a_proposal() -> None:
    note = Note("n1", "Here for gout of the left big toe, colchicine given. Hypertension, stable.")
    codes = (ReferenceCode("icd10cm", "I10", "first-listed"), ReferenceCode("icd10cm", "M10.9"))
    draft = draft_claim(Encounter("e1", (note,), codes), accepted=False, suggested=True)
    told = next(finding for finding in draft.findings if finding.rule == "claim-lead")
    assert told.codes == ("I10", "M10.9")
    assert "sure" in draft.diagnoses[0].why
    behind = (ReferenceCode("icd10cm", "Z79.4", "first-listed"), codes[1])
    alone = draft_claim(Encounter("e1", (note,), behind), accepted=False, suggested=True)
    assert alone.diagnoses[0].code == "M10.9"  # what may not lead is no proposal


def test_a_spanish_note_with_a_name_of_a_file_gives_a_draft(tmp_path: Path, capsys: Capture) -> None:
    note = tmp_path / "nota_1.txt"
    note.write_text("Paciente de 68 años que acude por fiebre. Diagnóstico principal: neumonía por neumococo.")
    assert main(["claim", str(note)]) == 0
    told = capsys.readouterr()
    assert "J13" in told.out
    assert "X12 cannot" not in told.out
    assert "reads as Spanish" in told.err
    assert main(["claim", str(note), "--format", "x12"]) == 2
    assert "nobody has accepted yet" in capsys.readouterr().err  # among the first of many reasons


def test_external_causes_stand_last_and_justify_nothing() -> None:
    encounter = replace(
        knee(), codes=tuple(ReferenceCode("icd10cm", code) for code in ("W01.0XXA", "S82.001A", "Y92.010", "I10"))
    )
    draft = draft_claim(encounter, replace(FACTS, lines=(LineFacts("G0463", description="visit"),)))
    assert [one.code for one in draft.diagnoses] == ["S82.001A", "I10", "W01.0XXA", "Y92.010"]
    assert draft.diagnoses[0].role == "first-listed"
    assert [pointer.position for pointer in draft.lines[0].pointers] == [1, 2]
    assert [one.name for one in draft.unusual] == ["W01.0XXA", "Y92.010"]


def test_a_manifestation_stands_behind_its_disease() -> None:
    codes = (ReferenceCode("icd10cm", "F02.80", "first-listed"), ReferenceCode("icd10cm", "G30.1"))
    draft = draft_claim(replace(knee(), codes=codes), FACTS)
    assert [one.code for one in draft.diagnoses] == ["G30.1", "F02.80"]
    assert "F02.80 was moved" in " ".join(finding.message for finding in draft.findings)


def test_the_note_proposes_place_and_discharge_and_asks_to_confirm() -> None:
    note = Note("n1", "Gout.", "emergency department note")
    draft = draft_claim(Encounter("e1", (note,), (ReferenceCode("icd10cm", "M10.9"),)))
    assert draft.circumstances.place_of_service == "23"
    assert "place of service 23 is proposed" in " ".join(finding.message for finding in draft.findings)
    stay = Note("n1", "Pneumonia. Treated. Discharged home with home health on day 4.", "discharge summary")
    draft = draft_claim(Encounter("e2", (stay,), (ReferenceCode("icd10cm", "J18.9"),), setting="inpatient"))
    assert draft.circumstances.discharge_status == "06"


def test_words_out_of_the_ordinary_are_shown_unless_denied() -> None:
    said = Note("n1", "The colonoscopy was aborted. No dense adhesions. He was hurt at work.")
    draft = draft_claim(Encounter("e1", (said,), (ReferenceCode("icd10cm", "K57.30"),)))
    assert [(one.name, one.evidence[0].text) for one in draft.unusual] == [
        ("53", "colonoscopy was aborted"), ("accident at work", "hurt at work"),
    ]  # fmt: skip


def test_fhir_is_valid_and_has_the_codes_the_pointers_and_the_words() -> None:
    from fhir.resources.R4B.bundle import Bundle

    found = claim_bundle([draft_claim(knee(), FACTS), draft_claim(knee())])
    Bundle.model_validate(found)
    whole, unknown = (one["resource"] for one in found["entry"] if one["resource"]["resourceType"] == "Claim")
    assert [whole["status"], unknown["status"]] == ["active", "draft"]
    assert whole["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]["code"] == "M17.11"
    assert whole["item"][0]["diagnosisSequence"] == [1, 2]
    assert unknown["provider"]["extension"][0]["valueCode"] == "unknown"
    conditions = [one["resource"] for one in found["entry"] if one["resource"]["resourceType"] == "Condition"]
    words = conditions[0]["evidence"][0]["extension"][0]["extension"][-1]["valueString"]
    assert words == "Osteoarthritis of the right knee"


def test_json_and_page_list_what_is_missing_and_invent_nothing() -> None:
    draft = draft_claim(knee())
    made = claim_json(draft)
    assert (made["ready"], made["parties"], made["total"]) == (False, {}, 0.0)
    assert "billing.npi: the billing provider's number (NPI) is missing." in [one["what"] for one in made["missing"]]
    page = claim_page([draft])
    assert "billing.npi" in page
    assert "<script" not in page


def write(folder: Path, *encounters: Encounter) -> str:
    path = folder / "coded.jsonl"
    path.write_text("".join(json.dumps(encode(one)) + "\n" for one in encounters))
    return str(path)


FACT_FILE = """
[claim]
place_of_service = "11"
created = "2026-10-01"
[submitter]
name = "Riverside Billing"
id = "RB1"
contact = "Pat Long"
phone = "5551230000"
[receiver]
name = "Clearing House"
id = "CH99"
[billing]
name = "Riverside Clinic"
npi = "1234567893"
taxonomy = "207Q00000X"
tax_id = "123456789"
address = "1 River Road"
city = "Springfield"
state = "IL"
zip = "627010001"
[payer]
name = "Prairie Health"
id = "PH001"
filing = "CI"
"""
PATIENTS = (
    "encounter_id,subscriber.last_name,subscriber.first_name,subscriber.member_id,subscriber.birth_date,subscriber.sex,"
    "subscriber.address,subscriber.city,subscriber.state,subscriber.zip\n"
    "e1,Doe,Jane,M1,1980-05-06,F,2 Oak Street,Springfield,IL,62702\n"
)


def test_the_command_writes_each_format_from_small_files(tmp_path: Path, capsys: Capture) -> None:
    coded = write(tmp_path, knee())
    (tmp_path / "facts.toml").write_text(FACT_FILE)
    (tmp_path / "patients.csv").write_text(PATIENTS)
    (tmp_path / "charges.csv").write_text("encounter_id,code,charge,modifiers\ne1,G0463,$180,\ne1,L1832,420.50,RT\n")
    files = ["--facts", str(tmp_path / "facts.toml"), "--facts", str(tmp_path / "patients.csv")]
    files += ["--lines", str(tmp_path / "charges.csv")]
    assert main(["claim", coded, *files, "--format", "x12"]) == 0
    assert "CLM*E1*600.5***11:B:1*Y*A*Y*Y~" in capsys.readouterr().out
    assert main(["claim", coded, *files, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["row"], row["code"], row["pointers"]) for row in rows][-1] == ("line", "L1832", "1")
    assert {row["status"] for row in rows} == {"ready"}
    for name in ("table", "json", "html", "fhir"):
        assert main(["claim", coded, *files, "--format", name, "-o", str(tmp_path / f"out.{name}")]) == 0
        assert "M17.11" in (tmp_path / f"out.{name}").read_text()


def test_the_command_refuses_an_invalid_claim_and_still_shows_the_draft(tmp_path: Path, capsys: Capture) -> None:
    coded = write(tmp_path, knee())
    assert main(["claim", coded, "--format", "x12", "-o", str(tmp_path / "a.837")]) == 2
    assert not (tmp_path / "a.837").exists()
    assert "billing.npi" in capsys.readouterr().err
    assert main(["claim", coded, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["ready"] is False
    (tmp_path / "charges.csv").write_text("encounter_id,code,units\ne1,G0463,-1\ne7,G0463,1\n")
    assert main(["claim", coded, "--lines", str(tmp_path / "charges.csv")]) == 2
    shown = capsys.readouterr()
    assert "has -1 units" in shown.out
    assert "no encounter of these files: e7." in shown.err


@pytest.mark.usefixtures("loaded")
def test_notes_give_a_draft_of_suggestions(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "n.txt").write_text("Assessment: Gout of the right ankle.")
    assert main(["claim", str(tmp_path / "n.txt")]) == 0
    shown = capsys.readouterr().out
    assert "DRAFT: suggested" in shown
    assert "M10." in shown


def test_coverage_decides_which_diagnosis_justifies_a_service() -> None:
    article = Article(number="A1", covered=frozenset({"I10"}))
    edits = Edits(articles={"L1832": (article,)})
    facts = replace(FACTS, lines=(LineFacts("L1832", charge=400),))
    draft = draft_claim(knee(), facts, edits=edits)
    assert [pointer.position for pointer in draft.lines[0].pointers] == [2]
    assert "policies" in draft.lines[0].pointers[0].why
    other = draft_claim(knee("M17.11"), facts, edits=edits)
    assert [finding.rule for finding in explain_denial(other, "11")] == ["not-covered"]


def test_a_denial_is_explained_only_where_the_claim_tells(tmp_path: Path, capsys: Capture) -> None:
    coded = write(tmp_path, knee())
    assert main(["claim", coded, "--denial", "16"]) == 0
    assert "billing.npi" in capsys.readouterr().out
    assert main(["claim", coded, "--denial", "97"]) == 1
    assert "does not tell why" in capsys.readouterr().out
    assert main(["claim", coded, "--denial", "45"]) == 2
    assert "Reasons that it can: 11, 16, 97" in capsys.readouterr().err


def test_the_command_checks_a_file(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.837").write_text("not a claim")
    assert main(["claim", str(tmp_path / "a.837"), "--check"]) == 2
    assert "is no X12 file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("f.toml", '[biling]\nnpi = "1"\n', "unknown field in f.toml: 'biling'; did you mean 'billing'?"),
        ("f.toml", '[billing]\ntaxonmy = "1"\n', "unknown field in f.toml: 'taxonmy'; did you mean 'taxonomy'?"),
        ("f.toml", "[billing]\nnpi = 12\n", "'billing.npi' in f.toml has the wrong type. It must be a string."),
        ("f.toml", "[billing\n", "is not TOML: look at line 1, column 9"),
        ("f.csv", "nonsense\n", "unknown column of"),
        ("f.csv", "encounter_id,subscriber.lastname\ne1,Doe\n", "did you mean 'subscriber.last_name'?"),
    ],
)
def test_a_slip_in_the_facts_is_told(name: str, content: str, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(LeadtermError) as told:
        FactBook.read([tmp_path / name]).of("e1")
    assert says in str(told.value)


@pytest.mark.parametrize("amount", ["180,00", "1.234,56", "1,23", "12,34,567", "free", "nan", "inf", "1e3", "(180.00)"])
def test_an_amount_that_may_be_another_is_no_charge(amount: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f'encounter_id,code,charge\ne1,G0463,"{amount}"\n')
    with pytest.raises(LeadtermError, match=r"line 2: .charge. is no plain number\. Write it with a decimal point"):
        FactBook.read([], [tmp_path / "c.csv"])


@pytest.mark.parametrize(("amount", "read"), [("180", 180.0), ("$1,234.56", 1234.56), ("12,345", 12345.0)])
def test_amounts_as_they_are_written(amount: str, read: float, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f'encounter_id,code,units,charge\ne1,G0463,2.5,"{amount}"\n')
    [line] = FactBook.read([], [tmp_path / "c.csv"]).of("e1").lines
    assert (line.units, line.charge) == (2.5, read)


def test_units_and_modifiers_of_a_coded_service_hold_unless_the_charges_say_others() -> None:
    coded = (*knee().codes, ReferenceCode("hcpcs", "J0696", units=4, modifiers=("JZ",)))
    charge = LineFacts("J0696", charge=20)
    shown = [
        (line.code, line.modifiers, line.units)
        for facts in (Facts(), Facts(lines=(charge,)), Facts(lines=(replace(charge, units=2, modifiers=("JW",)),)))
        for line in draft_claim(replace(knee(), codes=coded), facts).lines
    ]
    assert shown == [("J0696", ("JZ",), 4), ("J0696", ("JZ",), 4), ("J0696", ("JW",), 2)]


def test_a_draft_keeps_the_units_that_were_suggested(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "n.txt").write_text("Assessment: Acute cystitis. Ceftriaxone 1 g IM given in clinic.\n")
    assert main(["claim", str(tmp_path / "n.txt"), "--format", "csv"]) == 0
    row = next(one for one in capsys.readouterr().out.splitlines() if ",J0696," in one)
    assert ",4," in row


def test_an_encounter_that_comes_twice_is_refused(tmp_path: Path, capsys: Capture) -> None:
    assert main(["claim", write(tmp_path, knee(), knee())]) == 2
    assert "the encounter 'e1' stands twice in" in capsys.readouterr().err


def test_a_claim_file_is_no_note(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "c.837").write_text("ISA*00*          *00*")
    assert main(["claim", str(tmp_path / "c.837")]) == 2
    assert "c.837 is an X12 file, and no encounter. leadterm claim" in capsys.readouterr().err


def test_an_unknown_encounter_is_told(tmp_path: Path, capsys: Capture) -> None:
    assert main(["claim", write(tmp_path, knee()), "--encounter", "e2"]) == 2
    assert "'e2'. Allowed: e1." in capsys.readouterr().err


def test_what_is_thrown_away_of_a_drug_is_a_line_of_its_own() -> None:
    text = "Assessment: Crohn's disease.\nInfliximab 360 mg given IV from four 100 mg vials; 40 mg discarded."
    encounter = Encounter("e1", (Note("n1", text),))
    drafted = draft_claim(with_codes(encounter, load().suggest(encounter)), Facts(), accepted=False, suggested=True)
    assert [(one.code, one.modifiers, one.units) for one in drafted.lines] == [("J1745", (), 36), ("J1745", ("JW",), 4)]
    assert all(line.pointers for line in drafted.lines)
