"""The evidence of a suggestion keeps its mentions apart, whatever their order and gaps."""

from __future__ import annotations

from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.schema import Encounter, Note

SEEN = (
    "Chief complaint: pain in the left knee.\n\nHPI: The knee has been painful since spring. Gout was ruled out.\n\n"
    "Assessment:\n1. Knee pain, left.\n2. Type 2 diabetes with neuropathy.\n3. Hypertension; blood pressure high.\n\n"
    "Plan: Treat the diabetes and hypertension; ibuprofen for knee pain."
)


def test_the_mentions_of_a_suggestion_are_those_that_were_found(engine: DictionaryModel) -> None:
    encounter = Encounter("e", (Note("n", SEEN), Note("m", "Follow-up of type 2 diabetes. Pain of the left knee.")))
    found = {candidate.code: candidate for candidate in engine.find(encounter)}
    several = 0
    for suggestion in engine.suggest(encounter, systems=[engine.system.name]).suggestions:
        supports = found[suggestion.code].supports[: len(suggestion.evidence)]
        assert [m.spans for m in suggestion.evidence] == [s.found.mention.spans for s in supports]
        assert [(m.term, m.source) for m in suggestion.evidence] == [
            (s.reading.term, s.reading.source) for s in supports
        ]
        assert list(suggestion.spans) == list(dict.fromkeys(span for m in suggestion.evidence for span in m.spans))
        several += len(suggestion.evidence) > 1
    assert several > 2


def test_the_json_lists_each_span_once_the_best_first(engine: DictionaryModel) -> None:
    first = engine.suggest(Encounter("e", (Note("n", SEEN),))).suggestions[0]
    given = first.to_json()["evidence"]
    assert [(item["start"], item["end"]) for item in given] == [(span.start, span.end) for span in first.spans]
    assert given[0]["text"] == first.evidence[0].spans[0].text
    assert len({(item["start"], item["end"]) for item in given}) == len(given)
