"""The book of rules: what each says, how grave it is and who says so, from ``rules.tsv``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, cast

from leadterm.rules.findings import Finding, Severity
from leadterm.storage.tsv import package_table

if TYPE_CHECKING:
    from leadterm.schema import Mention

__all__ = ["SOURCES", "RuleText", "all_rules", "make_finding", "rule_text"]

SOURCES = {
    "guidelines": "ICD-10-CM Official Guidelines FY2025",
    "tabular": "ICD-10-CM Tabular List",
    "release": "code list of the day",
    "mce": "Medicare Code Editor",
    "poa": "ICD-10-CM Official Guidelines FY2025",
    "hac": "CMS hospital-acquired conditions",
    "ncci": "National Correct Coding Initiative",
    "coverage": "Medicare Coverage Database",
    "note": "the note itself",
    "claim": "claim form",
    "site": "rules of the site",
}


@dataclass(frozen=True, slots=True)
class RuleText:
    """A row of the book: the name of a rule, its severity, source, section, title, words and sentence."""

    name: str
    severity: Severity
    source: str
    section: str
    title: str
    message: str
    fix: str
    sentence: str


@cache
def all_rules() -> dict[str, RuleText]:
    """Give every rule by its name, in the order of the book."""
    rows = package_table("leadterm.rules", "rules.tsv")
    found = [
        RuleText(
            row["rule"], cast("Severity", row["severity"]), SOURCES[row["source"]],
            *(_said(row[name]) for name in ("section", "title", "message", "fix", "sentence")),
        )
        for row in rows
    ]  # fmt: skip
    return {rule.name: rule for rule in found}


def _said(cell: str) -> str:
    return "" if cell == "-" else cell


def rule_text(name: str) -> RuleText:
    """Give what the book says of a rule.

    >>> rule_text("excludes1").section
    'I.A.12.a'
    """
    return all_rules()[name]


def make_finding(
    name: str, system: str, codes: Iterable[str], *, severity: Severity | Literal[""] = "",
    evidence: Iterable[Mention] = (), section: str = "", **values: object,
) -> Finding:  # fmt: skip
    """Fill the words of a rule: ``{code}`` and ``{other}`` are its first two codes, the other places are `values`.

    >>> make_finding("not-in-force", "icd10cm", ["R05"], day="2026-03-02").message
    'R05 was not in force on 2026-03-02.'
    """
    rule, about = rule_text(name), tuple(codes)
    words = {"code": about[0] if about else "", "other": about[1] if len(about) > 1 else "", **values}
    message, fix = (text.format_map(words).strip() for text in (rule.message, rule.fix))
    return Finding(
        name, severity or rule.severity, system, about, message, fix,
        rule.source, section or rule.section, rule.sentence, tuple(evidence),
    )  # fmt: skip
