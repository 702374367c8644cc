"""Tab-separated tables are read by one set of rules and read back as they were written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadterm.cli import main
from leadterm.errors import LeadtermError
from leadterm.evaluation import Run
from leadterm.schema import Suggestion, SuggestionSet
from leadterm.storage.tsv import iter_rows, parse_table, table_text

CELL = st.text().filter(lambda text: text == text.strip() and text and not set(text) & set("\t\n\r\x00"))


@given(st.lists(st.tuples(CELL, CELL), min_size=1))
def test_what_is_written_is_read_back(rows: list[tuple[str, str]]) -> None:
    text = table_text(["a", "b"], rows)
    read = parse_table(text, "t")
    assert [tuple(row.values()) for row in read] == [row for row in rows if not row[0].startswith("#")]


def test_quotes_remarks_and_line_ends() -> None:
    text = '# A remark.\r\nword\tbase\r\n"ran\t"r"un\r\n\n  \nnbsp\u2028x\t\n'
    assert parse_table(text, "t") == [{"word": '"ran', "base": '"r"un'}, {"word": "nbsp\u2028x", "base": ""}]


@pytest.mark.parametrize("row", ["a", "a\tb\tc", "\t\t"])
def test_a_row_of_another_size_is_named_by_its_line_alone(row: str) -> None:
    with pytest.raises(LeadtermError, match="demo line 3 has") as caught:
        list(iter_rows(f"x\ty\n\n{row}z\n", "demo"))
    assert "az" not in str(caught.value)


def suggestions(name: str) -> SuggestionSet:
    return SuggestionSet(name, "m", {}, (Suggestion(1, "icd10cm", "I10", "", 0.7, ()),))


@pytest.mark.parametrize(
    "name", ["plain", 'q"uote', '"lead', 'end"', "'", '""', "a b", "#1", "NA", "nan", "é", "a,b", "a\u2028b", "1e5"]
)
def test_a_run_file_keeps_every_id(name: str, tmp_path: Path) -> None:
    run = Run.from_suggestions([suggestions(name), suggestions("other")])
    (tmp_path / "r.tsv").write_text(run.to_text(), encoding="utf-8")
    back = Run.from_file(tmp_path / "r.tsv")
    assert set(back.encounters) == {name, "other"}
    assert back.score.tolist() == run.score.tolist()


@pytest.mark.parametrize("name", ["a\tb", "a\nb", "a\rb", " a", "a ", "a\x00b"])
def test_an_id_that_would_be_lost_is_refused(name: str) -> None:
    with pytest.raises(LeadtermError, match=r"encounter_id .* cannot stand in a tab-separated table"):
        Run.from_suggestions([suggestions(name)]).to_text()


def test_a_saved_run_scores_as_the_model_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note = [{"note_id": "n1", "text": "Assessment: Gout of the left knee."}]
    lines = [
        json.dumps({"encounter_id": name, "notes": note, "codes": [{"system": "icd10cm", "code": "M10.9"}]})
        for name in ("plain", 'q"uote', '"lead')
    ]
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "dev.jsonl").write_text("\n".join(lines))
    asked = ["--split", "dev", "--format", "json", "--bootstrap", "0"]
    run, scores = tmp_path / "r.tsv", []
    assert main(["evaluate", "default", str(tmp_path / "c"), *asked, "--save-run", str(run)]) == 0
    scores.append(json.loads(capsys.readouterr().out))
    assert main(["evaluate", str(run), str(tmp_path / "c"), *asked, "--threshold", str(scores[0]["threshold"])]) == 0
    shown = capsys.readouterr()
    scores.append(json.loads(shown.out))
    assert "not answered" not in shown.err
    assert scores[0]["systems"] == scores[1]["systems"]
