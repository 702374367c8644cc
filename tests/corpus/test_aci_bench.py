"""ACI-Bench with codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_samples import aci_bench, names

from leadterm.errors import LeadtermError
from leadterm.readers import read


def test_aci_bench_reads_coded_notes_only(tmp_path: Path) -> None:
    made = read("aci-bench", aci_bench(tmp_path)).splits()
    assert [(split, [one.encounter_id for one in some]) for split, some in made.items()] == [("valid", ["D2"])]
    assert names(made["valid"][0]) == [("icd10cm", "M10.9", "")]
    (tmp_path / "icd10cm_codes.tsv").write_text("encounter_id\tsplit\tcode\nD9\ttrain\tM10.9\n")
    with pytest.raises(LeadtermError, match="no note for 1 coded encounter, the first is 'D9'"):
        read("aci-bench", tmp_path).splits()
