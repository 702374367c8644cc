"""When a code of ICD-10-CM came and went, for days of service whose own release is not at hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from leadterm.codes.systems.bare_codes import bare
from leadterm.rules.code_sets import CodeSets
from leadterm.storage.tsv import package_table

__all__ = ["Life", "life_of"]


@dataclass(frozen=True, slots=True)
class Life:
    """First and last day of a code, where the official lists tell; what was used before it, what came after it."""

    came: date | None = None
    went: date | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def life_of(code: str) -> Life:
    """Tell the days and the relatives of a code.

    >>> life_of("R05").went, life_of("R05").after[:2], life_of("R05.9").came, life_of("I10").came
    (datetime.date(2021, 9, 30), ('R05.1', 'R05.2'), datetime.date(2021, 10, 1), None)
    """
    came, went = _sets()
    plain = bare(code)
    first = max((name.split(" ", 1) for name in came.of(plain)), default=None)
    last = max(went.of(plain), default=None)
    after = tuple(_dotted(token) for token in _after().get(plain, ()))
    return Life(
        date.fromisoformat(first[0]) if first else None,
        date.fromisoformat(last) if last else None,
        tuple(_dotted(one) for one in first[1].split() if one != "-") if first else (),
        after if last else (),
    )


def _dotted(plain: str) -> str:
    from leadterm.codes.systems import spec_of

    return spec_of("icd10cm").spell(plain)


@cache
def _sets() -> tuple[CodeSets, CodeSets]:
    """Codes by the day they came (with what was before) and by the day they went."""
    rows = package_table("leadterm.rules", "code_history.tsv")
    forever = {"since": "-", "until": "-"}
    return (
        CodeSets(
            {"set": f"{r['came']} {r['before']}", "codes": r["codes"], **forever} for r in rows if r["came"] != "-"
        ),
        CodeSets({"set": r["went"], "codes": r["codes"], **forever} for r in rows if r["went"] != "-"),
    )


@cache
def _after() -> dict[str, tuple[str, ...]]:
    """Codes that came in place of others."""
    found: dict[str, tuple[str, ...]] = {}
    for row in package_table("leadterm.rules", "code_history.tsv"):
        for one in row["before"].split() if row["came"] != "-" else ():
            tokens = tuple(token.split("/")[0].rstrip("=") for token in row["codes"].split())
            found[one] = tuple(sorted({*found.get(one, ()), *tokens}))
    return found
