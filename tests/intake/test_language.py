"""The language of a note: telegraphic English is English, and other languages are told as such."""

from __future__ import annotations

import pytest

from leadterm.intake.language import other_language, read_as

ENGLISH = (
    "ED COURSE: Ceftriaxone 1 g IM, Toradol 60 mg IM. Left wrist: splint. D/C home, follow up IM clinic.",
    "Ketorolac 30 mg IM x1, promethazine 25 mg IM x1, lidocaine 1 % IM diluent, tetanus IM left deltoid.",
    "No fever, no chills, no cough, no rash, no nausea, no vomiting, no diarrhea, no dysuria.",
    "VA 20/20 OD, 20/40 OS. IOP 14 OD, 16 OS. Cataract OS. Drops OS bid. Recheck OS 2 weeks.",
    "LE edema 2+, LE weakness, LE pulses intact. LE doppler: no DVT. LE films negative today.",
    "Per EMS: fall. Per family: confused. Per chart: dementia. Per PCP: warfarin. Per pharmacy: INR 5.1.",
    "PT SEEN IN ED. GIVEN IM ROCEPHIN. NO FEVER. NO RASH. LE CELLULITIS. IM FOLLOW UP. DC HOME.",
    "Korean War veteran. War injury right leg. Do not resuscitate. Do not intubate. Chronic wound care daily.",
    "S/P TKA, POD 2. PT/OT. DES placed 2019. DES patent. LA normal size. LA pressure 12. EN feeds at goal.",
    "Metformin 500 mg PO BID; lisinopril 10 mg PO QD; ASA 81 mg PO QD; atorvastatin 40 mg PO QHS.",
)
OTHERS = {
    "Spanish": (
        "Dolor de rodilla derecha desde hace un mes, sin fiebre. La radiografía es normal en su centro.",
        "PACIENTE DE 70 AÑOS QUE ACUDE POR DISNEA. NO FIEBRE. LA EXPLORACION ES NORMAL. SE DA EL ALTA.",
    ),
    "French": ("Patiente de 60 ans avec une douleur du genou depuis un mois, sans fièvre ni toux au repos.",),
    "German": ("Die Patientin klagt seit drei Wochen über Schmerzen im Knie. Kein Fieber, nicht gestürzt, und wird.",),
    "Italian": ("Il paziente riferisce dolore al ginocchio da un mese, non febbre, senza tosse e con la nausea.",),
    "Portuguese": ("O doente refere dor no joelho da perna direita com um mês de evolução, sem febre e sem tosse.",),
}


SHORT_SPANISH = (
    "Diagnóstico: colecistitis aguda.", "Fractura de cadera derecha", "Neumonía", "Asma", "Exfumador. Alergia a látex.",
    "Cáncer de mama izquierda", "INSUFICIENCIA CARDIACA", "Otitis media aguda", "Faringitis aguda y fiebre",
)  # fmt: skip
SHORT_ENGLISH = (
    "Ménière's disease", "Otitis externa", "Insomnia", "Placenta previa", "Spina bifida", "Asthma", "Angina", "",
    "de Quervain tenosynovitis", "Opioid abuse", "Corneal ulcer", "HTN, DM2, COPD", "VITAL SIGNS: Temperature 98",
)  # fmt: skip


@pytest.mark.parametrize("note", SHORT_SPANISH)
def test_a_few_spanish_words_are_spanish(note: str) -> None:
    assert read_as(note) == "es"


@pytest.mark.parametrize("note", SHORT_ENGLISH)
def test_a_few_english_words_are_english(note: str) -> None:
    assert read_as(note) == "en"


@pytest.mark.parametrize("note", ENGLISH)
def test_telegraphic_english_is_english(note: str) -> None:
    assert other_language(note) == ""


@pytest.mark.parametrize(("name", "note"), [(name, note) for name, notes in OTHERS.items() for note in notes])
def test_other_languages_are_told(name: str, note: str) -> None:
    assert other_language(note) == name


def test_words_of_two_languages_are_of_the_one_that_is_read() -> None:
    said = "Paciente de 68 años que acude por fiebre. Diagnóstico principal: neumonía por neumococo."
    assert other_language(said) == "Spanish"
