"""What becomes a candidate at all, area by area."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadterm.schema import Encounter, Note
from leadterm.suggester import Suggester

CASES = [
    line.split("\t")
    for line in Path(__file__).with_name("candidate_cases.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
][1:]


def codes(text: str) -> set[str]:
    return set() if text == "-" else set(text.split(";"))


@pytest.mark.parametrize(("area", "language", "text", "wanted", "unwanted"), CASES)
def test_a_note_makes_its_codes_candidates(
    engine: Suggester, area: str, language: str, text: str, wanted: str, unwanted: str
) -> None:
    note = Note("n1", text.replace("\\n", "\n"))
    found = {s.code for s in engine.suggest(Encounter("e1", (note,), language=language)).suggestions}
    assert codes(wanted) <= found, area
    assert codes(unwanted).isdisjoint(found), area
