from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from codes_samples import INDEX, NEOPLASM

from leadterm.codes import Term, load_system
from leadterm.codes.official.index import index_entries, terms_of
from leadterm.codes.official.install import install
from leadterm.codes.official.xml import parse_xml
from leadterm.errors import LeadtermError


def terms(xml: str = INDEX) -> dict[str, Term]:
    entries = {
        "index": list(index_entries(parse_xml(xml.encode(), "index.xml"))),
        "neoplasm": list(index_entries(parse_xml(NEOPLASM.encode(), "neoplasm.xml"))),
    }
    return {term.text: term for term in terms_of(entries) if term.source == "index"}


def test_paths_optional_words_and_dashes() -> None:
    found = terms()
    foot = found["Diabetes, diabetic NEC, with, ulcer, foot"]
    assert foot.path == ("Diabetes, diabetic NEC", "with", "ulcer, foot")
    assert foot.optional == ("mellitus", "sugar", "sore")
    assert (foot.code, foot.manifestation, foot.dash) == ("E11.621", "L97.5", False)
    kidney = found["Diabetes, diabetic NEC, with, kidney complication"]
    assert (kidney.code, kidney.dash) == ("E11.2", True)
    assert found["Pair"].manifestation == "M01.X0"


def test_see_takes_the_codes_of_its_target() -> None:
    found = terms()
    assert found["Abdominalgia"].code == "R10.9"
    assert found["Abdominalgia, upper"].code == "R10.10"
    assert found["Ache"].code == "R52"
    assert found["Ache, abdominal, upper"].code == "R10.10"
    assert found["Abdomen, abdominal, acute"].code == "R10.0"
    assert "Abdomen, abdominal" not in found


def test_see_in_a_circle_gives_nothing() -> None:
    assert not {"Ring", "Round"} & set(terms())


def test_see_neoplasm_takes_the_column_of_the_table() -> None:
    chondroma = terms()["Chondroma"]
    assert (chondroma.code, chondroma.column, chondroma.dash) == ("D16.9", "benign", False)
    cancer = terms()["Cancer"]
    assert (cancer.code, cancer.column, cancer.dash) == ("C80.1", "malignant primary", True)


def test_nested_modifiers() -> None:
    xml = "<i><mainTerm><title>A<nemod>(b <nemod>(c)</nemod>)</nemod> d</title><code>R52</code></mainTerm></i>"
    (entry,) = index_entries(parse_xml(xml.encode(), "x.xml"))
    assert entry.title == "A d"
    assert set(" ".join(entry.optional).split()) == {"b", "c"}


def test_installed_terms_belong_to_the_system(official: Path) -> None:
    install(official)
    cm = load_system("icd10cm")
    found = {(term.source, term.text, term.code) for term in cm.terms(["index", "neoplasm", "drug", "external cause"])}
    assert ("neoplasm", "Neoplasm, neoplastic, cartilage, benign", "D16.9") in found
    assert ("drug", "Lithium, adverse effect", "T43.595") in found
    assert ("external cause", "Fall, in a storm", "W00.0") in found
    assert ("index", "Ache", "R52") in found
    assert next(term for term in cm.terms(["external cause"]) if term.code == "W00.0").dash


@pytest.mark.parametrize(
    "bad",
    [
        INDEX[: len(INDEX) // 2],
        '<!DOCTYPE x [<!ENTITY a "b">]>' + INDEX.split("?>", 1)[1],
        INDEX.replace("</letter>", ""),
    ],
)
def test_bad_xml_installs_nothing(bad: str, write: Callable[[str, str], str], folders: Path) -> None:
    with pytest.raises(LeadtermError):
        install(write("index.xml", bad))
    assert not list(folders.rglob("*.tsv"))


def test_real_index_and_tables(data: Path) -> None:
    install(data / "icd10cm")
    cm = load_system("icd10cm")
    found = list(cm.terms(["index", "neoplasm", "drug", "external cause"]))
    by_text = {(term.source, term.text): term for term in found}
    assert len(found) > 150_000
    assert by_text["index", "Abdominalgia"].code == "R10.9"
    assert by_text["index", "Diabetes, diabetic, with, amyotrophy"].code == "E11.44"
    assert by_text["neoplasm", "Neoplasm, neoplastic, abdomen, abdominal, malignant secondary"].code == "C79.8"
    assert len({term.code for term in found}) > 20_000
