"""Claims as text, in every format that the command and the workbench hand out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from leadterm.claim.drafts import ClaimDraft

__all__ = ["FORMATS", "claim_text"]


def claim_text(drafts: Sequence[ClaimDraft], format: str) -> str:
    """Write drafts as ``json csv html fhir`` or ``x12``.

    ``LeadtermError`` if something is wrong, or for ``x12`` missing.

    >>> from leadterm.claim.parties import Circumstances
    >>> claim_text([ClaimDraft("e1", "professional", Circumstances(), {}, ())], "csv")[:12]
    'encounter_id'
    """
    return FORMATS[format](drafts)


def _json(drafts: Sequence[ClaimDraft]) -> str:
    from leadterm.claim.claim_json import claim_json

    return json.dumps([claim_json(one) for one in drafts], ensure_ascii=False, indent=1)


def _csv(drafts: Sequence[ClaimDraft]) -> str:
    from leadterm.claim.claim_json import COLUMNS, claim_rows
    from leadterm.pages.suggestion_rows import csv_lines

    return "".join(csv_lines(claim_rows(drafts), COLUMNS))


def _html(drafts: Sequence[ClaimDraft]) -> str:
    from leadterm.claim.claim_page import claim_page

    return claim_page(drafts)


def _fhir(drafts: Sequence[ClaimDraft]) -> str:
    from leadterm.claim.claim_fhir import claim_bundle

    return json.dumps(claim_bundle(drafts), ensure_ascii=False, indent=1)


def _x12(drafts: Sequence[ClaimDraft]) -> str:
    from leadterm.claim.write_x12 import x12_text

    return x12_text(drafts)


FORMATS: Mapping[str, Callable[[Sequence[ClaimDraft]], str]] = {
    "json": _json, "csv": _csv, "html": _html, "fhir": _fhir, "x12": _x12,
}  # fmt: skip
