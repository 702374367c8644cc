"""What data can do to a terminal: nothing."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.evaluation import compare, evaluate
from leadterm.pages.report_tables import comparison_tables, report_tables
from leadterm.pages.suggestion_table import suggestion_table
from leadterm.pages.terminal import make_console, make_table, plain
from leadterm.schema import Encounter, EvidenceSpan, Finding, Mention, Note, Suggestion, SuggestionSet

EVIL = "a[/red]b [link=https://example.org]c[/link] \x1b[31md\x9b31me\u202ef :smile:"
SHOWN = "a[/red]b [link=https://example.org]c[/link] ·[31md·31me·f :smile:"


def drawn(*parts: object, **options: object) -> str:
    text = StringIO()
    console = make_console(file=text, width=200, **options)
    for part in parts:
        console.print(part)
    return text.getvalue()


@pytest.mark.parametrize("options", [{}, {"force_terminal": True, "color_system": "truecolor"}])
def test_text_is_shown_and_never_obeyed(options):
    table = make_table(EVIL, [EVIL], caption=EVIL)
    table.add_row(EVIL)
    table.add_row(plain(EVIL))
    for part in (EVIL, plain(EVIL), table):
        shown = drawn(part, **options)
        assert SHOWN in shown
        assert "\x1b[31m" not in shown
        assert "\x9b" not in shown
        assert "\x1b]8" not in shown
    assert drawn(table).count(SHOWN) == 5
    assert "\x07" not in drawn("bell \x07", plain("bell \x07"))


def test_styles_still_work():
    shown = drawn(plain("fine", "bold red"), force_terminal=True, color_system="truecolor")
    assert shown == "\x1b[1;31mfine\x1b[0m\n"


def test_tables_of_results_hold_names_as_they_are():
    gold = {"e1": {EVIL: 1.0}}
    report = evaluate(gold, {"e1": [EVIL]}, n_bootstrap=0)
    both = compare({EVIL: gold, "b": gold}, {"e1": [EVIL]}, n_bootstrap=0, n_permutations=100)
    shown = drawn(*report_tables(report), *comparison_tables(both))
    assert "\x1b" not in shown
    assert "[/red]" in shown


def test_a_suggestion_with_every_field_evil():
    text = f"He has {EVIL}."
    span = EvidenceSpan("n", 7, 7 + len(EVIL), EVIL)
    mention = Mention("n", (span,), "possible", (span,), EVIL, EVIL, EVIL)
    finding = Finding(EVIL, "advice", EVIL, (EVIL,), EVIL)
    made = Suggestion(1, EVIL, EVIL, EVIL, 0.9, (mention,), findings=(finding,))
    encounter = Encounter(EVIL, (Note("n", text),))
    for width in (40, 80, 140):
        console = make_console(file=(out := StringIO()), width=width, color_system=None)
        console.print(suggestion_table(encounter, SuggestionSet(EVIL, EVIL, {}, (made,)), top=5))
        assert not {char for char in out.getvalue() if not char.isprintable()} - {"\n"}


def test_messages_of_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "t.csv").write_text("encounter_id,text,codes\n1,Dry cough.,R05.9\n", encoding="utf-8")
    out = tmp_path / "o[/red]\x1b[31m"
    assert main(["corpus", "import", "csv", str(tmp_path / "t.csv"), "--output", str(out)]) == 0
    assert "o[/red]·[31m: 1 encounter (train 1), 1 code." in capsys.readouterr().err
    line = {"encounter_id": "e\x1b[31m[/x]", "notes": [{"note_id": "n", "text": ""}], "codes": []}
    (out / "dev.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert main(["corpus", "check", str(out)]) == 1
    assert "\x1b" not in "".join(capsys.readouterr())
    assert main(["codes", "show", "[/x]"]) == 2
    assert main(["suggest", str(tmp_path / "no\x1b[31m.txt")]) == 2
    assert main(["suggest", str(tmp_path / "t.csv"), "--model", "m\x1b[31m"]) == 2
    assert "\x1b" not in "".join(capsys.readouterr())
