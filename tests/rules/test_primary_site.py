"""The site a pathology report calls the tumor's goes before sites that its words only stand near."""

from __future__ import annotations

import pytest

from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.schema import Encounter, Note
from leadterm.text.matching.told_sites import told_sites

HEAD = "SURGICAL PATHOLOGY REPORT\nSpecimen received in formalin.\n"
OVARIES = """Diagnosis:
OVARIES, OOPHORECTOMY, SIDE NOT STATED
-SEROUS ADENOCARCINOMA, HIGH GRADE
UTERUS, CERVIX, HYSTERECTOMY
-METASTATIC SEROUS ADENOCARCINOMA IN THE CERVICAL STROMA"""
SIGMOID = """PRE-OP DIAGNOSIS: Colon cancer
PART 1: SIGMOID COLON, RESECTION -
A. INVASIVE ADENOCARCINOMA (4 CM).
PART 2: OMENTUM, EXCISION - NEGATIVE FOR MALIGNANCY."""


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Ileum, cecum, ascending colon.\nTumor location:\n  Cecum\nHistologic type: adenocarcinoma", "C18.0"),
        ("Colon and rectum, resection.\nTumor site: sigmoid\nHistologic type: adenocarcinoma", "C18.7"),
        ("Total colectomy. Adenocarcinoma. The mass is located in the hepatic flexure.", "C18.3"),
        ("Larynx and neck nodes. Tumor site: Glottis\nHistologic type: squamous cell carcinoma", "C32.0"),
        (OVARIES, "C56.9"), (SIGMOID, "C18.7"),
        ("In the colon ascendens, 3 cm above its valve, there is an adenocarcinoma of 5 cm.", "C18.2"),
        ("Ulcerated adenocarcinoma, infiltrating the perirectal fat. Appendix with an earlier appendicitis.", "C20"),
        ("PART 1: RIGHT COLON AND ILEUM, HEMICOLECTOMY -\nCARCINOMA OF CECUM.\nChecklist: Ascending colon", "C18.0"),
        ("(I) Metastasis of an adenocarcinoma in the liver. (II) Adenocarcinoma of the colon.", "C18.9"),
        ("Tumor 1: adenocarcinoma of the cecum, 5 cm.\nTumor 2: adenocarcinoma of the sigmoid colon, 2 cm.", "C18.0"),
        ("Tumor 1: adenocarcinoma of the cecum, 5 cm.\nTumor 2: adenocarcinoma of the sigmoid colon, 2 cm.", "C18.7"),
        ("Glossectomy. Anatomic site: base of tongue. Squamous cell carcinoma, keratinizing.", "C01"),
    ],
)  # fmt: skip
def test_the_site_that_is_told_stands_above_the_line(engine: DictionaryModel, said: str, code: str) -> None:
    found = engine.suggest(Encounter("e", (Note("n", HEAD + said),)))
    assert code in [one.code for one in found.suggestions if one.confidence >= found.threshold]


def test_no_site_is_told_where_only_organs_are_named() -> None:
    assert told_sites("Sections of colon, appendix and omentum show no carcinoma.") == {}
    assert told_sites("Location: 4 cm from the margin.") == {}
    assert told_sites("CECUM, BIOPSY:\n- No carcinoma.\nLIVER, BIOPSY:\n- Metastatic carcinoma.") == {}
    assert told_sites("History of carcinoma of the breast.") == {}


def test_the_side_of_a_node_is_not_that_of_the_ovary(engine: DictionaryModel) -> None:
    said = "LEFT OBTURATOR LYMPH NODE, BIOPSY: SEROUS CARCINOMA OF THE OVARY."
    found = engine.suggest(Encounter("e", (Note("n", HEAD + said),)))
    above = [one.code for one in found.suggestions if one.confidence >= found.threshold]
    assert [code for code in above if code.startswith("C56")] == ["C56.9"]
