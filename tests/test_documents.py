"""What the documents name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pipeline" / "leadterm"
PLACES = (ROOT, ROOT / "tests", PACKAGE, PACKAGE / "text" / "knowledge", PACKAGE / "pages" / "templates")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "pipeline/README.md", "tests/README.md")
PATH = re.compile(r"`([a-z_0-9./*-]+(?:/|\.(?:py|tsv|toml|json|html|css|md|txt)))`")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_exists(name: str) -> None:
    named = set(PATH.findall((ROOT / name).read_text(encoding="utf-8")))
    lost = [path for path in sorted(named) if not any(list(place.glob(path)) for place in PLACES)]
    assert not lost


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)\)", text) if not re.match(r"https?:|mailto:", link)]
    assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


def test_every_room_is_in_the_table() -> None:
    text = (ROOT / "pipeline" / "README.md").read_text(encoding="utf-8")
    rooms = [path for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()]
    names = {f"{path.name}/" if path.is_dir() else path.name for path in rooms}
    missing = {name for name in names if not name.startswith("_") and f"`{name}`" not in text}
    assert not missing
