"""The one file of the page that others wrote is the one they published."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

STATIC = Path(__file__).parents[2] / "pipeline" / "leadterm" / "review" / "static"


def test_the_vendored_file_is_unchanged() -> None:
    told = re.search(r"sha256 (\w{64})", (STATIC / "vendored.txt").read_text(encoding="utf-8"))
    assert told
    assert hashlib.sha256((STATIC / "htm-preact.js").read_bytes()).hexdigest() == told[1]


def test_no_file_of_the_page_loads_from_elsewhere_or_runs_text() -> None:
    for file in STATIC.glob("[!h]*.*"):
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert not re.search(r"https?://|\beval\(|new Function|innerHTML\s*=|@import", text), file.name


def test_the_page_stays_small() -> None:
    import gzip

    shell = STATIC.parents[1] / "pages" / "templates"
    files = [file for file in STATIC.glob("*.*") if file.suffix != ".txt"]
    sizes = [len(gzip.compress(file.read_bytes())) for file in (*files, shell / "style.css", shell / "workbench.html")]
    assert sum(sizes) < 60_000
