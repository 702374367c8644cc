"""Record what leadterm answers, so that a change of the house can be proved to change nothing.

    python tests/golden.py RECORD.json                     record suggestions, models, evaluation, start-up, notes/s
    python tests/golden.py RECORD.json --against OLD.json  and say what differs; exit status 1 where something does

Everything goes through the command line, which is a contract, so a record outlives any move of the code.
``--notes FILE`` adds notes of your own (JSON lines with ``id`` and ``text``).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "corpora/reference/train.jsonl"
LEARNED, HELD = 120, 40  # encounters to learn from, and to answer


def leadterm(*arguments: str | Path) -> str:
    """Run a command and give what it prints."""
    command = [sys.executable, "-c", "from leadterm.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "pipeline"), "OMP_NUM_THREADS": "1"}
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return subprocess.run(command, check=True, env=environment, text=True, **quiet).stdout


def digest(content: bytes | str) -> str:
    """Name content by a hash."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()[:16]


def suggestions(name: str, notes: Path, model: str | Path) -> dict[str, str]:
    """Answer notes with a model; one entry an encounter."""
    lines = leadterm("suggest", notes, "--model", model, "--format", "jsonl").splitlines()
    return {f"{name}/{json.loads(line)['encounter_id']}": digest(line) for line in lines}


def trained(name: str, rows: list[dict[str, Any]], held: Path, folder: Path, system: str, spell: Any) -> dict[str, str]:
    """Train on codes alone, and answer and evaluate with the model."""
    table = folder / f"{name}.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["encounter_id", "text", "codes", "setting", "split"])
        for number, row in enumerate(rows[: LEARNED + HELD]):
            codes = " ".join(spell(code["code"]) for code in row["codes"])
            split = "train" if number < LEARNED else "dev"
            text = "\n\n".join(note["text"] for note in row["notes"])
            writer.writerow([row["encounter_id"], text, codes, row["setting"], split])
    corpus, model = folder / f"{name}-corpus", folder / f"{name}-model"
    leadterm("corpus", "import", "csv", table, "--output", corpus, "--system", system)
    leadterm("train", corpus, "--output", model)
    found = {f"{name}/arrays/{path.name}": digest(path.read_bytes()) for path in sorted(model.glob("*.npy"))}
    report = leadterm("evaluate", model, corpus, "--split", "dev", "--format", "json")
    found[f"{name}/evaluation"] = digest(report.replace(str(folder), ""))
    return found | suggestions(name, held, model)


def record(notes: Path | None) -> dict[str, Any]:
    """Record everything."""
    rows = [json.loads(line) for line in REFERENCE.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        held = folder / "held.jsonl"
        kept = rows[LEARNED : LEARNED + HELD]
        held.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
        found = suggestions("default", REFERENCE, "default")
        start = time.perf_counter()
        leadterm("suggest", REFERENCE, "--format", "jsonl")
        spent = time.perf_counter() - start
        if notes:
            given = [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]
            file = folder / "notes.jsonl"
            lines = [
                json.dumps({"encounter_id": d["id"], "notes": [{"note_id": "n", "text": d["text"]}], "codes": []})
                for d in given
            ]
            file.write_text("\n".join(lines), encoding="utf-8")
            found |= suggestions("notes", file, "default")
        found |= trained("icd", rows, held, folder, "icd10cm", str)
        found |= trained("own", rows, held, folder, "own", lambda code: code.replace(".", "").lower())
    starts = []
    for _ in range(3):
        start = time.perf_counter()
        leadterm("suggest", ROOT / "corpora/samples/clinic-note.txt")
        starts.append(time.perf_counter() - start)
    speed = {"start_up_seconds": round(min(starts), 2), "notes_per_second": round(len(rows) / (spent - min(starts)), 1)}
    return {"answers": found, "speed": speed}


def main() -> int:
    """Record, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--notes", type=Path)
    asked = parser.parse_args()
    made = record(asked.notes)
    asked.record.parent.mkdir(parents=True, exist_ok=True)
    asked.record.write_text(json.dumps(made, indent=1), encoding="utf-8")
    print(f"{len(made['answers'])} answers recorded; {made['speed']}")
    if not asked.against:
        return 0
    old = json.loads(asked.against.read_text(encoding="utf-8"))
    names = sorted({*old["answers"], *made["answers"]})
    changed = [name for name in names if old["answers"].get(name) != made["answers"].get(name)]
    print(f"before: {old['speed']}")
    print(f"{len(changed)} of {len(names)} answers differ" + (":" if changed else "."))
    print("".join(f"  {name}\n" for name in changed[:20]), end="")
    return int(bool(changed))


if __name__ == "__main__":
    sys.exit(main())
