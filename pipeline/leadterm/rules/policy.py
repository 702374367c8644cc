"""What a site does not report: by code, section and kind of document, from a TOML file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from leadterm.errors import LeadtermError, unknown_name
from leadterm.rules.book import make_finding
from leadterm.rules.findings import Coded, Finding
from leadterm.rules.site_rules import known, site_file
from leadterm.schema import SETTINGS, Encounter
from leadterm.storage.text_files import read_text
from leadterm.text.layout.note_kind import KINDS, find_kind
from leadterm.text.layout.section_titles import categories

__all__ = ["Policy", "policy_names"]

SHIPPED = Path(__file__).parent / "policies"
LISTS = ("codes", "but", "unless-in", "kinds")
FIELDS = (*LISTS, "setting", "reason")


@dataclass(frozen=True, slots=True)
class Clause:
    """What is left out, and why.

    - ``codes``, ``but``: beginnings of codes that it is about, and of those it is not; all codes where empty.
    - ``sections``: a code stands if a mention of it does stand in one of them; where empty, none does.
    - ``kinds``: documents it is about: a code that another kind tells, too, stands; all kinds where empty.
    - ``setting``: of the encounter; either where empty.
    """

    reason: str
    codes: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    sections: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    setting: str = ""

    def is_about(self, one: Coded, kinds: Mapping[str, str]) -> bool:
        """Tell whether a code is to be left out; ``kinds``: note id → kind of document."""
        return (
            one.code.startswith(self.codes or ("",))
            and not one.code.startswith(self.but or ("-",))
            and not any(mention.section in self.sections for mention in one.evidence)
            and (not self.kinds or all(kinds[mention.note_id] in self.kinds for mention in one.evidence))
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """The clauses of a site, taken one after the other.

    >>> policy = Policy.parse('[[leave-out]]\\ncodes = ["Z79*"]\\nreason = "drugs are not reported"', "site.toml")
    >>> policy.clauses[0].codes
    ('Z79',)
    """

    name: str
    clauses: tuple[Clause, ...]

    @classmethod
    def read(cls, given: str | Path) -> Policy:
        """Read a policy that leadterm brings, by its name, or a file of the same form.

        ``LeadtermError`` if there is none, or with the place and what is allowed if it cannot be meant.

        >>> Policy.read("assessed").clauses[1].reason
        'only what is assessed is reported'
        """
        if str(given) in policy_names():
            return cls.parse(read_text(SHIPPED / f"{given}.toml"), str(given))
        if not Path(given).is_file():
            hint = "Name one of them, or the file of your own."
            raise unknown_name("policy", str(given), policy_names(), hint=hint)
        return cls.parse(read_text(given, what="the policy "), Path(given).name)

    @classmethod
    def parse(cls, text: str, name: str) -> Policy:
        """Read the text of such a file."""
        rows = site_file(text, name, ("leave-out",)).get("leave-out", [])
        if not isinstance(rows, list) or not rows:
            raise LeadtermError(f"{name} leaves nothing out.", hint="Begin each clause with [[leave-out]].")
        return cls(name, tuple(_clause(f"{name} leave-out {n}", row) for n, row in enumerate(rows, 1)))

    def left_out(self, items: Sequence[Coded], encounter: Encounter) -> dict[tuple[str, str], Finding]:
        """Find the codes that the site does not report: code system and code → why.

        A clause with sections says nothing where no code stands in one of them.
        """
        kinds = {note.note_id: find_kind(note.text, note.kind).name for note in encounter.notes}
        there = {mention.section for one in items for mention in one.evidence}
        found: dict[tuple[str, str], Finding] = {}
        for clause in self.clauses:
            if clause.setting in ("", encounter.setting) and (not clause.sections or clause.sections & there):
                about = [one for one in items if clause.is_about(one, kinds)]
                found = {(one.system, one.code): _finding(one, clause.reason) for one in about} | found
        return found


def policy_names() -> tuple[str, ...]:
    """Give the names of the policies that leadterm brings, sorted.

    >>> policy_names()
    ('assessed',)
    """
    return tuple(sorted(file.stem for file in SHIPPED.glob("*.toml")))


def _finding(one: Coded, reason: str) -> Finding:
    made = make_finding("not-reported", one.system, (one.code,), evidence=one.evidence[:1], reason=reason)
    return replace(made, effect="left out")


def _clause(place: str, row: Any) -> Clause:
    if not isinstance(row, dict) or not str(row.get("reason", "")).strip():
        raise LeadtermError(f"{place} gives no reason.", hint='Say why: reason = "…"; it is shown with the code.')
    known(place, "field", row, FIELDS)
    lists = {name: tuple(_words(place, name, row)) for name in LISTS}
    known(place, "section", lists["unless-in"], sorted(categories()))
    known(place, "kind of document", lists["kinds"], KINDS)
    if "setting" in row:
        known(place, "setting", (str(row["setting"]),), SETTINGS)
    codes, but = (tuple(one.rstrip("*-").upper() for one in lists[name]) for name in ("codes", "but"))
    sections, kinds = frozenset(lists["unless-in"]), frozenset(lists["kinds"])
    return Clause(str(row["reason"]).strip(), codes, but, sections, kinds, str(row.get("setting", "")))


def _words(place: str, name: str, row: Mapping[str, Any]) -> Iterator[str]:
    given = row.get(name, [])
    for one in given if isinstance(given, list) else [given]:
        if not isinstance(one, str) or not one.rstrip("*-"):
            raise LeadtermError(f"{place}: {name} has {str(one)[:20]!r}.", hint='Write a list of words: ["Z79*"].')
        yield one
