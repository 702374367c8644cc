"""Notes in another language, read word by word."""

from __future__ import annotations

import pytest

from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.models import load
from leadterm.schema import Encounter, Note
from leadterm.text.knowledge import load_table
from leadterm.text.words.languages import TRANSLATED, Translator, cognate_form, stem
from leadterm.text.words.normalise import Normaliser, default_normaliser, fold


@pytest.fixture(scope="module")
def engine() -> DictionaryModel:
    made = load()
    assert isinstance(made, DictionaryModel)
    return made


@pytest.fixture(scope="module")
def spanish(engine: DictionaryModel) -> Translator:
    lexicon = engine.readers.of("en")[1].lexicon
    return Translator("es", default_normaliser(), dict.fromkeys(lexicon.words, 1))


@pytest.mark.parametrize(
    ("spanish", "english"),
    [
        ("neumonía", "pneumonia"), ("hipertensión", "hypertension"), ("esquizofrenia", "schizophrenia"),
        ("cirrosis", "cirrhosis"), ("bronquitis", "bronchitis"), ("colecistitis", "cholecystitis"),
        ("linfoma", "lymphoma"), ("psoriasis", "psoriasis"), ("nefrectomía", "nephrectomy"),
    ],
)  # fmt: skip
def test_cognates_share_a_form(spanish: str, english: str) -> None:
    assert cognate_form(fold(spanish), "es") == cognate_form(english, "en")


def test_words_that_only_seem_alike_stay_apart(spanish: Translator) -> None:
    assert spanish.words("año") == []
    assert spanish.words("ano") == ["anus"]
    assert spanish.words("uñas") == ["nail"]
    assert "childbirth" in spanish.words("partos")
    assert "childbirth" not in spanish.words("partes blandas")


def test_gender_and_number_do_not_matter(spanish: Translator) -> None:
    assert spanish.words("derecha") == spanish.words("derechos") == ["right"]
    assert spanish.words("quistes renales") == ["cyst", "kidney"]


@pytest.mark.parametrize("language", sorted(TRANSLATED))
def test_the_table_is_sound(language: str, engine: DictionaryModel) -> None:
    rows = load_table(TRANSLATED[language])
    words = [row["word"] for row in rows]
    assert len(rows) > 5000
    assert len(words) == len(set(words))
    assert all(word == word.lower() and " " not in word for word in words)
    known, normaliser = engine.readers.of("en")[1].lexicon.words, default_normaliser()
    said = [row for row in rows if row["english"] != "-"]
    unread = [row["word"] for row in said if not known.keys() & normaliser.content(row["english"])]
    assert not unread[:5], f"{len(unread)} words stand for nothing the dictionary says"


def test_a_word_of_two_stems_is_read_as_written() -> None:
    rows = [("esclerótica", "sclera"), ("esclerótico", "sclerotic")]
    both = Translator("es", Normaliser({}), {"sclera": 1, "sclerotic": 1}, rows)
    assert both.words("esclerótica") == ["sclera"]
    assert both.words("escleróticos") == ["sclerotic"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Paciente con neumonía adquirida en la comunidad.", "J18.9"),
        ("Antecedentes: hipertensión arterial en tratamiento.", "I10"),
        ("Se diagnostica insuficiencia renal crónica.", "N18.9"),
        ("Dolor en la rodilla derecha desde hace dos semanas.", "M25.561"),
        ("Carcinoma de mama izquierda.", "C50.912"),
    ],
)
def test_spanish_notes_get_codes_with_their_own_words_as_evidence(
    engine: DictionaryModel, text: str, code: str
) -> None:
    found = engine.suggest(Encounter("e1", (Note("n1", text),), language="es"))
    here = [s for s in found.suggestions[:6] if s.code == code]
    assert here, [s.code for s in found.suggestions[:6]]
    assert all(text[span.start : span.end] == span.text for span in here[0].spans)


def test_spanish_denials_are_read(engine: DictionaryModel) -> None:
    found = engine.suggest(Encounter("e1", (Note("n1", "Niega fiebre y no presenta disnea."),), language="es"))
    assert all(s.assertion == "absent" for s in found.suggestions if s.code in ("R50.9", "R06.00", "R06.02"))
    assert all(s.confidence < found.threshold for s in found.suggestions)


def test_stems_leave_other_languages_alone() -> None:
    assert stem("patientes", "fr") == "patientes"
