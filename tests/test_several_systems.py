"""Several code systems in one call: each asks its own reader, by the setting or by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import leadterm
from leadterm import procedures
from leadterm.codes.official.install import install
from leadterm.pages.wanted import Format, Wanted
from leadterm.procedures import Maker
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.schema import Encounter, Note
from leadterm.suggester import systems_asked
from leadterm.text.open_note import Found, OpenNote

TEXT = "ASSESSMENT: Essential hypertension.\nPLAN: Cupping was done. She denies moxibustion."


class Toy:
    """Finds two words."""

    def candidates(self, encounter: Encounter, notes: Sequence[OpenNote]) -> CandidateTable:
        found = {
            word: tuple(
                mention for note in notes
                for mention in note.mentions([Found((m.span(),), word, "toy")
                                              for m in re.finditer(word, note.note.text, re.IGNORECASE)])
            )
            for word in ("cupping", "moxibustion")
        }  # fmt: skip
        codes = tuple(word for word, mentions in found.items() if mentions)
        return CandidateTable(
            encounter.encounter_id, "toys", codes, ("one",), np.ones((len(codes), 1), np.float32),
            tuple(found[code] for code in codes), hints={"cupping": ("how many cups is not documented",)},
        )  # fmt: skip

    def rank(self, table: CandidateTable) -> np.ndarray:
        return table.features[:, 0] * 0.99

    def titles(self, codes: Sequence[str]) -> dict[str, str]:
        return {code: code.title() for code in codes}


def make(date: str | None) -> Toy:
    assert date is None or date.startswith("20")
    return Toy()


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "toys.tsv").write_text("code\ttitle\ncupping\tCupping\nmoxibustion\tMoxibustion\n", encoding="utf-8")
    install(tmp_path / "toys.tsv", system="toys", release="2026")
    monkeypatch.setattr(procedures, "MAKERS", {"toys": Maker(f"{__name__}:make", settings=("inpatient",))})
    monkeypatch.setattr("leadterm.dictionary.dictionary_model.MAKERS", procedures.MAKERS)
    procedures.reader_of.cache_clear()


def visit(setting: str) -> Encounter:
    return Encounter("e", (Note("n", TEXT),), setting=setting)


@pytest.mark.usefixtures("toys")
def test_the_setting_chooses_the_systems_and_a_name_overrules_it() -> None:
    model = leadterm.load()
    assert model.systems == ("icd10cm", "toys")
    outside, inside = model.suggest(visit("outpatient")), model.suggest(visit("inpatient"))
    assert {s.system for s in outside.suggestions} == {"icd10cm"} == set(outside.releases)
    assert inside.releases == {**outside.releases, "toys": "2026"}
    alone = model.suggest(visit("outpatient"), systems=["toys"])
    assert [(s.code, s.title) for s in alone.suggestions] == [("cupping", "Cupping"), ("moxibustion", "Moxibustion")]


@pytest.mark.usefixtures("toys")
def test_diagnoses_do_not_change_and_lead() -> None:
    model = leadterm.load()
    both, own = model.suggest(visit("inpatient")), model.suggest(visit("inpatient"), systems=["icd10cm"])
    diagnoses = [s for s in both.suggestions if s.system == "icd10cm"]
    assert [(s.code, s.confidence, s.evidence, s.hints) for s in diagnoses] == [
        (s.code, s.confidence, s.evidence, s.hints) for s in own.suggestions
    ]
    assert both.suggestions[0].code == "I10"  # though a procedure is surer


@pytest.mark.usefixtures("toys")
def test_words_of_a_reader_come_with_their_context_and_its_hints() -> None:
    found = {s.code: s for s in leadterm.load().suggest(visit("inpatient"), systems=["toys"]).suggestions}
    assert found["cupping"].hints == ("how many cups is not documented",)
    assert (found["cupping"].assertion, found["cupping"].section) == ("present", "plan")
    assert found["moxibustion"].assertion != "present"


@pytest.mark.usefixtures("toys")
def test_an_evaluation_asks_for_what_the_corpus_declares() -> None:
    model = leadterm.load()
    coded = leadterm.schema.ReferenceCode("icd10cm", "I10")
    assert systems_asked(model, [Encounter("e", (Note("n", TEXT),), (coded,))]) == ("icd10cm",)
    assert systems_asked(model, [visit("inpatient")]) is None


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize("threshold", [None, 0.97])
def test_what_stands_first_is_shown_first_and_those_below_the_line_last(threshold: float | None) -> None:
    model, visit_ = leadterm.load(), visit("inpatient")
    shown = Wanted((), None, threshold, Format.JSON).ask(model, visit_)
    line = shown.threshold
    sure = [s.confidence >= line for s in shown.suggestions]
    assert sure == sorted(sure, reverse=True)
    assert shown.suggestions[0].code == ("I10" if threshold is None else "cupping")
