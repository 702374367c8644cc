"""What a run tells programs: lines of JSON as things happen, and figures in a file for Prometheus' node exporter.

Nothing in them comes from a note: numbers, names of parts, and our own words.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from leadterm.batch.planning import Plan
from leadterm.errors import LeadtermError
from leadterm.intake.extras import require
from leadterm.storage.writer import explain_failure, write_file

__all__ = ["EVENTS", "FIGURES", "Journal"]

EVENTS = ("start", "part", "failed", "worker ended", "worker renewed", "search", "message", "end", "stopped")
FIGURES = {
    "parts": "Parts of the plan.", "parts_done": "Parts that are done.", "parts_failed": "Parts that failed.",
    "rows": "Rows, lines and documents of the plan.", "rows_done": "Those that are done.",
    "encounters": "Encounters that have an answer.", "suggestions": "Suggestions written.",
    "letters": "Notes without an answer.", "bytes": "Bytes of answers.", "workers_ended": "Workers that died or stuck.",
    "workers_renewed": "Workers replaced for their memory or age.", "searches": "Parts searched for a note.",
    "cpu_seconds": "Processor seconds of the parts.", "seconds_left": "Seconds that the rest will take.",
    "running": "1 while it runs.", "complete": "1 when all is done.", "updated_seconds": "When this was written.",
}  # fmt: skip
COUNTED = {"worker ended": "workers_ended", "worker renewed": "workers_renewed", "search": "searches"}
EVERY = 10.0
STDERR = "-"


class Journal:
    """Keeps count of a run and tells it, to nobody, to a log, to a file of figures, or to both."""

    def __init__(self, log: str | None = None, figures: str | None = None) -> None:
        self.log, self.figures = log, figures
        self.counts: defaultdict[str, float] = defaultdict(int)
        self.facts: dict[str, str] = {}
        self._close, self._written, self._known = ExitStack(), 0.0, 0.0
        self._file: IO[str] | None = sys.stderr if log == STDERR else None
        self._since = time.monotonic()

    def __enter__(self) -> Journal:
        if self.figures is not None:
            require("prometheus_client", "batch", "--metrics writes what Prometheus reads")
        if self.log is not None and self._file is None:
            with explain_failure(self.log, what="the log "):
                self._file = self._close.enter_context(Path(self.log).open("a", encoding="utf-8"))
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        complete = bool(self.counts["complete"])
        if error is not None and not complete:
            reason = str(error) if isinstance(error, LeadtermError) else type(error).__name__
            self._write("stopped", {"reason": reason, "rows_done": self.counts["rows_done"]})
        self.counts["running"] = 0
        with suppress(LeadtermError):
            self._publish()
        self._close.close()

    def start(self, plan: Plan, records: Mapping[int, Mapping[str, Any]]) -> None:
        """Tell what is planned, and what of it is done already."""
        identity = plan.identity
        self.facts = {
            "leadterm": identity["leadterm"], "model": plan.options.model, "model_sha256": identity["model_sha256"],
            "releases": " ".join(identity["releases"]),
        }  # fmt: skip
        self._add(parts=len(plan.pieces), rows=plan.rows, letters=len(plan.letters), running=1)
        for record in records.values():
            self._count(record, plan)
        self._known = self.counts["rows_done"]
        self._write("start", {**self.facts, **self._standing()})
        self._publish()

    def take(self, outcome: Mapping[str, Any], plan: Plan) -> None:
        """Tell what an engine gave: a record, a failure, or what happened to a worker."""
        if "event" in outcome:
            self.counts[COUNTED[outcome["event"]]] += 1
            self._write(outcome["event"], {key: value for key, value in outcome.items() if key != "event"})
        elif "failed" in outcome:
            self.counts["parts_failed"] += 1
            self._write("failed", {"part": outcome["part"], "reason": outcome["failed"]})
        else:
            self._count(outcome, plan)
            told = {key: outcome[key] for key in ("part", "file", "encounters", "suggestions", "bytes", "cpu")}
            self._write("part", {**told, "letters": len(outcome["letters"]), **self._standing()})
        if time.monotonic() - self._written > EVERY:
            with suppress(LeadtermError):
                self._publish()

    def end(self, complete: bool) -> None:
        """Tell that nothing is left to be done now."""
        self.counts["complete"] = int(complete)
        made = {key: self.counts[key] for key in ("encounters", "suggestions", "letters")}
        self._write("end", {"complete": complete, **made, **self._standing()})

    def say(self, message: str) -> None:
        """Tell something that is meant for people."""
        self._write("message", {"text": message})

    def _count(self, record: Mapping[str, Any], plan: Plan) -> None:
        self._add(**{key: record[key] for key in ("encounters", "suggestions", "bytes")}, cpu_seconds=record["cpu"])
        self._add(parts_done=1, rows_done=plan.pieces[record["part"]].rows, letters=len(record["letters"]))

    def _add(self, **more: float) -> None:
        for name, count in more.items():
            self.counts[name] += count

    def _left(self) -> float | None:
        done = self.counts["rows_done"] - self._known
        spent = time.monotonic() - self._since
        return spent * (self.counts["rows"] - self.counts["rows_done"]) / done if done else None

    def _standing(self) -> dict[str, Any]:
        left = self._left()
        told = {key: self.counts[key] for key in ("parts_done", "parts", "rows_done", "rows")}
        return {**told, "seconds_left": None if left is None else round(left, 1)}

    def _write(self, event: str, facts: Mapping[str, Any]) -> None:
        if self._file is not None:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            with suppress(OSError):  # a log that cannot be written ends no run
                print(json.dumps({"at": at, "event": event, **facts}), file=self._file, flush=True)

    def _publish(self) -> None:
        if self.figures is None:
            return
        import prometheus_client as prometheus

        registry = prometheus.CollectorRegistry()
        told = {**self.counts, "seconds_left": self._left() or 0.0, "updated_seconds": time.time()}
        for name, meaning in FIGURES.items():
            prometheus.Gauge(f"leadterm_batch_{name}", meaning, registry=registry).set(told.get(name, 0))
        info = prometheus.Gauge("leadterm_batch_info", "What makes the answers.", tuple(self.facts), registry=registry)
        info.labels(**self.facts).set(1)
        with explain_failure(self.figures, what="the figures "):
            write_file(self.figures, prometheus.generate_latest(registry))
        self._written = time.monotonic()
