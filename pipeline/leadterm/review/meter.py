"""What the server counts of itself, in the text that Prometheus reads; no name, no word of a note."""

from __future__ import annotations

from collections import Counter

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client import Counter as Count

from leadterm.review.workbench import Workbench

__all__ = ["Meter"]

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Meter:
    """Counts requests by route and status, and how long they took."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ("route", "status")
        self._requests = Count("leadterm_requests", "Requests answered.", names, registry=self.registry)
        self._seconds = Histogram("leadterm_request_seconds", "Seconds to the answer.", ("route",), buckets=BUCKETS,
                                  registry=self.registry)  # fmt: skip
        self._encounters = Gauge("leadterm_encounters", "Encounters by status.", ("status",), registry=self.registry)
        self._decisions = Gauge("leadterm_decisions", "Entries that are kept.", registry=self.registry)

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, bench: Workbench) -> tuple[bytes, str]:
        """Give all figures, and their media type."""
        count = Counter(bench.standing(number).status for number in range(len(bench.encounters)))
        for status in ("open", "begun", "finished"):
            self._encounters.labels(status).set(count[status])
        self._decisions.set(sum(1 for _ in bench.store.everything()))
        return generate_latest(self.registry), MEDIA
