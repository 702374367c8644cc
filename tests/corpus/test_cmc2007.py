"""The CMC challenge of 2007."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_samples import cmc2007, names

from leadterm.errors import LeadtermError
from leadterm.readers import read
from leadterm.readers.cmc2007 import codings


def test_cmc2007_coders(tmp_path: Path) -> None:
    path = cmc2007(tmp_path)
    made = codings(path)
    given = {coder: [code for _, code, _ in names(some[0])] for coder, some in made.items()}
    assert given == {"CMC_MAJORITY": ["784.49"], "COMPANY1": ["466.0"], "COMPANY2": ["784.49"], "COMPANY3": []}
    assert made["COMPANY1"][0].notes[0].text == "CLINICAL HISTORY:\nCough.\n\nIMPRESSION:\nClear lungs."
    assert list(read("cmc2007", tmp_path, coder="COMPANY1", split="dev").splits()) == ["dev"]
    path.write_text("<docs><doc id='7'/></docs>")
    with pytest.raises(LeadtermError, match="lacks its id or its texts"):
        read("cmc2007", path)
    path.write_text("<!DOCTYPE x [<!ENTITY a 'b'>]><docs/>")
    with pytest.raises(LeadtermError, match="DOCTYPE"):
        read("cmc2007", path)
    path.write_text("<docs><doc>")
    with pytest.raises(LeadtermError, match="not well-formed"):
        read("cmc2007", path)
