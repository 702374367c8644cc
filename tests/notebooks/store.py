"""Runs the notebooks and stores their outputs: ``python tests/notebooks/store.py [NAME…]`` (``make notebooks``).

What belongs to one run alone is left out: times, warnings, what the machine calls its folders.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"


def run(path: Path) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom, as it stands in its folder."""
    book = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(book, timeout=600, kernel_name="python3", resources=resources).execute()
    return book


def clean(book: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Leave only what a reader looks at."""
    book.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                     "language_info": {"name": "python"}}  # fmt: skip
    for cell in book.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]
            for one in cell.outputs:
                if "data" in one:
                    one.metadata = {}
                    one.data["text/plain"] = re.sub(r" at 0x[0-9a-f]+", "", one.data["text/plain"])
    return book


if __name__ == "__main__":
    wanted = sys.argv[1:]
    for found in sorted(FOLDER.glob("*.ipynb")):
        if not wanted or found.stem in wanted:
            nbformat.write(clean(run(found)), found)
            print(found.name, flush=True)
