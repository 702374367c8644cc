"""What the page shows of several people's work: versions side by side, corrections, the score of an exercise."""

from __future__ import annotations

from typing import Any

from leadterm.decisions.changes import key_of
from leadterm.decisions.verdicts import Standing, Verdict
from leadterm.review.desk import Desk
from leadterm.review.double import agreed_codes, finished_lanes, overlap
from leadterm.review.exercise import attempt_of
from leadterm.review.tree import title_of
from leadterm.review.views import mention_json, state_view
from leadterm.review.workbench import Workbench

__all__ = ["corrections_view", "score_view", "versions_view"]

MOST = 200
DECIDING = ("accept", "reject", "replace", "clear", "add")


def versions_view(bench: Workbench, number: int) -> dict[str, Any]:
    """Give each coder's codes side by side; agreed ones apart, open ones with what each said."""
    encounter, versions = bench.encounter(number), finished_lanes(bench, number)
    agreed, decided = agreed_codes(versions), bench.standing(number)
    every = list(dict.fromkeys(code for state in versions.values() for code in state.final))
    every += [code for code in decided.final if code not in every]
    rows = []
    for system, code in every:
        row = {"system": system, "code": code, "title": title_of(system, code, encounter),
               "agreed": (system, code) in agreed,
               "status": decided.verdicts.get((system, code), Verdict()).status,
               "by": {who: _said(state, (system, code)) for who, state in versions.items()},
               "evidence": _evidence(bench, number, versions, (system, code))}  # fmt: skip
        rows.append(row)
    leads = {who: next((code for _, code in state.final), "") for who, state in versions.items()}
    return {"coders": list(versions), "rows": rows, "share": overlap(versions), "leads": leads,
            "remarks": [{"who": one.who, "text": one.text, "code": one.code} for state in versions.values()
                        for one in state.remarks]}  # fmt: skip


def _said(state: Standing, code: tuple[str, str]) -> dict[str, Any]:
    """What a coder said of a code."""
    final = state.final
    if code in final:
        return {"has": True, "place": list(final).index(code) + 1, "poa": final[code].poa, "reason": ""}
    verdict = state.verdicts.get(code, Verdict())
    return {"has": False, "place": 0, "poa": "", "reason": verdict.reason or (verdict.to and f"→ {verdict.to}")}


def _evidence(
    bench: Workbench, number: int, versions: dict[str, Standing], code: tuple[str, str]
) -> list[dict[str, Any]]:
    """The words that coders, or the model, have for a code."""
    from leadterm.decisions.changes import mentions_of

    encounter = bench.encounter(number)
    places = [place for state in versions.values() for place in state.final.get(code, Verdict()).evidence]
    told = [one for one in bench.suggestions(number).suggestions if (one.system, one.code) == code]
    mentions = mentions_of(encounter, list(dict.fromkeys(places))) or (told[0].evidence if told else ())
    return [mention_json(one) for one in mentions]


def corrections_view(desk: Desk) -> list[dict[str, Any]]:
    """Give where the version that counts differs from what this person coded, or another changed it later."""
    made = []
    bench, who = desk.bench, desk.person.name
    for number, encounter in enumerate(bench.encounters):
        if bench.mode.double:
            mine, final = bench.standing(number, who), bench.standing(number)
            if not (mine.finished and final.finished):
                continue
            changed = [(code, "taken away") for code in mine.final if code not in final.final]
            changed += [(code, "added") for code in final.final if code not in mine.final]
            by = bench.entries(number)[-1]
            made += [_row(bench, number, code, what, by.who, by.at) for code, what in changed]
        else:
            touched: dict[tuple[str, str], str] = {}
            for entry in bench.store.entries(key_of(encounter)):
                for change in entry.changes:
                    key = change.system, change.code
                    if entry.who != who and touched.get(key) == who and change.action in DECIDING:
                        made.append(_row(bench, number, key, change.action, entry.who, entry.at))
                    touched[key] = entry.who
    return sorted(made, key=lambda row: row["at"], reverse=True)[:MOST]


def _row(bench: Workbench, number: int, code: tuple[str, str], what: str, who: str, at: str) -> dict[str, Any]:
    encounter = bench.encounter(number)
    return {"n": number, "id": encounter.encounter_id, "code": code[1], "title": title_of(*code, encounter),
            "what": what, "who": who, "at": at}  # fmt: skip


def score_view(desk: Desk, number: int) -> dict[str, Any]:
    """Give how a learner did: each code, and why."""
    attempt = attempt_of(desk.bench, number, desk.lane)
    return {"precision": attempt.precision, "recall": attempt.recall, "f1": attempt.f1, "first": attempt.first,
            "exact": attempt.exact, "state": state_view(desk, number),
            "verdicts": [{"code": one.code, "title": one.title, "kind": one.kind, "why": one.why,
                          "instead": one.instead, "evidence": [mention_json(m) for m in one.evidence]}
                         for one in attempt.verdicts]}  # fmt: skip
