"""Procedures of inpatients: found in words, built through the official tables, with what is open as a hint."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadterm
from leadterm.codes.registry import load_axis_tables
from leadterm.procedures.note_phrases import Page, PhraseFinder, compile_phrase
from leadterm.procedures.pcs_build import Builder, Place
from leadterm.procedures.pcs_levels import cabg_codes, hours_value, joints_in, spine_parts
from leadterm.procedures.pcs_parts import PartFinder, side_in
from leadterm.procedures.pcs_words import Way, ways
from leadterm.procedures.performed import heads_of, standing_of
from leadterm.schema import Encounter, Note, Suggestion
from leadterm.text.open_note import Found

TABLES = load_axis_tables("icd10pcs")
BUILDER = Builder(TABLES)
HEAD = "OPERATIVE REPORT\nPROCEDURE PERFORMED: {}\nDESCRIPTION: She was prepped and draped.\n"


@pytest.fixture(scope="module")
def model() -> leadterm.suggester.Suggester:
    return leadterm.load()


def suggested(model: leadterm.suggester.Suggester, text: str) -> dict[str, Suggestion]:
    """What is proposed for a stay."""
    visit = Encounter("e", (Note("n", text),), setting="inpatient")
    result = model.suggest(visit, systems=["icd10pcs"])
    return {s.code: s for s in result.suggestions if s.confidence >= result.threshold}


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("Laparoscopic appendectomy.", {"0DTJ4ZZ"}),
        ("Open right hemicolectomy.", {"0DTF0ZZ"}),
        ("Laparoscopic cholecystectomy converted to open.", {"0FT40ZZ"}),
        ("Total abdominal hysterectomy with bilateral salpingo-oophorectomy.",
         {"0UT90ZZ", "0UTC0ZZ", "0UT20ZZ", "0UT70ZZ"}),
        ("Repeat low transverse cesarean section.", {"10D00Z1"}),
        ("TURP.", {"0VB08ZZ"}),
        ("Cemented right total hip arthroplasty.", {"0SR90J9"}),
        ("Left total knee arthroplasty, cemented.", {"0SRD0J9"}),
        ("CABG x3 with LIMA to LAD and saphenous vein grafts to the RCA and OM.", {"02100Z9", "021109W"}),
        ("Anterior cervical discectomy and fusion C5-C6 with allograft.", {"0RG10K0"}),
        ("Right carotid endarterectomy.", {"03CK0ZZ"}),
        ("Left lower lobectomy.", {"0BTJ0ZZ"}),
        ("Intramedullary nailing of the left tibia, open.", {"0QSH06Z"}),
        ("Lumbar puncture.", {"009U3ZX"}),
        ("Colonoscopy. A polyp of the cecum was removed by snare. Polyps of the descending colon were removed too.",
         {"0DBH8ZZ", "0DBM8ZZ"}),
        ("Small bowel resection. Twelve centimetres of necrotic distal ileum were resected.", {"0DBB0ZZ"}),
        ("Closed reduction and intramedullary nailing of a left tibial shaft fracture.", {"0QSH36Z"}),
        ("Excisional debridement of a deep wound of the right buttock, carried down to the muscle.", {"0KBN0ZZ"}),
        ("Left below-knee amputation at mid tibia.", {"0Y6J0Z2"}),
        ("Mitral valve replacement with a porcine valve.", {"02RG08Z"}),
        ("Posterior lumbar fusion L4-L5 with allograft and local bone.", {"0SG0071"}),
        ("Split-thickness skin graft from the left thigh to the right forearm.", {"0HRDX74", "0HBJXZZ"}),
        ("Mechanical thrombectomy of the right middle cerebral artery, left femoral approach.", {"03CG3ZZ"}),
        ("Dilation and curettage for a missed abortion.", {"10D17ZZ"}),
        ("Pericardiocentesis, the pigtail catheter was left in place.", {"0W9D30Z"}),
        ("Whipple procedure.", {"0FBG0ZZ", "0DT90ZZ"}),
        ("Hartmann procedure for perforated diverticulitis.", {"0DTN0ZZ", "0D1N0Z4"}),
        ("Laparoscopic Roux-en-Y gastric bypass.", {"0D164ZA"}),
        ("Vaginal delivery with repair of second-degree perineal laceration.", {"10E0XZZ", "0KQM0ZZ"}),
        ("ORIF left distal radius fracture with plate.", {"0PSJ04Z"}),
        ("PCI with two drug-eluting stents to the LAD.", {"027035Z"}),
        ("Posterior lumbar interbody fusion L4-L5 with PEEK cage.", {"0SG00AJ"}),
        ("Bilateral myringotomy with tubes.", {"099500Z", "099600Z"}),
        ("Excision of skin lesion of the scalp.", {"0HB0XZZ"}),
        ("Right below-knee amputation.", {"0Y6H0Z1"}),
        ("ERCP with placement of a plastic stent in the common bile duct.", {"0F798DZ"}),
        ("EGD with removal of a meat bolus from the distal esophagus.", {"0DC38ZZ"}),
        ("Percutaneous endoscopic gastrostomy.", {"0DH63UZ"}),
        ("Mechanical aortic valve replacement.", {"02RF0JZ"}),
        ("Endovascular repair of an abdominal aortic aneurysm.", {"04V03DZ"}),
        ("Excisional debridement of a sacral ulcer to the muscle.", {"0KBF0ZZ"}),
        ("Removal of a port-a-cath.", {"0JPT0WZ"}),
        ("Right ureteral stent exchange.", {"0T768DZ", "0TP98DZ"}),
        ("Arthrodesis of the left first metatarsophalangeal joint with screws.", {"0SGN04Z"}),
        ("Skin graft, split thickness, right forearm.", {"0HRDX74"}),
        ("Tonsillectomy and adenoidectomy.", {"0CTPXZZ", "0CTQXZZ"}),
        ("Vacuum D&C for missed abortion.", {"10D17ZZ"}),
        ("ORIF of a left both-bone forearm fracture.", {"0PSJ04Z", "0PSL04Z"}),
        ("Left transforaminal lumbar interbody fusion L4-L5 with autograft.", {"0SG00AJ"}),
    ],
)  # fmt: skip
def test_what_is_named_in_the_title_is_proposed(
    model: leadterm.suggester.Suggester, words: str, codes: set[str]
) -> None:
    assert codes <= set(suggested(model, HEAD.format(words)))


@pytest.mark.parametrize(
    "sentence",
    ["She is scheduled for laparoscopic appendectomy next week.", "He refused an appendectomy.",
     "PAST SURGICAL HISTORY: Appendectomy in 1998.", "Status post appendectomy.",
     "An appendectomy was not performed.", "Appendectomy was performed at an outside hospital."],
)  # fmt: skip
def test_what_was_not_done_here_is_not_proposed(model: leadterm.suggester.Suggester, sentence: str) -> None:
    assert not {code for code in suggested(model, sentence) if code.startswith("0DTJ")}


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("PHYSICAL EXAMINATION: Blood pressure 140/80, pulse 70.", "4A03"),
        ("LABS: Hemoglobin 13, platelets 210,000.", "3023"),
        ("PROCEDURE: After induction of general anesthesia the abdomen was opened.", "3E03"),
        ("The fluoroscope was positioned over the head.", "BR19"),
    ],
)  # fmt: skip
def test_words_of_something_else_lead_to_no_procedure(
    model: leadterm.suggester.Suggester, sentence: str, code: str
) -> None:
    visit = Encounter("e", (Note("n", sentence),), setting="inpatient")
    assert not [one.code for one in model.suggest(visit, systems=["icd10pcs"]).suggestions if one.code.startswith(code)]


STANDINGS = (
    ("Taken to the operating room that evening for {}.", True),
    ("{} went smoothly.", True),
    ("She tolerated {} well.", True),
    ("POD #2 status post {}, walking.", True),
    ("Following an uneventful {} she ate.", True),
    ("He had {} yesterday.", True),
    ("Because of the bleeding he required {}.", True),
    ("Status post {} this morning.", True),
    ("{} is planned for next month.", False),
    ("{} to be arranged by the clinic.", False),
    ("She awaits {}.", False),
    ("We spoke of {} and she wants time to think about it.", False),
    ("If this returns, {} will be needed.", False),
    ("Tentatively set for {} on Friday.", False),
    ("Transferred to the university for {}.", False),
    ("{} was offered, but he declined.", False),
    ("The family decided against {}.", False),
    ("{} was cancelled when a fever came.", False),
    ("There was no indication for {}.", False),
    ("{} had been planned, however he left before it.", False),
    ("Previously, {} had been performed.", False),
    ("She had {} in 2011.", False),
    ("{} was performed elsewhere before transfer.", False),
    ("His mother had {}.", False),
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "stem"),
    [("laparoscopic cholecystectomy", "0FT4"), ("hemodialysis", "5A1D"), ("left-sided thoracentesis", "0W9B"),
     ("transfusion of packed red cells", "3023"), ("left total hip arthroplasty", "0SRB")],
)  # fmt: skip
def test_tense_place_and_refusal_tell_what_was_done(
    model: leadterm.suggester.Suggester, words: str, stem: str
) -> None:
    said = {sentence: any(code.startswith(stem) for code in suggested(
        model, f"HOSPITAL COURSE: She was admitted with pain. {sentence.format(words)} She went home on day 5."))
        for sentence, _ in STANDINGS}  # fmt: skip
    assert said == dict(STANDINGS)


@pytest.mark.parametrize(
    ("course", "codes"),
    [
        ("He was intubated in the emergency department.", {"0BH17EZ"}),
        ("She delivered a viable male infant by repeat cesarean section.", {"10D00Z1"}),
        ("A drug-eluting stent was placed in the LAD.", {"027034Z"}),
        ("She received 2 units of packed red blood cells.", {"30233N1"}),
        ("A chest tube was placed on the left for pneumothorax.", {"0W9B30Z"}),
        ("He underwent open reduction and internal fixation of the left tibial plateau.", {"0QSH04Z"}),
        ("A femoral hemodialysis catheter was placed on the left.", {"06HN33Z"}),
        ("A perforated duodenal ulcer was closed with an omental patch.", {"0DQ90ZZ"}),
        ("Paracentesis of 3 liters relieved her.", {"0W9G3ZZ"}),
        ("The fracture of the right tibia was open. An external fixator was applied.", {"0QHG05Z"}),
        ("A fourth degree perineal tear was repaired after the birth.", {"0DQR0ZZ"}),
        ("He was ventilated for five days.", {"5A1955Z"}),
        ("The infected pacemaker was removed with its transvenous leads.", {"02PA3MZ"}),
    ],
)  # fmt: skip
def test_what_a_hospital_course_says_was_done_is_proposed(
    model: leadterm.suggester.Suggester, course: str, codes: set[str]
) -> None:
    assert codes <= set(suggested(model, f"HOSPITAL COURSE: {course}"))


def test_both_sides_are_two_codes_where_no_value_means_both(model: leadterm.suggester.Suggester) -> None:
    assert {"0SRC0JZ", "0SRD0JZ"} <= set(suggested(model, HEAD.format("Bilateral total knee arthroplasty.")))


def test_a_repair_with_a_mesh_is_no_repair(model: leadterm.suggester.Suggester) -> None:
    found = suggested(model, HEAD.format("Right inguinal hernia repair with mesh, open."))
    assert "0YU50JZ" in found
    assert not {code for code in found if code.startswith("0YQ")}


@pytest.mark.parametrize(
    ("title", "not_coded"),
    [
        ("EGD with band ligation of esophageal varices.", "0DJ"), ("Forceps-assisted vaginal delivery.", "10E"),
        ("Transcatheter aortic valve replacement.", "02RF0"), ("Removal of a port-a-cath.", "0JH6"),
        ("Endovascular repair of an abdominal aortic aneurysm.", "04R"), ("Closure of the gastrostomy.", "0DH"),
        ("Incision and drainage of a breast abscess, right.", "0J9"),
    ],
)  # fmt: skip
def test_words_of_a_larger_whole_are_no_codes_of_their_own(
    model: leadterm.suggester.Suggester, title: str, not_coded: str
) -> None:
    assert not {code for code in suggested(model, HEAD.format(title)) if code.startswith(not_coded)}


def test_an_upper_endoscopy_is_not_on_the_way_to_the_colon(model: leadterm.suggester.Suggester) -> None:
    found = suggested(model, HEAD.format("1. Upper endoscopy.\n2. Colonoscopy with biopsy of the sigmoid colon."))
    assert {"0DJ08ZZ", "0DBN8ZX"} <= set(found)
    assert "0DJD8ZZ" not in found


def test_every_word_that_may_go_on_is_found_by_its_first_letters() -> None:
    short = {token for way in ways() for token in way.words.replace("|", " ").replace("/", " ").split()
             if token.endswith("*") and len(token.strip("[]*")) < 4}  # fmt: skip
    assert not short


def test_an_inspection_on_the_way_is_no_code_of_its_own(model: leadterm.suggester.Suggester) -> None:
    found = suggested(model, HEAD.format("Bronchoscopy with transbronchial biopsy of the right lower lobe."))
    assert "0BBF8ZX" in found
    assert not {code for code in found if code[2] == "J"}
    assert "0BJ08ZZ" in suggested(model, HEAD.format("Bronchoscopy."))


def test_what_is_open_is_said_with_the_values_that_may_be_meant(model: leadterm.suggester.Suggester) -> None:
    found = suggested(model, "PROCEDURE PERFORMED: Appendectomy.\n")
    (hint,) = next(s for code, s in found.items() if code.startswith("0DTJ")).hints
    assert hint.startswith("approach not documented: 0 open, 4 percutaneous endoscopic")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Se realizó colecistectomía laparoscópica.", "0FT44ZZ"), ("Se realizó apendicectomía abierta.", "0DTJ0ZZ"),
        ("Se practicó nefrectomía izquierda.", "0TT10ZZ"), ("La radiografía de tórax fue normal.", "BW03ZZZ"),
        ("Se realizó una colonoscopia.", "0DJD8ZZ"), ("Se realizó punción lumbar.", "009U3ZX"),
    ],
)  # fmt: skip
def test_spanish_words_lead_to_the_same_codes(model: leadterm.suggester.Suggester, text: str, code: str) -> None:
    visit = Encounter("e", (Note("n", text),), setting="inpatient", language="es")
    found = {s.code: s for s in model.suggest(visit, systems=["icd10pcs"]).suggestions}
    assert code in found
    assert all(text[span.start : span.end] == span.text for span in found[code].spans)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CT scan of the abdomen and pelvis was performed.", "BW21ZZZ"), ("Ultrasound of the right kidney.", "BT41ZZZ"),
        ("She was transfused with 2 units of packed red blood cells.", "30233N1"),
        ("Intubated and then ventilated for 5 days.", "5A1955Z"),
        ("He was on mechanical ventilation for 5 days.", "5A1955Z"), ("She underwent hemodialysis.", "5A1D70Z"),
        ("Electroconvulsive therapy was performed.", "GZB2ZZZ"), ("Admitted for alcohol detoxification.", "HZ2ZZZZ"),
        ("Left heart catheterization and coronary angiography with Omnipaque.", "B2111ZZ"),
        ("Excision of the right ovary mass was performed.", "0UB00ZZ"), ("Biopsy of the left breast.", "0HBU0ZX"),
        ("Radiation therapy was given.", "DW010ZZ"),
    ],
)  # fmt: skip
def test_other_sections_and_root_operations_with_a_body_part(
    model: leadterm.suggester.Suggester, text: str, code: str
) -> None:
    visit = Encounter("e", (Note("n", text),), setting="inpatient")
    assert code in {s.code for s in model.suggest(visit, systems=["icd10pcs"]).suggestions}


def test_every_row_of_words_builds_valid_codes_only() -> None:
    place = Place("right l4 l5 lad", 0, ("right left femur skin finger",))
    for way in (*ways(), *ways("es")):
        if not way.table:  # words that only look like a procedure
            continue
        built = list(BUILDER.build(way, place))
        assert all(one.code in TABLES for one in built), way
        assert built or way.part in ("?", "any", "face"), way
        assert way.table in TABLES.tables or way.part in ("any", "freed"), way


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(TABLES.tables)), st.text("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ*", min_size=1, max_size=2),
    st.text("0347X8Z*", min_size=1, max_size=2), st.text("ZJ07*", min_size=1, max_size=2),
    st.text("ZX0*", min_size=1, max_size=2), st.sampled_from(["", "left open", "both by scope", "right mesh biopsy"]),
)  # fmt: skip
def test_nothing_invalid_is_built(table: str, part: str, approach: str, device: str, last: str, text: str) -> None:
    way = Way("x", table, part, approach, device, last, 2)
    assert all(one.code in TABLES for one in BUILDER.build(way, Place(text, 0)))


def test_every_code_of_a_table_can_be_reached() -> None:
    codes = list(TABLES.codes())
    for code in random.Random(1).sample(codes, 2000):
        way = Way("x", code[:3], code[3], code[4], code[5], code[6], 3)
        assert next(iter(BUILDER.build(way, Place("", 0)))).code == code


def test_levels_of_the_spine_are_counted_by_region() -> None:
    assert joints_in("fusion t11 to l1") == {2: 1, 3: 1}
    assert spine_parts(["c4 c5, c5 c6"], "spine") == ["0RG2"]
    assert spine_parts(["l4 s1"], "disc:B") == ["0SB2", "0SB4"]
    assert joints_in("c9 c10 and l4 mg") == {}


def test_grafts_and_hours_are_counted() -> None:
    assert cabg_codes("coronary artery bypass times four with lima") == ["02100Z9", "021209W"]
    assert cabg_codes("coronary bypass") == ["021009W"]
    assert [hours_value(text) for text in ("for 5 days", "12 hours", "ventilated")] == [
        ("5", True), ("3", True), ("3", False),
    ]  # fmt: skip


def test_parts_are_found_by_label_key_and_own_words() -> None:
    parts = PartFinder(TABLES)
    assert parts.find("0QS", ["intertrochanteric fracture"]).core == "Upper Femur"  # type: ignore[union-attr]
    assert parts.find("0FB", ["segment of the pancreas"]).core == "Pancreas"  # type: ignore[union-attr]
    assert parts.find("0DT", ["the vermiform appendix"]).core == "Appendix"  # type: ignore[union-attr]
    assert parts.find("0DT", ["the left ear"]) is None
    assert (side_in("the left knee"), side_in("both knees"), side_in("knee")) == ("L", "B", "")


def pages(texts: Iterable[str]) -> list[Page]:
    readers = leadterm.load().readers  # type: ignore[attr-defined]
    return [Page(readers.open(Note("n", text), "en")) for text in texts]


def test_a_phrase_does_not_go_across_sentences_and_keeps_its_offsets() -> None:
    finder = PhraseFinder([("chest tube .. placed|i/d", 1)])
    one, two = pages(["A Chest-tube was then placed.", "No chest tube. A line was placed."])
    assert [(a, b) for a, b, _, _ in finder.find(one)] == [(2, 28)]
    assert list(finder.find(two)) == []
    assert compile_phrase("total [abdominal] hysterectom*").search("total abdominal hysterectomy")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("PROCEDURE PERFORMED: Thoracentesis.", "named"), ("Thoracentesis was performed.", "done"),
        ("She underwent thoracentesis.", "done"), ("Plan for thoracentesis.", "planned"),
        ("She declined thoracentesis.", "refused"), ("No thoracentesis.", "not"),
        ("Thoracentesis at an outside hospital.", "elsewhere"), ("History of thoracentesis.", "past"),
    ],
)  # fmt: skip
def test_how_a_procedure_stands(text: str, status: str) -> None:
    (page,) = pages([text])
    at = page.text.index("thoracentesis")
    (mention,) = page.note.mentions([Found(((at, at + 13),), "thoracentesis", "t")])
    assert standing_of(page, mention) == status


@pytest.mark.parametrize(
    ("kind", "text", "named"),
    [
        ("operative note", "Laparoscopic splenectomy.\nFor trauma. Three ports.", True),
        ("operative note", "OP: Laparoscopic splenectomy.\nThree ports.", True),
        ("endoscopy report", "Splenic abscess.\n1. Open splenectomy.", True),
        ("operative note", "Open repair. Splenectomy was thought of.", False),
        ("operative note", "Dx: abscess.\nIndication: after splenectomy.", False),
        ("progress note", "Splenectomy.\nFeels well.", False),
    ],
)
def test_the_top_of_a_report_names_the_operation_without_a_heading(kind: str, text: str, named: bool) -> None:
    page = Page(leadterm.load().readers.open(Note("n", text, kind), "en"))  # type: ignore[attr-defined]
    at = page.text.index("splenectomy")
    assert any(start <= at < end for start, end in heads_of(page)) is named
