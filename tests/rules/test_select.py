"""From scores to a set: order, ties, the least and the most."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from leadterm.rules.select import select


@dataclass(frozen=True)
class One:
    system: str
    code: str
    confidence: float


CODES = st.builds(
    One, st.sampled_from(["icd10cm", "icd10pcs"]), st.sampled_from("ABCDEF"), st.sampled_from([0.1, 0.5, 0.9])
)


def test_ties_are_settled_by_system_and_code() -> None:
    given_ = [One("icd10pcs", "A", 0.5), One("icd10cm", "B", 0.5), One("icd10cm", "A", 0.5), One("icd10cm", "C", 0.9)]
    assert [(one.system, one.code) for one in select(given_)] == [
        ("icd10cm", "C"), ("icd10cm", "A"), ("icd10cm", "B"), ("icd10pcs", "A"),
    ]  # fmt: skip


def test_the_least_confidence_is_kept_and_nothing_below() -> None:
    found = select([One("s", "A", 0.5), One("s", "B", 0.4999)], least=0.5)
    assert [one.code for one in found] == ["A"]
    assert select([]) == []


@given(st.lists(CODES, max_size=12), st.none() | st.integers(0, 5), st.randoms())
def test_the_order_given_does_not_matter(codes: list[One], top: int | None, random: object) -> None:
    mixed = list(codes)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert select(mixed, top=top) == select(codes, top=top)
    assert len(select(codes, top=top)) == (len(codes) if top is None else min(top, len(codes)))
