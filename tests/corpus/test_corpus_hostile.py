"""Sources that are broken or hostile: a message that helps and holds no text of a note, or a sound corpus."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from leadterm import corpus
from leadterm.cli import main
from leadterm.corpus import read_code_list, read_split
from leadterm.errors import LeadtermError
from leadterm.pages.suggestion_fhir import suggestion_bundle
from leadterm.readers import import_corpus, read
from leadterm.schema import Encounter, Note, Suggestion, SuggestionSet

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SECRET = "Quibberly"


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def document(**more: Any) -> dict[str, Any]:
    content = [{"attachment": {"contentType": "text/plain", "data": in_base64("Gout.")}}]
    context = {"encounter": [{"reference": "Encounter/1"}]}
    return {"resourceType": "DocumentReference", "id": "d1", "content": content, "context": context, **more}


def condition(**more: Any) -> dict[str, Any]:
    code = {"coding": [{"system": ICD, "code": "M10.9"}]}
    return {"resourceType": "Condition", "id": "c", "encounter": {"reference": "Encounter/1"}, "code": code, **more}


def bundle(folder: Path, *resources: dict[str, Any]) -> Path:
    whole = {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}
    (folder / "b.json").write_text(json.dumps(whole))
    return folder / "b.json"


def attached(**fields: Any) -> dict[str, Any]:
    return document(content=[{"attachment": {"contentType": "text/plain", **fields}}])


def coded(code: object) -> dict[str, Any]:
    return condition(code={"coding": [{"system": ICD, "code": code}]})


PERSON = {"reference": "Patient/p"}
ODD = {
    "type as text": [document(type="Progress note")],
    "types as texts": [document(type=["a", 3])],
    "a number as type": [document(type=7)],
    "no content in the middle": [document(content=[None, 5, "x", *document()["content"]])],
    "attachment as text": [document(content=[{"attachment": "x"}, *document()["content"]])],
    "attachments in a list": [document(content=[{"attachment": ["x"]}, *document()["content"]])],
    "raw text with accents": [attached(data="Ménière disease, raw text.")],
    "raw text in Greek": [attached(data="Ουρική αρθρίτιδα")],
    "context as text": [document(context="Encounter/1")],
    "context as number": [document(context=4)],
    "language in a list": [document(language=["en"])],
    "language as markup": [document(language="[/x]")],
    "id as object": [document(id={"a": 1})],
    "id of spaces": [document(id=" ")],
    "no ids": [document(id=None), document(id=None)],
    "title as object": [document(description={"x": 1})],
    "superscript birth date": [document(subject=PERSON), {"resourceType": "Patient", "id": "p", "birthDate": "²²²²"}],
    "birth date as number": [document(subject=PERSON), {"resourceType": "Patient", "id": "p", "birthDate": 1950}],
    "blank code": [document(), coded(" ")],
    "code of a tab": [document(), coded("\t")],
    "code as object": [document(), coded({"a": 1})],
    "code as truth": [document(), coded(True)],
    "class as number": [document(), {"resourceType": "Encounter", "id": "1", "class": 5}],
    "diagnoses as text": [document(), {"resourceType": "Encounter", "id": "1", "diagnosis": ["x", 3]}],
    "period as text": [document(), {"resourceType": "Encounter", "id": "1", "period": "x"}],
    "status as text": [document(), condition(verificationStatus="refuted", status={"a": 1})],
    "subject as text": [document(subject="Patient/p")],
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD)
def test_odd_fhir_makes_a_sound_corpus(kind: str, tmp_path: Path) -> None:
    import_corpus("fhir", bundle(tmp_path, *ODD[kind]), tmp_path / "made")
    (one,) = read_split(tmp_path / "made", "train")
    assert one.notes
    assert not {problem.kind for problem in corpus.check(tmp_path / "made")} - {"no-codes", "codes-not-checked"}


@pytest.mark.parametrize("charset", ["undefined", "hex", "idna", "bogus", "utf-16", "unicode_escape", "rot13", "ascii"])
def test_character_sets_that_do_not_fit(charset: str, tmp_path: Path) -> None:
    given = attached(data=in_base64(f"{SECRET} é \\x"))
    given["content"][0]["attachment"]["contentType"] = f"text/plain; charset={charset}"
    with pytest.raises(LeadtermError, match="document 'd1' is not in the character set") as caught:
        read("fhir", bundle(tmp_path, given))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("text", ["", "null", "[]", "[" * 200_000, f'{{"x": {"9" * 5000}}}', '{"resourceType": 5}'])
def test_what_is_no_fhir(text: str, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(LeadtermError):
        read("fhir", tmp_path / "b.json")


def test_half_a_surrogate_pair_is_refused_when_written(tmp_path: Path) -> None:
    with pytest.raises(LeadtermError, match="encounter '1' has half a surrogate pair"):
        import_corpus("fhir", bundle(tmp_path, attached(data="raw text \ud800")), tmp_path / "made")
    assert not (tmp_path / "made").exists()


def suggested(encounter: Encounter, system: str, code: str) -> dict[str, Any]:
    found = Suggestion(1, system, code, "", 0.9, ())
    return suggestion_bundle([(encounter, SuggestionSet(encounter.encounter_id, "m", {system: "2026"}, (found,)))])


@pytest.mark.parametrize(("system", "code"), [("icd10cm", "M10.9"), ("icd10pcs", "0DJ08ZZ")])
def test_our_own_output_is_read_back(system: str, code: str, tmp_path: Path) -> None:
    alone = document(id="n/1", context=None)
    visit = {"resourceType": "Encounter", "id": "77", "identifier": [{"system": "urn:x", "value": "V 1"}]}
    within = document(id="n2", context={"encounter": [{"type": "Encounter", "identifier": {"value": "V 1"}}]})
    bundle(tmp_path, alone, visit, within)
    for number, name in enumerate(("n/1", "V 1")):
        made = suggested(Encounter(name, (Note("n", "Gout."),)), system, code)
        (tmp_path / f"codes{number}.json").write_text(json.dumps(made))
    found = read("fhir", tmp_path).splits()["train"]
    assert {one.encounter_id: [(c.system, c.code) for c in one.codes] for one in found} == {
        "n/1": [(system, code)],
        "77": [(system, code)],
    }


@pytest.mark.parametrize(
    "first",
    [
        f"e1,Mr {SECRET} has gout,M10.9",
        f"e1,{SECRET},M10.9",
        f"{SECRET}",
        f'e1,"{SECRET}\nborn 1951",M10.9',
        f"note,{SECRET} has gout",
        f"encounter_id,{SECRET} has gout,codes",
        f"encounter_id;text;codes;{SECRET}",
        "",
    ],
)
def test_a_table_without_a_header_keeps_its_first_row_to_itself(first: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{first}\ne2,Gout,I10\n")
    with pytest.raises(LeadtermError, match=r"lacks the columns|line 2 has 1 field,") as caught:
        read("csv", tmp_path / "a.csv").splits()
    assert SECRET.lower() not in str(caught.value).lower()


@pytest.mark.parametrize(
    "row",
    [
        f"e1,Gout,M10.9,{SECRET} had gout,",
        f"e1,Gout,M10.9,,{SECRET} had gout and a long history of it",
        "e1,Gout,M10.9,../../x,",
    ],
)
def test_text_in_the_wrong_column_is_not_shown(row: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"encounter_id,text,codes,split,setting\n{row}\n")
    with pytest.raises(LeadtermError) as caught:
        import_corpus("csv", tmp_path / "a.csv", tmp_path / "made")
    assert SECRET not in str(caught.value)
    assert not (tmp_path / "made").exists()


CARD = """
name = "c"
source = ""
licence = ""
languages = ["en"]
split_method = ""
phi_status = "none: invented"
[systems]
own = "1"
[code_lists]
own = {}
"""


class TestCodeListsStayInside:
    @pytest.mark.parametrize("name", ["../secret.tsv", "/etc/passwd", "sub/list.tsv", "..", "", "a\0b", "link.tsv"])
    def test_names_that_lead_away(self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = tmp_path / "c"
        (folder / "sub").mkdir(parents=True)
        for place in (tmp_path / "secret.tsv", folder / "sub" / "list.tsv"):
            place.write_text(f"{SECRET}\tx\n")
        (folder / "link.tsv").symlink_to("../secret.tsv")
        (folder / "corpus.toml").write_text(CARD.format(json.dumps(name)))
        (folder / "train.jsonl").write_text('{"encounter_id": "e", "notes": [{"note_id": "n", "text": "Gout."}]}')
        with pytest.raises(LeadtermError):
            read_code_list(folder, "own")
        before = sorted(folder.iterdir())
        main(["corpus", "check", "--fix", str(folder)])
        assert sorted(folder.iterdir()) == before
        assert SECRET not in "".join(capsys.readouterr())
        with pytest.raises(LeadtermError):
            import_corpus("jsonl", folder, tmp_path / "made")

    def test_a_file_and_a_link_inside_will_do(self, tmp_path: Path) -> None:
        (tmp_path / "list.tsv").write_text("42\tFalls\n7\n")
        (tmp_path / "link.tsv").symlink_to("list.tsv")
        for name in ("list.tsv", "link.tsv"):
            (tmp_path / "corpus.toml").write_text(CARD.format(json.dumps(name)))
            assert read_code_list(tmp_path, "own") == [("42", "Falls"), ("7", "")]
