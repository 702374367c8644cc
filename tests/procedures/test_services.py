"""Services found in notes: what was given, dispensed or done here, with units and modifiers; and what was not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pytest

import leadterm
from leadterm.codes.official.install import install
from leadterm.procedures.services.context import FLAGS
from leadterm.procedures.services.doses import assign_doses, find_amounts
from leadterm.procedures.services.items import service_rows
from leadterm.procedures.services.modifiers import documented_modifiers
from leadterm.procedures.services.score import FEATURES
from leadterm.schema import Encounter, Note, Suggestion
from leadterm.storage.tsv import package_table

LINE = 0.4


@lru_cache(maxsize=1)
def model() -> leadterm.suggester.Suggester:  # type: ignore[name-defined]
    return leadterm.load()


def found(text: str, day: str = "2026-05-04", birth_year: int | None = 1960) -> Mapping[str, Suggestion]:
    visit = Encounter("e", (Note("n", text),), date_of_service=day, birth_year=birth_year)
    return {one.code: one for one in model().suggest(visit, systems=["hcpcs"]).suggestions}


GIVEN = [
    ("ED COURSE: Ceftriaxone 1 g IM was given.", "J0696", 4),
    ("TREATMENT: He received Toradol 30 mg IV.", "J1885", 2),
    ("PROCEDURE: The right knee was injected with 40 mg of Kenalog.", "J3301", 4),
    ("TREATMENT: Albumin 25% 50 mL was given IV after the paracentesis.", "P9047", 1),
    ("TREATMENT: She was infused with 250 mL of albumin 5%.", "P9045", 1),
    ("PROCEDURE: Depo-Medrol 80 mg/mL, 1 mL, was injected into the bursa.", "J1010", 80),
    ("ED COURSE: She was given 2 liters of normal saline.", "J7030", 2),
    ("ED COURSE: Normal saline 500 mL bolus was administered IV.", "J7040", 1),
    ("ED COURSE: Zofran 4 mg IV was given, followed by another 4 mg IV.", "J2405", 8),
    ("ED COURSE: Compazine 5 mg IV x2 doses was given.", "J0780", 1),
    ("INFUSION: Keytruda 200 mg IV was infused over 30 minutes.", "J9271", 200),
    ("INFUSION: Venofer 200 mg IV was administered.", "J1756", 200),
    ("INJECTION: Cyanocobalamin 1000 mcg IM given in the left deltoid.", "J3420", 1),
    ("TREATMENT: Bicillin L-A 2.4 million units IM was given.", "J0561", 24),
    ("MEDICATIONS GIVEN: Versed 3 mg, fentanyl 75 mcg.", "J3010", 1),
    ("ED COURSE: Epinephrine 0.3 mL of 1:1000 was given IM.", "J0165", 3),
    ("INFUSION: Infliximab 5 mg/kg was infused. Weight 80 kg.", "J1745", 40),
    ("CONTRAST: 100 mL of Omnipaque 350 was administered IV.", "Q9967", 100),
    ("ED COURSE: He was transfused with 2 units of packed red blood cells.", "P9021", 2),
    ("DISPENSED: A rolling walker was dispensed today.", "E0143", 1),
    ("PLAN: She was placed in a knee immobilizer.", "L1830", 1),
    ("TRANSPORT: BLS emergency transport to the hospital, 12.4 loaded miles.", "A0425", 12.4),
    ("IMMUNIZATION: Influenza vaccine was given today in the left deltoid.", "G0008", 1),
    ("WOUND CARE: Apligraf 44 square centimeters was applied to the ulcer.", "Q4101", 44),
    ("Right knee injected with triamcinolone 40 mg and left knee with triamcinolone 40 mg.", "J3301", 8),
    ("Triamcinolone 40 mg was injected into the right knee and triamcinolone 20 mg into the left knee.", "J3301", 6),
    ("Right knee injected with Kenalog (triamcinolone) 40 mg.", "J3301", 4),
    ("Alginate dressing 4 x 4 applied.", "A6196", 1),
    ("INFUSION: Keytruda 200 mg IV; premedicated with Tylenol 650 mg PO.", "J9271", 200),
    ("CLINIC: Fitted with a right ankle-foot orthosis, custom molded.", "L1960", 1),
    ("ED: Knee immobilizer and crutches provided.", "E0114", 1),
    ("She was given a standard wheelchair to go home with.", "K0001", 1),
    ("Alginate dressing 4 in x 4 in, x 3 applied.", "A6196", 3),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "units"), GIVEN)
def test_what_was_given_has_its_code_and_units(text: str, code: str, units: float) -> None:
    suggestions = found(text)
    assert code in suggestions, sorted(suggestions)
    assert suggestions[code].units == units
    assert suggestions[code].confidence >= LINE


NOT_GIVEN = [
    ("PLAN: Home sleep study ordered.", ("G0399",)),
    ("MEDICATIONS: Lasix 40 mg p.o. daily, insulin 10 units at bedtime.", ("J1938", "J1940", "J1815")),
    ("PLAN: Prescribed prednisone 20 mg tablets, take one daily for 5 days.", ("J7512", "J7506")),
    ("IMMUNIZATION: She declined the influenza vaccine.", ("G0008", "Q2039")),
    ("ALLERGIES: Allergic to ceftriaxone and morphine.", ("J0696", "J2270")),
    ("HISTORY: He had received a Kenalog 40 mg injection last year at another clinic.", ("J3301",)),
    ("PLAN: We will consider a Depo-Medrol 80 mg injection at the next visit.", ("J1010",)),
    ("HISTORY: She ambulates with a walker at home and has a wheelchair.", ("E0143", "E0135", "K0001")),
    ("PLAN: Colonoscopy is scheduled next month for screening.", ("G0121", "G0105")),
    ("LABS: Sodium 138, potassium 4.2, albumin 3.1, magnesium 1.8.", ("P9041", "P9046", "P9047", "J3475")),
    ("LABS: Urine albumin/creatinine ratio 30. Tacrolimus level 8.", ("P9041", "J7525")),
    ("EXAM: Tenderness over the Achilles tendon; she has a porcine valve.", ("C9356", "C9364")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "codes"), NOT_GIVEN)
def test_what_was_not_given_here_is_not_proposed(text: str, codes: tuple[str, ...]) -> None:
    suggestions = found(text)
    assert not [code for code in codes if code in suggestions and suggestions[code].confidence >= LINE]


@pytest.mark.parametrize(
    ("sentence", "given"),
    [
        ("{} was given by the nurse, no reaction.", True), ("Gave {} today.", True), ("Treated with {} here.", True),
        ("{} was not given.", False), ("{} was held because of fever.", False), ("Medics gave {} en route.", False),
        ("He received {} in the ED last week.", False), ("{} was given at another clinic.", False),
        ("{} was offered but she declined.", False), ("If the fever returns, give {}.", False),
        ("She will get {} at the next visit.", False), ("{} is planned for next month.", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("drug", "code"), [("ceftriaxone 1 g IM", "J0696"), ("denosumab 60 mg SC", "J0897")])
def test_when_where_and_refusal_tell_what_was_given(sentence: str, given: bool, drug: str, code: str) -> None:
    one = found(f"PLAN: Lungs are clear. {sentence.format(drug)}").get(code)
    assert (one is not None and one.confidence >= LINE) == given


def test_a_drug_without_dose_says_so() -> None:
    one = found("ED COURSE: Toradol IV was given with relief.")["J1885"]
    assert one.units is None
    assert one.hints == ("dose not documented; one unit is 15 mg",)
    assert "units" not in one.to_json()


def test_a_dose_in_another_unit_says_so() -> None:
    assert "strength not documented" in found("PROCEDURE: 1 mL of Depo-Medrol was injected.")["J1010"].hints[0]
    assert "dose in another unit" in found("ED COURSE: Toradol 2 mEq IV was given.")["J1885"].hints[0]


def test_the_day_of_service_chooses_the_code_of_a_drug() -> None:
    text = "PROCEDURE: Depo-Medrol 80 mg was injected into the knee."
    assert "J1040" in found(text, "2023-05-04")
    assert "J1010" in found(text, "2025-05-04")
    assert "J1040" not in found(text, "2025-05-04")


def test_a_code_that_ended_is_told_with_its_last_day() -> None:
    one = found("ED COURSE: Tetanus immune globulin given; aprotinin 10,000 kiu infused.", "2026-05-04")
    assert all("ended" not in hint for suggestion in one.values() for hint in suggestion.hints)


MODIFIED = [
    ("Pembrolizumab 200 mg IV was given. Two 100 mg vials, nothing discarded.", "J9271", ["JZ"]),
    ("Bortezomib 2.3 mg given subcutaneously. One 3.5 mg vial opened; 1.2 mg discarded.", "J9041", ["JW"]),
    ("Gemcitabine 1.9 g IV and dexamethasone 8 mg IV given. A 2 g vial was opened, 100 mg wasted.", "J9201", ["JW"]),
    ("Ranibizumab 0.5 mg intravitreal injection was given in the right eye.", "J2778", ["RT"]),
    ("Synvisc-One 48 mg was injected into the left knee.", "J7325", ["LT"]),
    ("Ambulance: BLS emergency transport from nursing home to hospital, 4 miles.", "A0429", ["EH"]),
    ("Ambulance: BLS non-emergency transfer from the hospital to dialysis center, 3 miles.", "A0425", ["HJ"]),
    ("Screening colonoscopy, average risk Medicare. A polyp in the cecum was removed by snare.", "G0121", ["PT"]),
    ("Screening colonoscopy, average risk Medicare; no polyps.", "G0121", []),
]


@pytest.mark.parametrize(("text", "code", "modifiers"), MODIFIED)
def test_modifiers_speak_from_the_note(text: str, code: str, modifiers: list[str]) -> None:
    assert [one.code for one in found(text)[code].modifiers] == modifiers


def test_waste_and_sides_are_modifiers_with_a_reason() -> None:
    one = found("INFUSION: Remicade 350 mg IV was infused, 50 mg discarded from the vial.")["J1745"]
    assert one.units == 35
    assert [(m.code, m.reason) for m in one.modifiers] == [("JW", "50 mg thrown away: a second line with 5 units")]
    splint = found("DISPENSED: The left wrist was placed in a velcro wrist splint.")["L3908"]
    assert [m.code for m in splint.modifiers] == ["LT"]
    assert splint.to_json()["modifiers"] == [{"code": "LT", "reason": "left side documented"}]
    finger = found("An aluminum finger splint was applied to the right index finger.")["Q4049"]
    assert "F6" in [m.code for m in finger.modifiers]


@pytest.mark.parametrize(
    ("words", "modifier"),
    [("left upper", "E1"), ("left lower", "E2"), ("right upper", "E3"), ("right lower", "E4")],
)
def test_each_eyelid_has_its_modifier(words: str, modifier: str) -> None:
    sentence = f"A plug was put into the {words} punctum, and the {words} eyelid was cleaned."
    title = "Permanent, long term, non-dissolvable lacrimal duct implant"
    told = [one.code for one in documented_modifiers("A4263", title, sentence, sentence.lower())]
    assert told == [modifier]


def test_casts_go_by_material_and_age() -> None:
    text = "A fiberglass short arm cast was applied."
    assert "Q4010" in found(text, birth_year=1980)
    assert "Q4012" in found(text, birth_year=2020)
    assert "Q4009" in found(text.replace("fiberglass", "plaster"), birth_year=1980)
    assert "material not documented" in found(text.replace("fiberglass ", ""), birth_year=1980)["Q4010"].hints[0]


def test_every_suggestion_of_a_service_can_be_written() -> None:
    whole = json.dumps([one.to_json() for text, *_ in GIVEN for one in found(text).values()])
    assert '"units": 12.4' in whole


def test_the_tables_name_what_there_is() -> None:
    codes = leadterm.codes.load_system("hcpcs")
    rows = service_rows()
    assert not [row.code for row in rows if not row.code.startswith("@") and row.code not in codes]
    assert {row["flag"] for row in package_table("leadterm.procedures.services", "service_cues.tsv")} <= set(FLAGS)
    assert {row["feature"] for row in package_table("leadterm.procedures.services", "weights.tsv")} <= set(FEATURES)
    titles = [codes.title(code).lower() for code in codes]
    named = {row["title_words"] for row in package_table("leadterm.procedures.services", "drug_names.tsv")}
    assert not [words for words in named if not any(words in title for title in titles)]


def test_every_pattern_has_words_that_it_needs() -> None:
    """By them it is looked up: one without would never be tried."""
    for table in ("service_words.tsv", "modifier_words.tsv"):
        rows = package_table("leadterm.procedures.services", table)
        assert not [row["words"] for row in rows if not all(len(word) > 1 for word in row["holds"].split(";"))]
        assert not [row["holds"] for row in rows if row["holds"] != row["holds"].lower() or " " in row["holds"]]


def test_a_pattern_is_tried_wherever_its_words_stand() -> None:
    words = "A walker was dispensed.\n" + "She felt well. " * 40 + "A rolling\n  walker, hyperbaric oxygen: ordered."
    codes = set(found(words))
    assert {"E0135", "E0143", "G0277"} <= codes


@pytest.mark.parametrize(
    ("text", "names", "amounts"),
    [
        ("50 mg of Demerol and 25 mg of Phenergan IM", ("Demerol", "Phenergan"), (50, 25)),
        ("Versed 2 mg and fentanyl 100 mg", ("Versed", "fentanyl"), (2, 100)),
        ("40 mg Kenalog and 20 mg lidocaine", ("Kenalog", "lidocaine"), (40, 20)),
    ],
)
def test_amounts_go_to_their_drug(text: str, names: tuple[str, ...], amounts: tuple[float, ...]) -> None:
    places = [(text.index(name), text.index(name) + len(name)) for name in names]
    doses = assign_doses(text, places, (0, len(text)))
    assert tuple(dose.amount("mg") for dose in doses) == amounts


def test_amounts_of_every_kind() -> None:
    values = {one.written.strip(): (round(one.value, 4), one.measure, one.per) for one in find_amounts(
        "0.25%, 1:1000, 2.4 million units, 500 mcg, 1,000 mg, half a liter, 10 mg/kg, 40 mEq"
    )}  # fmt: skip
    assert values["0.25%"] == (2.5, "mg", "ml")
    assert values["1:1000"] == (1.0, "mg", "ml")
    assert values["2.4 million units"] == (2_400_000, "unit", "")
    assert values["500 mcg"] == (0.5, "mg", "")
    assert values["10 mg/kg"] == (10, "mg", "kg")


LICENSED = """code\ttitle
0X01Q\tX-ray exam of knee, two views
0X02Q\tX-ray exam of knee, three views
0X03Q\tCT of abdomen with contrast
0X04Q\tCT of abdomen without contrast
0X05Q\tOffice visit, short
"""


@pytest.fixture
def licensed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> leadterm.suggester.Suggester:  # type: ignore[name-defined]
    """A made-up list in the place of the CPT file that a user has a licence for."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "cpt_2026.tsv").write_text(LICENSED, encoding="utf-8")
    install(tmp_path / "cpt_2026.tsv", system="cpt", release="2026")
    return leadterm.load()


def test_codes_of_a_licensed_list_are_found_by_their_titles(licensed: leadterm.suggester.Suggester) -> None:  # type: ignore[name-defined]
    def codes(text: str) -> dict[str, list[str]]:
        visit = Encounter("e", (Note("n", text),), date_of_service="2026-05-04")
        found = licensed.suggest(visit, systems=["cpt"]).suggestions
        return {one.code: [m.code for m in one.modifiers] for one in found}

    assert codes("EXAM: X-ray of the right knee, two views, was performed.") == {"0X01Q": ["RT"]}
    assert codes("EXAM: Three views of both knees, x-ray, interpretation only.") == {"0X02Q": ["50", "26"]}
    assert codes("EXAM: CT abdomen without contrast was performed.") == {"0X04Q": []}
    assert codes("EXAM: CT of the abdomen with contrast was performed.") == {"0X03Q": []}
    assert codes("Knee pain for two weeks.") == {}
    assert "25" in codes("Short office visit, separately identifiable from the injection.")["0X05Q"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("TREATMENT: Methylprednisolone 125 mg IV was given.", "J2919"),
        ("PROCEDURE: The left knee was injected with methylprednisolone 40 mg.", "J1010"),
    ],
)
def test_a_drug_is_one_of_its_salts(text: str, code: str) -> None:
    assert [one.code for one in found(text).values() if one.confidence >= LINE] == [code]
