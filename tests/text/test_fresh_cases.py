"""Statements, guards and contexts that nothing was tuned on: the share that must be right.

`python tests/text/test_fresh_cases.py` prints what fails.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from text_helpers import annotate, parse_case

from leadterm import models
from leadterm.codes.registry import load_system
from leadterm.schema import Encounter, Note
from leadterm.storage.tsv import parse_table
from leadterm.suggester import Suggester

HERE = Path(__file__).parents[1] / "cases"
SHARES = {"statements": 0.90, "guards": 0.98, "contexts": 0.95}


def rows(name: str) -> list[dict[str, str]]:
    """The cases of one table, their line ends restored."""
    return parse_table((HERE / f"fresh_{name}.tsv").read_text("utf-8").replace("\\n", "\r"), name)


def codes(cell: str) -> list[str]:
    """The codes of a cell."""
    return [] if cell == "-" else cell.split(";")


def language(row: dict[str, str]) -> str:
    """The language of a case, which its kind tells."""
    return "es" if "in Spanish" in row["kind"] else "en"


def wrong_codes(row: dict[str, str], model: Suggester) -> str:
    """What a statement misses (-) and what it should not get (+)."""
    note = Note("note", row["text"].replace("\r", "\n"))
    found = model.suggest(Encounter("case", (note,), setting=row["setting"], language=language(row)))
    up = {s.code for s in found.suggestions if s.confidence >= found.threshold}
    missing, extra = [c for c in codes(row["must"]) if c not in up], [c for c in codes(row["never"]) if c in up]
    return " ".join([*(f"-{c}" for c in missing), *(f"+{c}" for c in extra)])


def wrong_contexts(row: dict[str, str], _: Suggester | None = None) -> str:
    """The marked words of a sentence that are read otherwise; `a/b` allows both."""
    case = parse_case(language(row), row["sentence"].replace("\r", "\n"))
    doc = annotate(case.text, [(a, b) for a, b, _ in case.mentions], case.language)
    read = [mention._.assertion for mention in doc.spans["mentions"]]
    return " ".join(
        f"{case.text[a:b]}:{got}" for (a, b, meant), got in zip(case.mentions, read, strict=True)
        if got not in meant.split("/")
    )  # fmt: skip


JUDGES: dict[str, Callable[[dict[str, str], Suggester], str]] = {
    "statements": wrong_codes, "guards": wrong_codes, "contexts": wrong_contexts,
}  # fmt: skip


def test_fresh_cases_are_sound() -> None:
    icd = load_system("icd10cm")
    for name in ("statements", "guards"):
        named = [code for row in rows(name) for key in ("must", "never") for code in codes(row[key])]
        assert not [code for code in named if code not in icd or not icd.is_billable(code)]
        assert len({row["text"] for row in rows(name)}) == len(rows(name))


@pytest.mark.parametrize(("name", "share"), SHARES.items())
def test_share_of_fresh_cases_that_are_right(engine: Suggester, name: str, share: float) -> None:
    wrong = [(fault, row) for row in rows(name) if (fault := JUDGES[name](row, engine))]
    assert len(wrong) <= (1 - share) * len(rows(name)), wrong


def report() -> None:
    """Print the share of each table, and each failing case."""
    model = models.load("default")
    for name in SHARES:
        wrong = [(fault, row) for row in rows(name) if (fault := JUDGES[name](row, model))]
        print(f"{name}: {len(rows(name)) - len(wrong)} of {len(rows(name))}")
        for fault, row in wrong:
            print(f"  {row['kind']}: {fault}\n      {(row.get('text') or row['sentence'])!r}")


if __name__ == "__main__":
    report()
