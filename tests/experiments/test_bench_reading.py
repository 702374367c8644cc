"""The bench counts right; how fast it finds things is no test's business."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadterm.errors import LeadtermError
from leadterm.experiments.bench_reading import Timing, concatenate, main, measure, read_notes


def test_every_contender_reads_every_note_once_a_round() -> None:
    seen: list[str] = []
    notes = [f"note {i}" for i in range(23)]
    rows = measure([Timing("all", seen.append, str), Timing("few", len, str, most=1)], notes, rounds=2)
    assert sorted(seen) == sorted(notes * 2)
    assert [(row.notes, row.words) for row in rows] == [(23, 46), (3, 6)]
    assert all(row.notes_per_second > 0 and row.first_ms_per_note >= 0 for row in rows)


def test_notes_are_joined_to_about_the_wanted_length() -> None:
    joined = concatenate(["word " * n for n in (100, 200, 150, 500, 30, 400, 100)], words=430)
    assert [len(text.split()) for text in joined] == [450, 500, 430]
    assert concatenate([], words=5) == []
    assert concatenate(["one"], words=5) == ["one"]


def test_notes_of_a_corpus_are_taken_evenly() -> None:
    every, some = (read_notes([], Path("corpora/reference"), most) for most in (10_000, 7))
    assert len(some) == 7
    assert [every.index(note) for note in some] == [number * (len(every) // 7) for number in range(7)]


def test_bad_input_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LeadtermError, match="0 notes"):
        measure([], [])
    binary = tmp_path / "note.txt"
    binary.write_bytes(b"\xff\xfe\x00secret")
    with pytest.raises(LeadtermError, match="not UTF-8") as raised:
        read_notes([binary], tmp_path)
    assert "secret" not in str(raised.value)
    assert main(["--corpus", str(tmp_path / "none")]) == 2
    assert "secret" not in capsys.readouterr().err
