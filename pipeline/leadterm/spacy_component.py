"""``nlp.add_pipe("leadterm")``: a spaCy component that marks the evidence of the codes it suggests for a document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from leadterm.errors import unknown_name
from leadterm.models import load
from leadterm.schema import SETTINGS, Note, Suggestion
from leadterm.suggester import Suggester, as_encounter

__all__ = ["LeadtermComponent", "make"]

NAME = "leadterm"


class LeadtermComponent:
    """Sets ``doc._.codes`` (those suggested, best first), ``doc.spans["leadterm"]`` and, where it may, ``doc.ents``.

    A span's label is the code, its ``kb_id_`` the system; entities that another component found stay.
    """

    def __init__(self, model: str, setting: str | None, threshold: float | None, set_ents: bool) -> None:
        self.model, self.setting, self.threshold, self.set_ents = model, setting, threshold, set_ents
        self._engine: Suggester | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Suggest codes for a document."""
        engine = self._engine = self._engine or load(self.model)
        encounter = as_encounter(Note("doc", doc.text))
        if self.setting:
            encounter = replace(encounter, setting=self.setting, setting_detected=False)
        found = engine.suggest(encounter).suggestions if doc.text.strip() else ()
        least = engine.threshold if self.threshold is None else self.threshold
        codes = [one for one in found if one.confidence >= least]
        doc._.codes = codes
        spans = [span for one in codes for span in _spans(doc, one)]
        doc.spans[NAME] = spans
        if self.set_ents:
            taken = {token.i for entity in doc.ents for token in entity}
            free = [span for span in spans if not taken & set(range(span.start, span.end))]
            doc.set_ents([*doc.ents, *filter_spans(free)])
        return doc

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_engine": None}


def _spans(doc: Doc, one: Suggestion) -> list[Span]:
    made = (
        doc.char_span(span.start, span.end, label=one.code, kb_id=one.system, alignment_mode="expand")
        for span in one.spans
    )
    return [span for span in made if span is not None]


@Language.factory(
    NAME, default_config={"model": "default", "setting": None, "threshold": None, "set_ents": True}
)
def make(
    nlp: Language, name: str, model: str, setting: str | None, threshold: float | None, set_ents: bool
) -> LeadtermComponent:
    """Make the component; spaCy calls it by the entry point ``leadterm`` of the group ``spacy_factories``.

    `setting`: outpatient or inpatient; where None, what each document reads like.
    """
    if setting is not None and setting not in SETTINGS:
        raise unknown_name("setting", setting, SETTINGS)
    del nlp, name
    if not Doc.has_extension("codes"):
        Doc.set_extension("codes", default=None)
    return LeadtermComponent(model, setting, threshold, set_ents)
