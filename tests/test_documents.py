"""What the documents name exists."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import leadterm

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pipeline" / "leadterm"
PLACES = (ROOT, ROOT / "tests", PACKAGE, PACKAGE / "text" / "knowledge", PACKAGE / "pages" / "templates")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "pipeline/README.md", "tests/README.md",
             *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md"))))  # fmt: skip
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


def test_every_fault_has_a_test() -> None:
    lines = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("| ")]
    held = [row for row in rows if row[0].strip() != "fault"]
    assert len(held) >= 30
    assert [row[0] for row in held if not re.search(r"`tests/[a-z_/]+\.py`", row[2])] == []


def test_every_room_is_in_the_table() -> None:
    text = (ROOT / "pipeline" / "README.md").read_text(encoding="utf-8")
    rooms = [path for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()]
    names = {f"{path.name}/" if path.is_dir() else path.name for path in rooms}
    missing = {name for name in names if not name.startswith("_") and f"`{name}`" not in text}
    assert not missing


def test_every_name_of_the_reference_exists_and_no_public_one_is_missing() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    named = re.findall(r"^::: ([\w.]+)$", text, flags=re.MULTILINE)
    found = [getattr(import_module(place.rpartition(".")[0]), place.rpartition(".")[2]) for place in named]
    assert all(thing.__doc__ for thing in found)
    assert [name for name in leadterm.__all__ if name != "__version__" and getattr(leadterm, name) not in found] == []


def test_the_pages_of_the_guide_are_all_in_its_menu() -> None:
    menu = re.findall(r": (\w+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(menu) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))


def test_no_link_leads_out_of_the_guide() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        assert "](../" not in page.read_text(encoding="utf-8"), page.name  # `make docs` is strict
