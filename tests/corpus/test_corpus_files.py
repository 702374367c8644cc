"""Corpora on disk: reading, writing whole or not at all, checking, mending, counting."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from leadterm import corpus
from leadterm.corpus import Card, Problem, check, fix, iter_split, read_card, read_split, stats, write_corpus
from leadterm.errors import LeadtermError
from leadterm.readers import import_corpus
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode

CARD = Card("demo", "Invented.", "CC0-1.0", ("en",), {"icd10cm": "2026.04"}, "by hand", "none: invented")
SECRET = "Zebrafish allergy since childhood."


def encounter(name: str, *codes: str, patient: str | None = None, text: str = SECRET) -> Encounter:
    given = tuple(ReferenceCode("icd10cm", code) for code in codes)
    return Encounter(name, (Note("n1", text),), given, patient)


def make(folder: Path, **splits: list[Encounter]) -> Path:
    write_corpus(folder / "demo", CARD, splits)
    return folder / "demo"


def kinds(problems: list[Problem]) -> list[tuple[str, str, int]]:
    return [(problem.kind, problem.split, problem.line) for problem in problems]


def test_written_and_read_again(tmp_path: Path) -> None:
    train, dev = [encounter("a", "I10"), encounter("b", "R05.9", "I10")], [encounter("c", "I10")]
    path = make(tmp_path, dev=dev, train=train)
    assert (read_split(path, "train"), read_split(path, "dev")) == (train, dev)
    assert corpus.splits_of(path) == ["train", "dev"]
    card = read_card(path)
    assert card.counts["codes"] == 4
    assert card.counts["distinct_codes"] == 2
    assert card.splits == {"train": 2, "dev": 1}
    assert check(path) == []


def test_same_content_same_bytes(tmp_path: Path) -> None:
    one = make(tmp_path / "one", train=[encounter("a", "I10")], dev=[encounter("b", "I10")])
    two = make(tmp_path / "two", dev=[encounter("b", "I10")], train=[encounter("a", "I10")])
    for name in ("corpus.toml", "train.jsonl", "dev.jsonl"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_a_failed_write_leaves_the_old_corpus(tmp_path: Path) -> None:
    path = make(tmp_path, train=[encounter("a", "I10")])
    before = (path / "train.jsonl").read_bytes()

    def breaking() -> Iterator[Encounter]:
        yield encounter("b", "I10")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(LeadtermError, match="No space left on device"):
        write_corpus(path, CARD, {"train": breaking()})
    assert (path / "train.jsonl").read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["demo"]


def test_an_older_corpus_is_replaced_but_nothing_else(tmp_path: Path) -> None:
    path = make(tmp_path, train=[encounter("a", "I10")], dev=[encounter("b", "I10")])
    make(tmp_path, train=[encounter("c", "I10")])
    assert corpus.splits_of(path) == ["train"]
    assert [item.name for item in tmp_path.iterdir()] == ["demo"]
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").touch()
    with pytest.raises(LeadtermError, match="exists and is not a corpus"):
        write_corpus(tmp_path / "letters", CARD, {"train": [encounter("a")]})


def test_bad_writes(tmp_path: Path) -> None:
    with pytest.raises(LeadtermError, match="no encounter to write"):
        write_corpus(tmp_path / "x", CARD, {"train": []})
    with pytest.raises(LeadtermError, match="bad split name"):
        write_corpus(tmp_path / "x", CARD, {"../train": [encounter("a")]})
    (tmp_path / "file").touch()
    with pytest.raises(LeadtermError, match="cannot write the corpus"):
        write_corpus(tmp_path / "file" / "x", CARD, {"train": [encounter("a")]})
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b'{"encounter_id": "e1", "notes": [{"note_id": "n1", "text": "' + SECRET.encode(), "line 1 is not JSON"),
        ('{"encounter_id": "\xe9"}'.encode("latin-1"), "line 1 is not UTF-8: byte 19 is 0xe9"),
        ('{"encounter_id": "e"}'.encode("utf-16"), "is not UTF-8"),
        (b"\n[1, 2]", "line 2: the encounter is no object"),
        (b'{"encounter_id": "e7", "notes": []}', "line 1 (encounter 'e7'): 'notes' in the encounter is empty"),
        (b"[" * 100_000, "line 1 is not"),
    ],
)
def test_bad_files_are_named_without_their_text(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "train.jsonl").write_bytes(content)
    with pytest.raises(LeadtermError) as error:
        list(iter_split(tmp_path, "train"))
    assert said in str(error.value)
    assert "Zebrafish" not in str(error.value)
    assert "bad-card" in {problem.kind for problem in check(tmp_path)}


def test_a_byte_order_mark_and_windows_line_ends_are_no_harm(tmp_path: Path) -> None:
    line = json.dumps(corpus.encode(encounter("a", "I10")))
    (tmp_path / "train.jsonl").write_bytes(b"\xef\xbb\xbf" + f"{line}\r\n\r\n".encode())
    assert read_split(tmp_path, "train") == [encounter("a", "I10")]


def test_missing_splits_and_folders(tmp_path: Path) -> None:
    path = make(tmp_path, train=[encounter("a")], dev=[encounter("b")])
    with pytest.raises(LeadtermError, match=r"unknown split of .*'tran'; did you mean 'train'"):
        read_split(path, "tran")
    with pytest.raises(LeadtermError, match=r"no SPLIT\.jsonl"):
        corpus.splits_of(tmp_path)
    with pytest.raises(LeadtermError, match="is a file"):
        corpus.splits_of(path / "train.jsonl")


def test_duplicate_ids_are_refused_when_reading(tmp_path: Path) -> None:
    path = make(tmp_path, train=[encounter("a", "I10"), encounter("a", "I10")])
    with pytest.raises(LeadtermError, match="encounter 'a' 2 times"):
        read_split(path, "train")
    assert kinds(check(path)) == [("duplicate-id", "train", 2)]


def test_check_finds_each_fault(tmp_path: Path) -> None:
    path = make(
        tmp_path,
        train=[
            encounter("a", "I10", patient="p1"),
            encounter("b", "e119", "E11.9"),
            encounter("c", "I10", text=" \n"),
            encounter("d"),
            encounter("e", "Q99.999", "E11"),
        ],
        dev=[encounter("f", "I10", patient="p1")],
    )
    with (path / "dev.jsonl").open("a") as file:
        file.write('{"encounter_id": "g"}\n')
        evidence = [{"note_id": "n1", "spans": [[0, 99]]}]
        code = {"system": "icd10cm", "code": "I10", "evidence": evidence}
        file.write(json.dumps({"encounter_id": "h", "notes": [{"note_id": "n1", "text": "x"}], "codes": [code]}) + "\n")
    found = check(path)
    assert [(p.level, p.kind, p.split, p.line) for p in found] == [
        ("error", "wrong-count", "", 0),
        ("error", "wrong-count", "", 0),
        ("error", "wrong-count", "", 0),
        ("error", "wrong-count", "", 0),
        ("error", "wrong-count", "", 0),
        ("warning", "duplicate-code", "train", 2),
        ("error", "spelling", "train", 2),
        ("error", "empty-note", "train", 3),
        ("warning", "no-codes", "train", 4),
        ("error", "unknown-code", "train", 5),
        ("error", "unknown-code", "train", 5),
        ("error", "patient-in-two-splits", "dev", 1),
        ("error", "bad-encounter", "dev", 2),
        ("error", "bad-code", "dev", 3),
        ("warning", "no-codes", "dev", 3),
    ]
    assert not any("Zebrafish" in str(problem) for problem in found)
    assert "is not in" in found[9].message
    assert "is a heading in" in found[10].message


def test_codes_of_another_release_are_warnings_and_partial_codes_are_fine(tmp_path: Path) -> None:
    card = replace(CARD, systems={"icd10cm": "2018"})
    write_corpus(tmp_path / "old", card, {"train": [encounter("a", "Q99.999", "E11")]})
    assert [problem.level for problem in check(tmp_path / "old")] == ["warning", "warning"]
    card = replace(CARD, partial_codes=("icd10cm",))
    write_corpus(tmp_path / "cut", card, {"train": [encounter("a", "E11", "S52.53")]})
    assert check(tmp_path / "cut") == []


def test_own_and_unknown_systems(tmp_path: Path) -> None:
    one = Encounter("a", (Note("n1", "x"),), (ReferenceCode("own", "42"), ReferenceCode("own", "44")))
    card = replace(CARD, systems={"own": "1", "nowhere": "2"})
    pairs = [("train", one)]
    corpus.write_stream(tmp_path / "own", card, pairs, code_lists={"own": [("42", "Falls"), ("43", "Burns")]})
    found = check(tmp_path / "own")
    assert [problem.kind for problem in found] == ["codes-not-checked", "unknown-code"]
    assert "own 44 is not in the list codes-own.tsv" in found[1].message
    write_corpus(tmp_path / "undeclared", CARD, {"train": [one]})
    assert "undeclared-system" in {problem.kind for problem in check(tmp_path / "undeclared")}


def test_fix_mends_spelling_and_merges(tmp_path: Path) -> None:
    def code(text: str, start: int, end: int) -> ReferenceCode:
        return ReferenceCode("icd10cm", text, "", (Mention.of(EvidenceSpan("n1", start, end, SECRET[start:end])),))

    rough = Encounter("a", (Note("n1", SECRET),), (code("z910", 0, 9), code("Z91.0", 10, 17)))
    path = make(tmp_path, train=[rough, encounter("b", "i10")])
    assert fix(path) == 3
    mended = read_split(path, "train")
    assert [c.code for c in mended[0].codes] == ["Z91.0"]
    assert len(mended[0].codes[0].evidence) == 2
    assert {problem.kind for problem in check(path)} == {"unknown-code"}
    assert fix(path) == 0


def test_fix_touches_nothing_else(tmp_path: Path) -> None:
    path = make(tmp_path, train=[encounter("a", "m109"), encounter("b", "I10", "i10")], dev=[encounter("c", "I10")])
    (path / "corpus.toml").write_text("# Ours.\n" + (path / "corpus.toml").read_text() + "# The end.\n")
    (path / "sources").mkdir()
    (path / "sources" / "by_hand.md").write_text("mine")
    (path / "README.md").write_text("mine")
    with (path / "train.jsonl").open("a") as file:
        file.write('\n{"notes": [{"note_id": "n1", "text": "Gout."}],   "encounter_id": "d"}\n')
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.rglob("*") if file.is_file()}
    assert fix(path) == 2
    kept = {file for file in before if (file.read_bytes(), file.stat().st_mtime_ns) == before[file]}
    assert {file.name for file in before.keys() - kept} == {"corpus.toml", "train.jsonl"}
    card = (path / "corpus.toml").read_text()
    assert card.startswith("# Ours.\n")
    assert card.endswith("# The end.\n")
    assert (read_card(path).counts["codes"], read_card(path).counts["encounters"]) == (3, 4)
    assert '\n\n{"notes": [{"note_id": "n1", "text": "Gout."}],   "enc' in (path / "train.jsonl").read_text()
    after = {file: file.stat().st_mtime_ns for file in before}
    assert fix(path) == 0
    assert {file: file.stat().st_mtime_ns for file in before} == after


@pytest.mark.parametrize("other", ["README.md", ".git/config", "sources/by_hand.md", "codes-own.tsv"])
def test_a_corpus_with_other_files_is_not_replaced(tmp_path: Path, other: str) -> None:
    path = make(tmp_path, train=[encounter("a", "I10")])
    (path / other).parent.mkdir(exist_ok=True)
    (path / other).write_text("mine")
    before = (path / "train.jsonl").read_bytes()
    with pytest.raises(LeadtermError, match="which would be lost"):
        make(tmp_path, train=[encounter("b", "I10")])
    assert ((path / other).read_text(), (path / "train.jsonl").read_bytes()) == ("mine", before)


def test_an_import_does_not_replace_its_source(tmp_path: Path) -> None:
    path = make(tmp_path, train=[encounter("a", "I10")])
    before = (path / "train.jsonl").read_bytes()
    for source in (path, path / "train.jsonl"):
        with pytest.raises(LeadtermError, match="holds the source"):
            import_corpus("jsonl", source, path)
    assert (path / "train.jsonl").read_bytes() == before


def test_stats(tmp_path: Path) -> None:
    train = [encounter("a", "I10", patient="p1"), encounter("b", "I10", "R05.9"), encounter("c", "I10")]
    path = make(tmp_path, train=train, dev=[encounter("d", "E11.9", "I10"), encounter("e")])
    made = stats(path)
    assert made.splits["train"].codes_per_encounter == {"mean": 1.333, "median": 1.0, "max": 2.0}
    assert made.splits["dev"].uncoded == 1
    assert made.splits["train"].patients == 1
    assert made.systems["icd10cm"].frequency == {"1": 2, "2-4": 1, "5-9": 0, "10-49": 0, "50+": 0}
    assert made.systems["icd10cm"].unseen == {"dev": 0.5}
    assert json.loads(json.dumps(made.to_json()))["splits"]["train"]["counts"]["words"] == 12
    assert [table.row_count for table in made.tables()] == [17, 8]
