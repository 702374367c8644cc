"""The site a pathology report calls the tumor's goes before sites that its words only stand near."""

from __future__ import annotations

import pytest

from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.rules.told_sites import told_sites
from leadterm.schema import Encounter, Note

HEAD = "SURGICAL PATHOLOGY REPORT\nSpecimen received in formalin.\n"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Ileum, cecum, ascending colon.\nTumor location:\n  Cecum\nHistologic type: adenocarcinoma", "C18.0"),
        ("Colon and rectum, resection.\nTumor site: sigmoid\nHistologic type: adenocarcinoma", "C18.7"),
        ("Total colectomy. Adenocarcinoma. The mass is located in the hepatic flexure.", "C18.3"),
        ("Larynx and neck nodes. Tumor site: Glottis\nHistologic type: squamous cell carcinoma", "C32.0"),
        ("Glossectomy. Anatomic site: base of tongue. Squamous cell carcinoma, keratinizing.", "C01"),
    ],
)  # fmt: skip
def test_the_site_that_is_told_stands_above_the_line(engine: DictionaryModel, said: str, code: str) -> None:
    found = engine.suggest(Encounter("e", (Note("n", HEAD + said),)))
    assert code in [one.code for one in found.suggestions if one.confidence >= found.threshold]


def test_no_site_is_told_where_only_organs_are_named() -> None:
    assert told_sites("Sections of colon, appendix and omentum show no carcinoma.") == {}
    assert told_sites("Location: 4 cm from the margin.") == {}
