"""What the page shows, as plain JSON: the work list, an encounter with its suggestions, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from leadterm.codes import load_system
from leadterm.codes.systems import dictionary_system, spec_of
from leadterm.decisions.changes import mark_of, reasons
from leadterm.decisions.verdicts import Standing, Verdict, redoable, undoable
from leadterm.pages.quotes import made_with, read_as, section_name
from leadterm.review.desk import Desk
from leadterm.review.double import finished_lanes, overlap
from leadterm.review.tree import system_at, title_of
from leadterm.review.workbench import Workbench, coded
from leadterm.rules.code_checks import check_codes
from leadterm.rules.findings import Coded
from leadterm.rules.poa import propose_poa
from leadterm.rules.queries import Query, ask
from leadterm.schema import Encounter, Mention, Note, Suggestion
from leadterm.text.layout.lines import split_lines
from leadterm.text.layout.sections import find_marks

__all__ = ["encounter_view", "findings_view", "is_service", "list_view", "mention_json",
           "queries_view", "reasons_view", "state_view", "title_of"]  # fmt: skip


def list_view(desk: Desk) -> list[dict[str, Any]]:
    """Give the work list in the order of the notes."""
    return [_list_row(desk, number, encounter) for number, encounter in enumerate(desk.bench.encounters)]


def _list_row(desk: Desk, number: int, encounter: Encounter) -> dict[str, Any]:
    bench, state, entries = desk.bench, desk.standing(number), desk.entries(number)
    last, told, proposed = entries[-1] if entries else None, bench.priority(number), bench.proposed(number)
    flagged = state.flagged or any(verdict.flagged for verdict in state.verdicts.values())
    return {
        "n": number, "id": encounter.encounter_id, "key": mark_of(encounter), "setting": encounter.setting,
        "date": encounter.date_of_service,
        "notes": len(encounter.notes), "words": bench.words[number],
        "status": state.status, "flagged": flagged, "remarks": len(state.remarks),
        "questions": len(state.questions), "codes": len(state.final),
        "proposed": None if proposed is None else len(proposed),
        "top": [] if desk.is_hidden(number) else proposed or [],
        "expected": told and told.changes, "value": told and told.value,
        "stakes": told.stakes if told and not desk.is_hidden(number) else "",
        "problem": bench.problem(number), "who": last.who if last else "", "at": last.at if last else "",
        **(_between(bench, number) if bench.mode.double else {}),
    }  # fmt: skip


def _between(bench: Workbench, number: int) -> dict[str, Any]:
    """How many coders finished an encounter, how far they agree, and whether somebody must decide."""
    versions = finished_lanes(bench, number)
    final = bench.standing(number)
    between = "decided" if final.finished else "to decide" if len(versions) > 1 else ""
    return {"coders": len(versions), "share": overlap(versions), "between": between}


def encounter_view(desk: Desk, number: int) -> dict[str, Any]:
    """Give an encounter with its notes, its suggestions and where it stands."""
    bench, hidden = desk.bench, desk.is_hidden(number)
    encounter, result = bench.encounter(number), bench.suggestions(number)
    born = f"born {encounter.birth_year}" if encounter.birth_year else ""
    about = (read_as(encounter, result), encounter.date_of_service, encounter.sex, born)
    return {
        "n": number, "of": len(bench.encounters), "id": encounter.encounter_id, "key": mark_of(encounter),
        "store": bench.store.mark, "about": [one for one in about if one],
        "made": made_with(result), "threshold": result.threshold, "inpatient": encounter.setting == "inpatient",
        "other_text": bench.is_other_text(number), "who": desk.person.name, "systems": bench.searched,
        "hidden": hidden, "practise": bool(bench.mode.answers),
        "notes": [_note(note) for note in encounter.notes],
        "codes": [] if hidden else
                 [_suggestion(one, result.threshold, encounter) for one in result.suggestions],
        "state": state_view(desk, number),
    }  # fmt: skip


def state_view(desk: Desk, number: int) -> dict[str, Any]:
    """Give where an encounter stands, and its final codes."""
    entries, state, encounter = desk.entries(number), desk.standing(number), desk.reviewed(number)
    who = desk.person.name
    return {
        "seen": len(entries), "status": state.status, "flagged": state.flagged,
        "verdicts": {f"{system}:{code}": one.to_json() for (system, code), one in state.verdicts.items()},
        "final": list(_final(encounter, state)),
        "remarks": [asdict(one) for one in state.remarks], "questions": len(state.questions),
        "revealed": state.revealed, "undo": bool(undoable(entries, who)), "redo": bool(redoable(entries, who)),
    }  # fmt: skip


def _final(encounter: Encounter, state: Standing) -> Iterator[dict[str, Any]]:
    verdicts = state.final
    for number, one in enumerate(encounter.codes):
        verdict = verdicts[one.system, one.code]
        row = {"system": one.system, "code": one.code, "title": title_of(one.system, one.code, encounter),
               "role": one.role, "status": verdict.status, "poa": verdict.poa,
               "evidence": [mention_json(mention) for mention in one.evidence], "service": is_service(one.system),
               "diagnosis": spec_of(one.system).codes == "diagnosis",
               "units": one.units, "modifiers": one.modifiers}  # fmt: skip
        if encounter.setting == "inpatient" and spec_of(one.system).codes == "diagnosis":
            letter, why = propose_poa(one.code, one.evidence, encounter.notes, leads=number == 0)
            row |= {"poa_proposed": letter, "poa_why": why}
        yield row


def is_service(system: str) -> bool:
    """Tell whether codes of a system stand on lines of a claim, with units, modifiers and pointers."""
    spec = spec_of(system)
    return spec.is_procedure and len(spec.x12) == 1


def findings_view(desk: Desk, number: int) -> dict[str, Any]:
    """Give what the rules say of the codes decided for, errors first; and which diagnoses justify each service."""
    sources, encounter, state = desk.bench.sources, desk.reviewed(number), desk.standing(number)
    lines: dict[str, list[dict[str, Any]]] = {}
    if any(is_service(one.system) for one in encounter.codes):
        draft = sources.draft(encounter, state)
        for line in draft.lines:
            lines[line.code] = [{"code": draft.diagnoses[one.position - 1].code, "why": one.why, "sure": one.sure}
                                for one in line.pointers if 0 < one.position <= len(draft.diagnoses)]  # fmt: skip
    found = check_codes(encounter, coded(encounter, state), edits=sources.edits, site=sources.site)
    return {"findings": [one.to_json() for one in found], "lines": lines}


def queries_view(desk: Desk, number: int) -> list[dict[str, Any]]:
    """Give the questions to the provider that the record raises, of codes that are suggested or decided for."""
    name = dictionary_system()
    encounter, state, result = desk.reviewed(number), desk.standing(number), desk.bench.suggestions(number)
    items = coded(encounter, state)
    have = {one.code for one in items}
    items += [Coded(one.system, one.code, evidence=one.evidence) for one in result.suggestions
              if not desk.is_hidden(number) and one.confidence >= result.threshold and one.code not in have
              and state.verdicts.get((one.system, one.code), Verdict()).status == "open"]  # fmt: skip
    known = load_system(name, encounter.date_of_service)
    return [{**one.to_json(), "text": _query_text(one)} for one in
            ask(encounter.notes, [item for item in items if item.system == name], known)]  # fmt: skip


def _query_text(query: Query) -> str:
    """A question as it goes to the provider: neutral words, the record's own words, answers to choose from."""
    said = [f"“{' '.join(quote.text.split())}”" for quote in query.quotes]
    quoted = ["", "The record says:", *said] if said else []
    return "\n".join([query.question, *quoted, "", *(f"[ ] {choice}" for choice in query.choices)])


def _suggestion(one: Suggestion, threshold: float, encounter: Encounter) -> dict[str, Any]:
    known = system_at(one.system, encounter.date_of_service)
    return {
        "system": one.system, "code": one.code, "title": one.title, "confidence": round(one.confidence, 4),
        "above": one.confidence >= threshold, "hints": list(one.hints),
        "kind": spec_of(one.system).short_title,
        "evidence": [mention_json(mention) for mention in _told_once(one.evidence)],
        "billable": known is None or (one.code in known and known.is_billable(one.code)),
        "units": one.units, "modifiers": [str(mark.code) for mark in one.modifiers],
    }  # fmt: skip


def _told_once(evidence: Iterable[Mention]) -> Iterator[Mention]:
    """Leave out mentions whose words a better one has all told."""
    told: list[Mention] = []
    for one in evidence:
        if not any(_holds(better, one) for better in told):
            told.append(one)
            yield one


def _holds(better: Mention, one: Mention) -> bool:
    """Tell whether each piece of a mention lies within one of another."""
    return all(any(whole.note_id == piece.note_id and whole.start <= piece.start and piece.end <= whole.end
                   for whole in better.spans) for piece in one.spans)  # fmt: skip


def mention_json(one: Mention) -> dict[str, Any]:
    """Give a mention: its places, cues, how it is meant, and what found it."""
    return {
        "note": one.note_id, "spans": [[span.start, span.end] for span in one.spans],
        "cues": [[span.start, span.end] for span in one.cues if span.note_id == one.note_id],
        "meant": one.assertion, "section": section_name(one.section), "term": one.term, "source": one.source,
    }  # fmt: skip


def _note(note: Note) -> dict[str, Any]:
    marks = [mark for mark in find_marks(note.text, split_lines(note.text)) if not mark.label]
    sections = [{"start": one.start, "title": [one.title_start, one.title_end], "name": section_name(one.category)}
                for one in marks]  # fmt: skip
    return {"id": note.note_id, "kind": note.kind, "text": note.text, "sections": sections}


def reasons_view() -> list[dict[str, str]]:
    """Give the reasons to reject a code, each with its key."""
    return [{"key": key, "name": name, "said": said} for key, name, said in reasons()]
