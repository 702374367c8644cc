"""CodiEsp."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_samples import codiesp, names

from leadterm.errors import LeadtermError
from leadterm.readers import read


def test_codiesp_evidence(tmp_path: Path) -> None:
    made = read("codiesp", codiesp(tmp_path)).splits()
    assert list(made) == ["train", "dev"]
    one = made["train"][0]
    assert names(one) == [("icd10cm", "N28.1", ""), ("icd10pcs", "BT43", "")]
    words = [[[s.text for s in mention.spans] for mention in code.evidence] for code in one.codes]
    assert words == [[["quiste"], ["quiste", "riñón"]], [["Ecografía", "riñón"]]]
    english = read("codiesp", tmp_path, language="en").splits()["dev"][0]
    assert (english.language, english.codes[0].evidence) == ("en", ())


def test_codiesp_faults(tmp_path: Path) -> None:
    source = codiesp(tmp_path)
    lines = {"S1\tDIAGNOSTICO\tn28.1\tx\t17-23\n": "bad offsets", "S1\tDIAG\tn28.1\tx\t17 23\n": "unknown label",
             "S1\tDIAGNOSTICO\tn28.1\tx\t17 99\n": "lie outside", "S1\tn28.1\n": "2 fields, not 5"}  # fmt: skip
    for line, said in lines.items():
        (source / "train" / "trainX.tsv").write_text(line)
        with pytest.raises(LeadtermError, match=said):
            read("codiesp", source).splits()
    (source / "train" / "trainX.tsv").unlink()
    (source / "train" / "trainD.tsv").write_text("S9\tn28.1\n")
    with pytest.raises(LeadtermError, match="lacks the text of 1 coded case, the first is S9"):
        read("codiesp", source).splits()


def test_codiesp_words_stand_at_their_offsets(data: Path) -> None:
    made = {one.encounter_id: one for some in read("codiesp", data / "codiesp").splits().values() for one in some}
    differ = total = 0
    for path in (data / "codiesp").glob("*/*X.tsv"):
        for line in path.read_text(encoding="utf-8").splitlines():
            case, _, code, words, _ = line.split("\t")
            given = next(one for one in made[case].codes if one.code == code.upper())
            found = {" ".join(m.text.split()) for m in given.evidence}
            total += 1
            differ += sorted(words.split()) not in [sorted(one.split()) for one in found]
    assert total > 13_000
    assert differ <= 10
