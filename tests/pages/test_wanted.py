"""What is misread more often than not is shown only where something speaks for it."""

from __future__ import annotations

import pytest

from leadterm.pages.wanted import Format, Wanted
from leadterm.schema import Assertion, Encounter, EvidenceSpan, Mention, Note, Suggestion, SuggestionSet

TEXT = "Widespread deposits, mostly in the soft tissue of the thigh."
WHOLE, APART = (EvidenceSpan("n", 0, 19, TEXT[:19]),), (
    EvidenceSpan("n", 11, 19, TEXT[11:19]), EvidenceSpan("n", 53, 58, TEXT[53:58])
)  # fmt: skip
WORD = (EvidenceSpan("n", 11, 19, TEXT[11:19]),)


def shown(
    confidence: float, source: str, spans: tuple[EvidenceSpan, ...] = WHOLE, *, code: str = "E85.9",
    system: str = "icd10cm", assertion: Assertion = "present", top: int | None = None,
) -> bool:  # fmt: skip
    mention = Mention("n", spans, assertion, (), "", "deposits", source)
    one = Suggestion(1, system, code, "Title", confidence, (mention,))
    visit = Encounter("e", (Note("n", TEXT),))
    result = SuggestionSet("e", "model", {}, (one,), 0.5, visit, {})
    return bool(Wanted((), top, None, Format.TABLE).apply(result).suggestions)


@pytest.mark.parametrize(
    ("least", "given"),
    [
        (0.02, {"source": "synonym"}), (0.02, {"source": "index"}), (0.02, {"source": "synonym", "spans": APART}),
        (0.02, {"source": "companion", "code": "J44.0"}), (0.02, {"source": "title", "spans": WORD}),
        (0.1, {"source": "index", "spans": APART}), (0.1, {"source": "index", "spans": WORD}),
        (0.1, {"source": "companion", "code": "Z87.01"}), (0.1, {"source": "drug", "system": "hcpcs"}),
        (0.1, {"source": "operation", "system": "icd10pcs"}), (0.1, {"source": "synonym", "assertion": "hypothetical"}),
        (0.3, {"source": "mesh"}),
    ],
)  # fmt: skip
def test_each_kind_has_its_least_confidence(least: float, given: dict[str, object]) -> None:
    assert shown(least, **given)  # type: ignore[arg-type]
    assert not shown(least - 0.001, **given)  # type: ignore[arg-type]
    assert shown(0.0, **given, top=3)  # type: ignore[arg-type]
