"""Charts as lists of shapes on one kind of axes; templates draw them as inline SVG, the style sheet colours them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leadterm.errors import counted

__all__ = ["Axes", "Chart", "Shape", "precision_recall_chart", "reliability_chart"]

SHARES = tuple((t / 10, f"{t / 10:.1f}") for t in range(0, 11, 2))
Ticks = Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Shape:
    """An SVG element: its tag, its attributes, a title that shows under the pointer, and text."""

    tag: str
    attributes: Mapping[str, Any]
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Shapes in the order they are drawn."""

    name: str
    width: int
    height: int
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Axes:
    """A rectangle from (0, 0) to (x_end, y_end) in values, with room for ticks and names around it.

    >>> Axes("recall", "precision").x(0.5)
    249.0
    """

    x_name: str
    y_name: str
    x_end: float = 1.0
    y_end: float = 1.0
    x_ticks: Ticks = SHARES
    y_ticks: Ticks = SHARES
    width: int = 460
    height: int = 330
    margins: tuple[int, int, int, int] = field(default=(16, 14, 44, 52))  # top, right, bottom, left

    def x(self, value: float) -> float:
        """Place a value from left to right."""
        _, right, _, left = self.margins
        return round(left + (self.width - left - right) * value / self.x_end, 1)

    def y(self, value: float) -> float:
        """Place a value from bottom to top."""
        top, _, bottom, _ = self.margins
        return round(top + (self.height - top - bottom) * (1 - value / self.y_end), 1)

    def frame(self) -> Iterator[Shape]:
        """Draw grid, ticks and names."""
        left, right, low, high = self.x(0), self.x(self.x_end), self.y(0), self.y(self.y_end)
        for value, text in self.y_ticks:
            yield Shape("line", {"class": "grid", "x1": left, "y1": self.y(value), "x2": right, "y2": self.y(value)})
            yield self.text(text, left - 8, self.y(value) + 4, "tick", "end")
        for value, text in self.x_ticks:
            yield Shape("line", {"class": "grid", "x1": self.x(value), "y1": low, "x2": self.x(value), "y2": high})
            yield self.text(text, self.x(value), low + 18, "tick", "middle")
        yield self.text(self.x_name, (left + right) / 2, low + 38, "axis", "middle")
        middle = (low + high) / 2
        place = {"class": "axis", "x": 14, "y": middle, "transform": f"rotate(-90 14 {middle})"}
        yield Shape("text", {**place, "text-anchor": "middle"}, text=self.y_name)

    def text(self, text: str, x: float, y: float, kind: str, anchor: str) -> Shape:
        """Write at a place of the drawing."""
        return Shape("text", {"class": kind, "x": round(x, 1), "y": round(y, 1), "text-anchor": anchor}, text=text)

    def line(self, points: Sequence[tuple[float, float]], kind: str, tag: str = "polyline") -> Shape:
        """Draw a line through points given in values."""
        return Shape(tag, {"class": kind, "points": " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points)})

    def whisker(self, x: float, low: float, high: float) -> Shape:
        """Draw an interval."""
        ends = {"x1": self.x(x), "y1": self.y(low), "x2": self.x(x), "y2": self.y(high)}
        return Shape("line", {"class": "whisker", **ends})

    def bar(self, low: float, high: float, height: float, title: str, kind: str = "hist") -> Shape:
        """Draw a column from the base; its height is in pixels of the drawing."""
        place = {"x": self.x(low) + 1, "y": round(self.y(0) - height, 1), "height": round(height, 1)}
        return Shape("rect", {"class": kind, **place, "width": round(self.x(high) - self.x(low) - 2, 1)}, title)

    def dot(self, x: float, y: float, title: str, kind: str = "dot", radius: float = 4) -> Shape:
        """Draw a point that says what it is."""
        return Shape("circle", {"class": kind, "cx": self.x(x), "cy": self.y(y), "r": radius}, title)

    def chart(self, name: str, shapes: Sequence[Shape]) -> Chart:
        """Put shapes on the axes."""
        return Chart(name, self.width, self.height, (*self.frame(), *shapes))


def precision_recall_chart(
    points: Sequence[Mapping[str, float]], chosen: tuple[float, float], targets: Sequence[Mapping[str, Any]] = ()
) -> Chart:
    """Draw precision over recall, the suggested set (recall, precision), and the precision targets that were reached.

    >>> chart = precision_recall_chart([{"recall": 0.5, "precision": 1.0, "threshold": 0.9}], (0.5, 1.0))
    >>> [s.title for s in chart.shapes if s.title]
    ['suggested set: recall 0.500, precision 1.000']
    """
    axes, shapes = Axes("recall", "precision"), []
    for tenth in (2, 4, 6, 8):
        f1 = tenth / 10
        shapes.append(axes.line(_equal_f1(f1), "iso"))
        shapes.append(axes.text(f"F1 {f1:.1f}", axes.x(1) - 4, axes.y(f1 / (2 - f1)) - 4, "isolabel", "end"))
    spots = [(p["recall"], p["precision"]) for p in points]
    if spots:
        shapes.append(axes.line([*spots, (spots[-1][0], 0), (spots[0][0], 0)], "area", "polygon"))
        shapes.append(axes.line(spots, "line"))
    for row in targets:
        text = f"precision {row['precision']:.3f} at coverage {row['coverage']:.3f}"
        shapes.append(axes.dot(row["coverage"], row["precision"], text, "dot2"))
    r, p = chosen
    shapes.append(axes.dot(r, p, f"suggested set: recall {r:.3f}, precision {p:.3f}", radius=6))
    x, anchor = (axes.x(r) - 9, "end") if r > 0.35 else (axes.x(r) + 9, "start")
    shapes.append(axes.text("suggested set", x, axes.y(p) + 18, "label", anchor))
    return axes.chart("Precision over recall", shapes)


def reliability_chart(bins: Sequence[Mapping[str, Any]]) -> Chart:
    """Draw the share that is right over confidence, with intervals; columns show the size of each bin on a log scale.

    >>> one = {"low": 0.8, "high": 0.9, "n": 5, "confidence": 0.85, "right": 0.8, "right_ci": [0.4, 0.96]}
    >>> [s.title for s in reliability_chart([one]).shapes if s.title]
    ['5 suggestions', 'confidence 0.85: 0.80 right, n = 5']
    """
    axes, most = Axes("confidence", "share right"), max((math.log1p(b["n"]) for b in bins), default=1.0)
    sizes = [(60 * math.log1p(b["n"]) / most, counted(b["n"], "suggestion")) for b in bins]
    shapes = [axes.bar(b["low"], b["high"], *size) for b, size in zip(bins, sizes, strict=True)]
    shapes.append(axes.line([(0, 0), (1, 1)], "ideal"))
    shapes.append(axes.line([(b["confidence"], b["right"]) for b in bins], "line"))
    shapes += [axes.whisker(b["confidence"], *b["right_ci"]) for b in bins]
    for b in bins:
        text = f"confidence {b['confidence']:.2f}: {b['right']:.2f} right, n = {b['n']:,}"
        shapes.append(axes.dot(b["confidence"], b["right"], text))
    return axes.chart("Reliability", shapes)


def _equal_f1(f1: float) -> list[tuple[float, float]]:
    """Recall and precision of one F1: precision = f r / (2 r - f)."""
    start = f1 / (2 - f1)
    return [(r, f1 * r / (2 * r - f1)) for r in (start + i / 40 * (1 - start) for i in range(41))]
