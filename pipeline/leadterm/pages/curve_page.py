"""A learning curve as a table for a terminal, as an SVG chart and as a page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from leadterm.errors import counted
from leadterm.experiments.learning_curve import LearningCurve
from leadterm.pages.charts import Axes, Chart, Shape
from leadterm.pages.render import ends_of, render
from leadterm.pages.terminal import make_table, plain

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["curve_page", "curve_svg", "curve_tables"]

WIDTH, HEIGHT, MARGINS = 640, 380, (18, 20, 52, 58)
NAMES = {"micro_f1": "micro-F1", "macro_f1": "macro-F1", "map": "MAP"}


def curve_tables(curve: LearningCurve) -> list[RenderableType]:
    """Lay a curve out for a terminal: renderables to be printed one after the other."""
    columns = ("encounters", curve.metric, "95 % interval", "repeats", "fitted")
    table = make_table(f"{curve.metric} on {counted(curve.n_test, 'encounter')}", columns, right=columns)
    for p in curve.points:
        repeats = " ".join(f"{value:.3f}" for value in p.repeats)
        table.add_row(str(p.n), f"{p.value:.3f}", ends_of((p.low, p.high)), repeats, f"{curve.law.at(p.n):.3f}")
    last = curve.points[-1].n
    for g in curve.gains:
        expected = curve.law.at(last) + g.gain
        ends = ends_of((g.low, g.high), sign="+")
        table.add_row(f"{last + g.more} ?", f"{g.gain:+.3f}", ends, "extrapolated", f"{expected:.3f}", style="dim")
    law = curve.law
    fitted = (
        f"Fitted: {curve.metric} = {law.limit:.3f} - {law.loss:.3f} / n^{law.rate:.2f}. Lines with ? extrapolate it."
    )
    return [table, plain(fitted), plain(curve.verdict())]


def curve_svg(curve: LearningCurve) -> str:
    """Draw a curve as an ``<svg>`` element that stands by itself: black on nothing, in any viewer."""
    return render("curve.svg", chart=curve_chart(curve))


def curve_page(curve: LearningCurve, corpus: str) -> str:
    """Render a curve as a page of its own, under the name of the corpus."""
    return render(
        "curve.html", curve=curve, corpus=corpus, chart=curve_chart(curve), last=curve.points[-1].n,
        metric=NAMES.get(curve.metric, curve.metric),
    )  # fmt: skip


def curve_chart(curve: LearningCurve) -> Chart:
    """Draw the points with their intervals, the fitted law and, dashed, what it foretells."""
    first, last = curve.points[0].n, curve.points[-1].n
    end = last + max(g.more for g in curve.gains)
    axes = _axes(curve, end)
    top, _, bottom, _ = MARGINS
    ahead = {"x": axes.x(last), "y": top, "width": axes.x(end) - axes.x(last), "height": HEIGHT - top - bottom}
    shapes = [
        Shape("rect", {"class": "band", **ahead}),
        axes.text("extrapolated", axes.x((last + end) / 2), axes.y(0) - 10, "tick", "middle"),
        axes.line(_law(curve, first, last), "line"),
        axes.line(_law(curve, last, end), "ahead"),
    ]
    for p in curve.points:
        shapes.append(axes.whisker(p.n, p.low, p.high))
        shapes += [axes.dot(p.n, value, "", "one", 2.5) for value in p.repeats]
        text = f"{counted(p.n, 'encounter')}: {p.value:.3f} ({p.low:.3f} to {p.high:.3f})"
        shapes.append(axes.dot(p.n, p.value, text, radius=5))
    return axes.chart("Learning curve", shapes)


def _axes(curve: LearningCurve, end: int) -> Axes:
    top = min(1.0, max(0.1, math.ceil(10 * max(*(p.high for p in curve.points), curve.law.at(end))) / 10))
    step = 0.05 if top <= 0.3 else 0.1
    return Axes(
        "coded encounters", NAMES.get(curve.metric, curve.metric), end, top,
        x_ticks=[(n, f"{n:,}") for n in range(0, end + 1, _step(end))],
        y_ticks=[(i * step, f"{i * step:.2f}") for i in range(round(top / step) + 1)],
        width=WIDTH, height=HEIGHT, margins=MARGINS,
    )  # fmt: skip


def _law(curve: LearningCurve, start: int, end: int) -> list[tuple[float, float]]:
    sizes = [start + (end - start) * i / 59 for i in range(60)]
    return [(n, max(curve.law.at(n), 0.0)) for n in sizes]


def _step(end: int) -> int:
    """Give a round distance of ticks, four to nine of them."""
    power = 10 ** int(math.log10(max(end / 4, 1)))
    return int(max(power * m for m in (1, 2, 5) if power * m * 4 <= max(end, 4)))
