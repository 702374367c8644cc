"""A review of a coder's codes, and the book of rules: for the terminal, as a page, as a table of a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import fill

from leadterm.errors import counted, printable
from leadterm.pages.render import render
from leadterm.rules.book import all_rules
from leadterm.rules.findings import Finding
from leadterm.rules.review import Review

__all__ = ["review_page", "review_text", "rules_table"]

MARKS = {"error": "✗", "warning": "!", "advice": "·"}
QUOTED, WORDS = 100, 3


def review_text(reviews: Iterable[Review], *, width: int = 100) -> Iterator[str]:
    """Lay reviews out as text, one after the other."""
    for review in reviews:
        lines = (
            fill(printable(line), width, subsequent_indent="  ", break_on_hyphens=False) for line in _lines(review)
        )
        yield "".join(f"{line}\n" for line in lines)


def _lines(review: Review) -> Iterator[str]:
    yield f"{review.encounter.encounter_id}  {' '.join(item.code for item in review.items)}"
    yield _counted(review)
    for finding in review.findings:
        yield ""
        yield f"{MARKS[finding.severity]} {finding.level or finding.severity}: {finding.message}"
        more = (
            finding.fix, finding.override and f"Let stand: {finding.override}",
            finding.evidence and f"In the note: {_words(finding)}", f"{finding.rule} · {where_said(finding)}",
        )  # fmt: skip
        yield from (f"  {line}" for line in more if line)
    for query in review.queries:
        yield ""
        yield f"? {query.question}"
        yield from (f"  “{_short(quote.text)}”" for quote in query.quotes)
        yield f"  {' / '.join(query.choices)}"
        yield f"  {query.rule}{f' · {query.section}' if query.section else ''}"


def _counted(review: Review) -> str:
    counts = {name: sum(one.severity == name for one in review.findings) for name in MARKS}
    named = ", ".join(f"{n} {name}{'s' * (n != 1 and name != 'advice')}" for name, n in counts.items() if n)
    asked = (
        f"{counted(len(review.queries), 'question')} to the provider" if review.queries else ""
    )
    return "; ".join(part for part in (named, asked) if part) or "nothing to say"


def where_said(finding: Finding) -> str:
    """Give the source of a finding with its section and sentence."""
    place = f"{finding.source} {finding.section}".strip()
    return f"{place}: {finding.sentence}" if finding.sentence else place


def _words(finding: Finding) -> str:
    return "; ".join(f"“{_short(mention.text)}”" for mention in finding.evidence[:WORDS])


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return f"{flat[:QUOTED]}…" if len(flat) > QUOTED else flat


def review_page(reviews: Sequence[Review]) -> str:
    """Make a page of reviews. It loads nothing and sends nothing; it holds patient data: keep it as you keep the notes.

    >>> review_page([]).startswith("<!doctype html>")
    True
    """
    return render("review.html", reviews=reviews, counted=_counted, where_said=where_said, short=_short)


def rules_table() -> str:
    """Give the book of rules as a table in Markdown, for the documents.

    >>> rules_table().splitlines()[0]
    '| rule | severity | what it checks | who says so |'
    """
    rows = []
    for rule in all_rules().values():
        place = f"{rule.source}{f', {rule.section}' if rule.section and '{' not in rule.section else ''}"
        rows.append(f"| `{rule.name}` | {rule.severity} | {rule.title} | {place} |")
    return "\n".join(["| rule | severity | what it checks | who says so |", "|---|---|---|---|", *rows]) + "\n"
