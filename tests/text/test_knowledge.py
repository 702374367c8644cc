"""The clinical knowledge files of ``leadterm.text`` are complete, sorted, unique and true to the release."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

import leadterm
from leadterm.text.knowledge import load_table
from leadterm.text.words.normalise import default_normaliser

with warnings.catch_warnings():  # the package reads its data through a deprecated function of the standard library
    warnings.simplefilter("ignore", DeprecationWarning)
    import simple_icd_10_cm as icd

FOLDER = Path(leadterm.__file__).parent / "text" / "knowledge"
COLUMNS = {
    "synonyms.tsv": ("phrase", "code", "kind", "note"),
    "abbreviations.tsv": ("short", "expansion", "case"),
    "word_variants.tsv": ("word", "base"),
    "external_causes.tsv": ("pattern", "code", "kind", "note"),
    "drug_evidence.tsv": ("drug", "class", "supports"),
    "integral_symptoms.tsv": ("disease", "symptoms"),
}
AT_LEAST = {
    "synonyms.tsv": 2000,
    "abbreviations.tsv": 700,
    "word_variants.tsv": 400,
    "external_causes.tsv": 350,
    "drug_evidence.tsv": 300,
    "integral_symptoms.tsv": 200,
}
OPTIONAL = {"note"}
# Words that stand in notes for something else than the diagnosis they also name.
ORDINARY = """
well test lips lip blood stress transient fit growth virus temperature sick illness pile death falling
screening twitch injury trauma infection infected pain vaccine lump shaking anger normal patient left right
back head neck chest arm leg hand foot eye ear nose history status exam visit plan home work school day night
food water gave hit odd pad pat cap add aids ger ra ms pe tearing burn scratch corn allergies immunizations
drug medicine use problem disease disorder condition symptom sign change loss gain mass
"""
Row = dict[str, str]


def rows(name: str) -> list[Row]:
    lines = [x for x in (FOLDER / name).read_text(encoding="utf-8").splitlines() if not x.startswith("#")]
    head, *body = (line.split("\t") for line in lines)
    assert tuple(head) == COLUMNS[name]
    assert all(len(fields) == len(head) for fields in body)
    return [dict(zip(head, fields, strict=True)) for fields in body]


def is_code(code: str) -> bool:
    return bool(icd.is_valid_item(code) and (icd.is_category(code) or icd.is_subcategory(code)))


@pytest.mark.parametrize("name", COLUMNS)
def test_file_is_complete_sorted_and_explained(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert text.startswith("#")
    assert "written for leadterm" in text
    body = [line for line in text.splitlines() if not line.startswith("#")][1:]
    assert body == sorted(body)
    got = rows(name)
    assert len(got) >= AT_LEAST[name]
    empty = [r for r in got if any(not v.strip() for k, v in r.items() if k not in OPTIONAL)]
    assert empty == []
    assert [r for r in got if any(v != v.strip() for v in r.values())] == []


@pytest.mark.parametrize("name", COLUMNS)
def test_no_duplicates(name: str) -> None:
    keys = [next(iter(r.values())).lower() for r in rows(name)]
    if name == "external_causes.tsv":
        keys = [f"{r['pattern'].lower()} {r['code']}" for r in rows(name)]
    assert sorted(key for key, n in Counter(keys).items() if n > 1) == []


def test_synonym_codes_are_in_the_release() -> None:
    got = rows("synonyms.tsv")
    assert sorted({r["code"] for r in got if not is_code(r["code"])}) == []
    wrong = [r["phrase"] for r in got if r["note"].startswith("family") == bool(icd.is_leaf(r["code"]))]
    assert wrong == []


def test_synonym_phrases_are_plain_and_not_ordinary_words() -> None:
    got = rows("synonyms.tsv")
    kinds = {"lay", "clinical", "abbreviation", "misspelling", "brand-free"}
    assert {r["kind"] for r in got} <= kinds
    assert [r["phrase"] for r in got if r["phrase"] != r["phrase"].lower() or "  " in r["phrase"]] == []
    assert sorted({r["phrase"] for r in got} & set(ORDINARY.split())) == []
    assert [r["phrase"] for r in got if len(r["phrase"]) < 2 or re.search(r"[\"|*{};:]", r["phrase"])] == []


def test_a_synonym_tells_the_side_that_its_code_has() -> None:
    sided = re.compile(r"\b(right|left)\b", re.IGNORECASE)
    said = re.compile(r"\b(right|left|rt|lt|r|l|[lr][lu][eq]|[rl]bbb|irbbb|la[fd]b?|lpfb|lad|bilateral|both)\b")
    got = [
        (r["phrase"], r["code"]) for r in rows("synonyms.tsv")
        if sided.search(icd.get_description(r["code"])) and not said.search(r["phrase"])
    ]  # fmt: skip
    organs = ("ventric", "heart", "bundle", "atri")  # named so, whatever the side of the body
    assert [row for row in got if not any(word in icd.get_description(row[1]).lower() for word in organs)] == []


@pytest.mark.parametrize("name", ["site_words.tsv", "part_words.tsv"])
def test_words_of_sites_are_normal_words(name: str) -> None:
    words = [row["word"] for row in load_table(name)]
    assert [word for word in words if default_normaliser().words(word) != [word]] == []


def test_companions_ask_for_normal_words() -> None:
    asked = {word.lstrip("~") for row in load_table("companions.tsv") for word in row["words"].split("|")} - {"*"}
    assert [word for word in sorted(asked) if default_normaliser().words(word) != [word]] == []


@pytest.mark.parametrize(
    ("phrase", "code"),
    [
        ("high blood pressure", "I10"),
        ("acid reflux", "K21.9"),
        ("kidney stone", "N20.0"),
        ("tennis elbow", "M77.1"),
        ("anterior talofibular ligament sprain", "S93.49"),
        ("history of heart attack", "I25.2"),
        ("prediabetes", "R73.03"),
        ("knee pain", "M25.56"),
    ],
)
def test_synonym_of_a_common_phrase(phrase: str, code: str) -> None:
    assert {r["phrase"]: r["code"] for r in rows("synonyms.tsv")}[phrase] == code


def test_abbreviations() -> None:
    got = rows("abbreviations.tsv")
    assert {r["case"] for r in got} == {"any", "upper"}
    assert [r["short"] for r in got if r["case"] == "upper" and r["short"] == r["short"].lower()] == []
    assert [r["short"] for r in got if r["expansion"] != r["expansion"].lower()] == []
    any_case = {r["short"].lower() for r in got if r["case"] == "any"}
    unsafe = {"as", "or", "it", "us", "all", "ms", "pe", "mi", "ra", "cp", "pt", "add", "aids", "pad", "dip", "hit"}
    assert any_case & unsafe == set()


def test_word_variants_take_one_step() -> None:
    got = rows("word_variants.tsv")
    words = {r["word"] for r in got}
    assert [r["word"] for r in got if r["base"] in words] == []
    assert [r["word"] for r in got if not re.fullmatch(r"[a-z0-9']+", r["word"] + r["base"])] == []
    assert words & {"cervical", "lumbar", "thoracic", "left", "right", "no", "not", "without"} == set()


def test_external_cause_patterns_parse() -> None:
    for row in rows("external_causes.tsv"):
        assert is_code(row["code"]), row
        assert row["kind"] in {"mechanism", "activity", "place", "status"}, row
        parts = row["pattern"].split(" ")
        assert parts[0] != "*", row
        assert parts[-1] != "*", row
        assert all(p == "*" or re.fullmatch(r"[a-z0-9'/-]+(\|[a-z0-9'/-]+)*", p) for p in parts), row
        assert not any(a == b == "*" for a, b in pairwise(parts)), row
        assert row["code"][0] in "VWXY", row


def test_activity_place_and_status_codes_fit_their_kind() -> None:
    start = {"activity": "Y93", "place": "Y92", "status": "Y99"}
    for row in rows("external_causes.tsv"):
        if row["kind"] in start:
            assert row["code"].startswith(start[row["kind"]]), row
        else:
            assert not row["code"].startswith(tuple(start.values())), row


@pytest.mark.parametrize(("name", "column"), [("drug_evidence.tsv", "supports"), ("integral_symptoms.tsv", "symptoms")])
def test_listed_codes_are_in_the_release(name: str, column: str) -> None:
    listed = {code for row in rows(name) for code in row[column].split(";")}
    assert sorted(code for code in listed if not is_code(code)) == []


def test_integral_symptoms_never_name_the_disease_itself() -> None:
    for row in rows("integral_symptoms.tsv"):
        assert is_code(row["disease"]), row
        assert not any(s.startswith(row["disease"]) or row["disease"].startswith(s) for s in row["symptoms"].split(";"))


@pytest.mark.parametrize("name", ["context_cues.tsv", "context_cues_es.tsv"])
def test_a_set_of_cues_is_told_once(name: str) -> None:
    sets = [row["cue"] for row in load_table(name) if row["category"] == "set"]
    assert len(sets) == len(set(sets))
