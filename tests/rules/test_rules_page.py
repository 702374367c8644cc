"""The table of docs/rules.md is the book of rules. `python tests/rules/test_rules_page.py` writes it anew."""

from __future__ import annotations

from pathlib import Path

from leadterm.pages.review_views import rules_table

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
MARK = "<!-- rules -->\n"


def test_the_page_has_the_rules_of_the_book() -> None:
    assert PAGE.read_text(encoding="utf-8").partition(MARK)[2] == rules_table()


if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text(encoding="utf-8").partition(MARK)[0] + MARK + rules_table(), encoding="utf-8")
