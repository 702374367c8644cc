"""Decisions are kept: whole, once, in order, whatever dies; and where an encounter stands follows from them alone."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from leadterm.decisions.changes import Change, Entry
from leadterm.decisions.decision_store import Conflict, DecisionStore
from leadterm.decisions.verdicts import redoable, standing, undoable
from leadterm.errors import LeadtermError

KEY = ("e1", "0f")


def entry(id: str, *changes: Change, who: str = "ana") -> Entry:
    return Entry(id, "", who, *KEY, changes)


def of(action: str, code: str = "", **more: str) -> Change:
    return Change(action, "icd10cm" if code else "", code, **more)


def final(*entries: Entry) -> list[str]:
    return [code for _, code in standing(entries).final]


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    store = DecisionStore(tmp_path / "new")
    change = Change("accept", "icd10cm", "M10.9", evidence=(("n1", ((0, 4), (9, 12))),), confidence=0.8)
    kept = store.append(entry("1", change))
    again = DecisionStore(tmp_path / "new").entries(KEY)
    assert again == (kept,)
    assert again[0].changes == (change,)
    assert again[0].at.startswith("20")
    assert ((tmp_path / "new" / "decisions.db").stat().st_mode & 0o077) == 0


def test_a_save_that_is_sent_twice_counts_once(tmp_path: Path) -> None:
    store = DecisionStore(tmp_path)
    first = store.append(entry("1", of("accept", "I10")), seen=0)
    assert store.append(entry("1", of("accept", "I10")), seen=0) == first
    assert len(DecisionStore(tmp_path).entries(KEY)) == 1


def test_who_decides_on_what_somebody_changed_is_told(tmp_path: Path) -> None:
    ana, ben = DecisionStore(tmp_path), DecisionStore(tmp_path)
    ana.append(entry("1", of("accept", "I10")), seen=0)
    with pytest.raises(Conflict, match="ana decided"):
        ben.append(entry("2", of("reject", "I10"), who="ben"), seen=0)
    ben.append(entry("2", of("reject", "I10"), who="ben"), seen=1)
    assert [one.who for one in ana.entries(KEY)] == ["ana"]  # read when it next writes
    ana.append(entry("3", of("finish")))
    assert [one.who for one in ana.entries(KEY)] == ["ana", "ben", "ana"]


def test_threads_lose_nothing(tmp_path: Path) -> None:
    stores = [DecisionStore(tmp_path) for _ in range(4)]
    work = [threading.Thread(target=lambda n=n: [stores[n].append(entry(f"{n}-{i}", of("finish"))) for i in range(10)])
            for n in range(4)]  # fmt: skip
    for one in work:
        one.start()
    for one in work:
        one.join()
    assert len(DecisionStore(tmp_path).entries(KEY)) == 40


def test_a_database_that_is_not_ours_stays_as_it_is(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "decisions.db")) as diary:
        diary.execute("CREATE TABLE diary (day TEXT)")
        diary.commit()
    before = (tmp_path / "decisions.db").read_bytes()
    with pytest.raises(LeadtermError, match="no file of decisions"):
        DecisionStore(tmp_path)
    assert len((tmp_path / "decisions.db").read_bytes()) == len(before)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "decisions.db").write_bytes(b"a diary, and a long one" * 100)
    with pytest.raises(LeadtermError, match="cannot be used"):
        DecisionStore(tmp_path / "other")


def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    store = DecisionStore(tmp_path)
    store.append(entry("1", of("accept", "I10")))
    with closing(sqlite3.connect(tmp_path / "decisions.db")) as database:
        database.execute("UPDATE leadterm_entry SET body = 'nonsense'")
        database.commit()
    with pytest.raises(LeadtermError, match="entry 1 of the decisions is damaged"):
        DecisionStore(tmp_path)


def test_final_codes_follow_the_decisions() -> None:
    made = [
        entry("1", of("accept", "I10")), entry("2", of("accept", "E11.9")), entry("3", of("reject", "R05.9")),
        entry("4", of("replace", "E11.9", to="E11.65")), entry("5", of("add", "Z79.4")),
    ]  # fmt: skip
    assert final(*made) == ["I10", "E11.65", "Z79.4"]
    sequence = of("sequence", value="icd10cm:E11.65 icd10cm:Z79.4 icd10cm:I10")
    assert final(*made, entry("6", sequence)) == ["E11.65", "Z79.4", "I10"]
    assert final(*made, entry("6", of("clear", "I10"))) == ["E11.65", "Z79.4"]


def test_poa_of_a_code_that_replaces_another() -> None:
    made = standing([entry("1", of("replace", "E11.9", to="E11.65")), entry("2", of("poa", "E11.65", value="N"))])
    assert [one.poa for one in made.final.values()] == ["N"]


def test_undo_takes_back_an_entry_with_all_its_changes_and_redo_brings_it_back() -> None:
    both = entry("1", of("reject", "I10"), of("reject", "R05.9"))
    made = [entry("0", of("accept", "M10.9")), both]
    assert undoable(made, "ana") == "1"
    made.append(entry("2", of("undo", value="1")))
    assert {code for _, code in standing(made).verdicts} == {"M10.9"}
    assert (undoable(made, "ana"), redoable(made, "ana")) == ("0", "1")
    made.append(entry("3", of("redo", value="1")))
    assert {code for _, code in standing(made).verdicts} == {"M10.9", "I10", "R05.9"}
    assert redoable(made, "ana") == ""


def test_nobody_undoes_what_another_decided() -> None:
    made = [entry("1", of("accept", "I10")), entry("2", of("accept", "M10.9"), who="ben")]
    assert (undoable(made, "ana"), undoable(made, "ben"), undoable(made, "eve")) == ("1", "2", "")


def test_a_new_decision_ends_redo() -> None:
    made = [entry("1", of("accept", "I10")), entry("2", of("undo", value="1")), entry("3", of("accept", "M10.9"))]
    assert redoable(made, "ana") == ""


@pytest.mark.parametrize(
    "change", [Change("steal"), Change("accept"), of("replace", "I10"), of("reject", "I10", reason="mood")]
)
def test_a_change_that_says_too_little_is_refused(change: Change) -> None:
    with pytest.raises(LeadtermError):
        change.check()
