"""Every notebook runs from top to bottom, is stored with outputs, and uses public names only."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest
from store import FOLDER, run

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def code_of(path: Path) -> list[str]:
    """Give the code cells."""
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_all_are_here():
    names = ["01-suggest", "02-train-on-your-notes", "03-benchmark-and-compare", "04-error-analysis"]
    assert [path.stem for path in NOTEBOOKS] == [*names, "05-add-a-synonym-or-rule"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_with_outputs_of_no_machine(path):
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].cell_type == "markdown"
    outputs = [out for cell in cells if cell.cell_type == "code" for out in cell.outputs]
    assert any("image/png" in out.get("data", {}) for out in outputs)
    assert all(cell.execution_count for cell in cells if cell.cell_type == "code")
    said = re.sub(r'"image/png": "[^"]*"', "", json.dumps(outputs))
    assert not re.search(r"(?<![\w.])/(?:tmp|home|root|work|Users|var|usr)/| at 0x", said)
    assert not any(out.output_type == "error" or out.get("name") == "stderr" for out in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_public_names_only(path):
    for source in code_of(path):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("leadterm"):
                module = __import__(node.module, fromlist=["__all__"])
                assert {alias.name for alias in node.names} <= set(module.__all__), node.module


@pytest.mark.filterwarnings("default")  # of the kernel's own libraries
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs(path):
    book = run(path)
    assert any("image/png" in out.get("data", {}) for cell in book.cells for out in cell.get("outputs", ()))
