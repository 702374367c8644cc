"""A site's own rules, levels and overrides, from a TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from leadterm.errors import LeadtermError, unknown_name
from leadterm.rules.book import SOURCES, all_rules
from leadterm.rules.findings import Coded, Facts, Finding, Severity
from leadterm.storage.text_files import read_text

__all__ = ["LEVELS", "SiteRules", "known", "site_file"]

LEVELS: Mapping[str, Severity | None] = {
    "critical": "error", "error": "error", "warning": "warning", "informational": "advice", "off": None,
}  # fmt: skip
TABLES = ("levels", "rule", "override")
FIELDS = ("id", "level", "message", "fix", "section", "when")
LISTS = ("codes", "missing", "first", "modifiers", "payer", "setting", "sections", "kinds", "sex", "poa")
KEYS = (*LISTS, "age", "all", "any", "not")
AGE = re.compile(r"(\d{1,3})?\s*-\s*(\d{1,3})?|(\d{1,3})")
SYSTEMS = ("icd10cm", "hcpcs", "icd10pcs")  # what is near is told of the first two
OF_CPT = re.compile(r"\d{1,4}[0-9FTMU]?$")
VALUES = {"setting": ("outpatient", "inpatient"), "sex": ("F", "M"), "poa": ("Y", "N", "U", "W")}

Test = Callable[[Facts, Sequence[Coded]], bool]


@dataclass(frozen=True, slots=True)
class SiteRule:
    """A rule of the site: when its test holds, it fires with its words."""

    name: str
    level: str
    message: str
    fix: str
    section: str
    prefixes: tuple[str, ...]
    test: Test


@dataclass(frozen=True, slots=True)
class Override:
    """A finding that the site lets stand, and why: of a rule, and of all its codes where some are named."""

    rule: str
    codes: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Tell whether a finding is the one."""
        return self.rule == finding.rule and all(_any_begins(finding.codes, (code,)) for code in self.codes)


@dataclass(frozen=True, slots=True)
class SiteRules:
    """What a site adds to the book of rules: rules, other levels, and findings it lets stand.

    >>> site = SiteRules.parse('[levels]\\nintegral-symptom = "off"', "site.toml")
    >>> site.levels
    {'integral-symptom': 'off'}
    """

    levels: Mapping[str, str]
    rules: tuple[SiteRule, ...] = ()
    overrides: tuple[Override, ...] = ()

    @classmethod
    def read(cls, path: str | Path) -> SiteRules:
        """Read the file; raises LeadtermError with the place, what is allowed and what may have been meant."""
        return cls.parse(read_text(path, what="the rules "), Path(path).name)

    @classmethod
    def parse(cls, text: str, name: str) -> SiteRules:
        """Read the text of such a file."""
        whole = site_file(text, name, TABLES)
        levels = {rule: _level(f"{name} [levels]", level) for rule, level in whole.get("levels", {}).items()}
        known(f"{name} [levels]", "rule", levels, all_rules())
        rules = tuple(_rule(f"{name} rule {n}", row) for n, row in enumerate(_rows(name, whole, "rule"), 1))
        names = [*all_rules(), *(rule.name for rule in rules)]
        for rule in rules:
            if names.count(rule.name) > 1:
                raise LeadtermError(f"{name}: two rules have the id '{rule.name}'.", hint="Give this one another id.")
        overrides = tuple(_override(f"{name} override {n}", row, rules)
                          for n, row in enumerate(_rows(name, whole, "override"), 1))  # fmt: skip
        return cls(levels, rules, overrides)

    def apply(self, facts: Facts, items: Sequence[Coded], found: Iterable[Finding]) -> Iterator[Finding]:
        """Give the findings at the site's levels, those of its own rules, and mark what it lets stand."""
        for finding in (*found, *self._own(facts, items)):
            level = self.levels.get(finding.rule, "")
            severity = LEVELS[level] if level else finding.severity
            if severity is None:
                continue
            changed = replace(finding, severity=severity, level=level) if level else finding
            why = next((one.reason for one in self.overrides if one.covers(finding)), "")
            yield replace(changed, override=why) if why else changed

    def _own(self, facts: Facts, items: Sequence[Coded]) -> Iterator[Finding]:
        for rule in self.rules:
            severity = LEVELS[rule.level]
            if severity is not None and rule.test(facts, items):
                own = [item for item in items if _any_begins((item.code,), rule.prefixes)]
                system = (own or [*items, Coded("", "")])[0].system
                about = Finding(rule.name, severity, system, tuple(item.code for item in own), rule.message, rule.fix)
                yield replace(about, source=SOURCES["site"], section=rule.section, level=rule.level)


def _rows(name: str, whole: Mapping[str, Any], table: str) -> list[dict[str, Any]]:
    rows = whole.get(table, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise LeadtermError(f"{name}: [{table}] is one table.", hint=f"Begin each with [[{table}]].")
    return rows


def site_file(text: str, name: str, tables: Iterable[str]) -> dict[str, Any]:
    """Read the text of a site's file; ``LeadtermError`` if it is not TOML, or has another table.

    >>> site_file('[levels]\\nretired = "off"', "site.toml", ("levels",))
    {'levels': {'retired': 'off'}}
    """
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LeadtermError(f"{name}: {error}.", hint="See docs/rules.md for the form of the file.") from None
    known(name, "table", whole, tables)
    return whole


def known(place: str, what: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    """Refuse names that are none of those allowed, with the place; raises LeadtermError.

    >>> known("site.toml", "setting", ["outpatient"], ["outpatient", "inpatient"])
    """
    for one in given:
        if one not in allowed:
            raise unknown_name(f"{what} in {place}", one, tuple(allowed))


def _level(place: str, value: object) -> str:
    level = str(value).lower()
    if level not in LEVELS:
        raise unknown_name(f"level in {place}", str(value), tuple(LEVELS))
    return level


def _rule(place: str, row: Mapping[str, Any]) -> SiteRule:
    known(place, "field", row, FIELDS)
    for needed in ("id", "message", "when"):
        if not row.get(needed):
            raise LeadtermError(
                f"{place} has no {needed}.", hint=f"A rule needs id, message and when; {place} lacks one."
            )
    prefixes: list[str] = []
    test = _condition(f"{place} ({row['id']})", row["when"], prefixes)
    level = _level(place, row.get("level", "warning"))
    message, fix, section = (str(row.get(name, "")) for name in ("message", "fix", "section"))
    return SiteRule(str(row["id"]), level, message, fix, section, tuple(prefixes), test)


def _override(place: str, row: Mapping[str, Any], own: Sequence[SiteRule]) -> Override:
    known(place, "field", row, ("rule", "codes", "reason"))
    if not str(row.get("reason", "")).strip():
        raise LeadtermError(f"{place} gives no reason.", hint='Say why the finding may stand: reason = "…".')
    known(place, "rule", [row.get("rule", "")], (*all_rules(), *(rule.name for rule in own)))
    return Override(row["rule"], _prefixes(place, row.get("codes", [])), str(row["reason"]))


def _condition(place: str, table: object, prefixes: list[str]) -> Test:
    """Make the test of a table: all its keys must hold."""
    if not isinstance(table, dict) or not table:
        raise LeadtermError(f"{place}: a condition is a table.", hint=f"Allowed keys: {', '.join(KEYS)}.")
    known(place, "key", table, KEYS)
    tests = [_test(place, key, value, prefixes) for key, value in table.items()]
    return lambda facts, items: all(test(facts, items) for test in tests)


def _test(place: str, key: str, value: Any, prefixes: list[str]) -> Test:
    if key in ("all", "any"):
        inner = [_condition(place, one, prefixes) for one in (value if isinstance(value, list) else [value])]
        join = all if key == "all" else any
        return lambda facts, items: join(test(facts, items) for test in inner)
    if key == "not":
        negated = _condition(place, value, [])
        return lambda facts, items: not negated(facts, items)
    if key == "age":
        return _age(place, value)
    if key in ("codes", "missing", "first"):
        own = _prefixes(place, value)
        prefixes += own if key != "missing" else ()
        return _of_codes(key, own)
    allowed = tuple(str(one).lower() for one in (value if isinstance(value, list) else [value]))
    for one in allowed if key in VALUES else ():
        if one not in (name.lower() for name in VALUES[key]):
            raise unknown_name(f"{key} in {place}", one, VALUES[key])
    return _of_facts(key, allowed)


def _of_codes(key: str, own: tuple[str, ...]) -> Test:
    if key == "first":
        return lambda _, items: bool(items) and _any_begins((items[0].code,), own)
    wanted = key == "codes"
    return lambda _, items: _any_begins([item.code for item in items], own) is wanted


def _of_facts(key: str, allowed: tuple[str, ...]) -> Test:
    def holds(facts: Facts, items: Sequence[Coded]) -> bool:
        if key == "modifiers":
            held: Iterable[str] = (one for item in items for one in item.modifiers)
        elif key == "poa":
            held = (item.poa for item in items)
        else:
            value = getattr(facts, key)
            held = value if isinstance(value, frozenset) else (value or "",)
        return any(_fits(one.lower(), pattern) for one in held for pattern in allowed)

    return holds


def _fits(value: str, pattern: str) -> bool:
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern


def _age(place: str, value: object) -> Test:
    found = AGE.fullmatch(str(value).strip())
    if not found or not any(found.groups()):
        raise LeadtermError(
            f"{place}: the age '{value}' is no span of years.", hint='Write "65-", "-17", "15-44" or 40.'
        )
    low, high, only = (int(one) if one else None for one in found.groups())
    if low is not None and high is not None and low > high:
        raise LeadtermError(f"{place}: the age '{value}' ends before it begins.", hint=f'Write "{high}-{low}".')
    least, most = (only, only) if only is not None else (low or 0, 200 if high is None else high)

    def holds(facts: Facts, _: Sequence[Coded]) -> bool:
        ages = facts.ages
        return ages is not None and least is not None and most is not None and least <= ages[0] and ages[1] <= most

    return holds


def _prefixes(place: str, value: object) -> tuple[str, ...]:
    """Codes as they stand, or beginnings of codes that end in * or -."""
    given = value if isinstance(value, list) else [value]
    for one in given:
        if not isinstance(one, str) or not re.fullmatch(r"[A-Z0-9][A-Z0-9.]{0,9}[*-]?", one):
            raise LeadtermError(
                f"{place}: '{str(one)[:20]}' is no code.", hint="Write E11.9, or E11* for all that begin so."
            )
        _exists(place, one)
    return tuple(given)


def _exists(place: str, given: str) -> None:
    """Refuse codes that no system at hand has or had, and beginnings of none; those of CPT are not at hand."""
    from leadterm.codes import load_system
    from leadterm.rules.history import life_of

    plain = given.rstrip("*-").replace(".", "")
    known = {name: load_system(name) for name in SYSTEMS}
    if OF_CPT.match(plain) or life_of(given.rstrip("*-")).went or any(
        own.normalise(plain) or (given[-1] in "*-" and _begins_some(own.codes, plain)) for own in known.values()
    ):  # fmt: skip
        return
    all_codes = [code for name in SYSTEMS[:2] for code in known[name].codes if code[0] == plain[0]]
    near = get_close_matches(given.rstrip("*-"), all_codes, n=9)
    best = max(near, key=lambda code: sum(map(str.__eq__, code.replace(".", ""), plain)), default="")
    meant = f" Did you mean {best}?" if best else ""
    raise LeadtermError(f"{place}: '{given}' is no code, nor the beginning of one.{meant}",
                        hint="Codes of other systems: leadterm codes install.")  # fmt: skip


def _begins_some(codes: Sequence[str], plain: str) -> bool:
    return any(code.replace(".", "").startswith(plain) for code in codes)


def _any_begins(codes: Iterable[str], prefixes: Iterable[str]) -> bool:
    return any(
        code.replace(".", "").startswith(one[:-1].replace(".", "")) if one[-1] in "*-" else code == one
        for code in codes
        for one in prefixes
    )
