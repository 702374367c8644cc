"""Templates to pages, the one place that knows Jinja2: everything is escaped, and a missing name is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from leadterm.service_line import line_text

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["ends_of", "p_value", "percent", "pieces", "render"]


def render(template: str, **values: Any) -> str:
    """Fill a template of `templates/`; it ends with one line end.

    >>> render("curve.svg", chart={"width": 9, "height": 9, "name": "<x>", "shapes": ()}).count("&lt;x&gt;")
    1
    """
    return _environment().get_template(template).render(values).rstrip() + "\n"


def pieces(template: str, **values: Any) -> Iterator[str]:
    """Fill a template like `render`, and give the page in pieces."""
    stream = _environment().get_template(template).stream(values)
    stream.enable_buffering(200)
    yield from stream
    yield "\n"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    def load(name: str) -> str:
        return (files("leadterm.pages") / "templates" / name).read_text(encoding="utf-8")

    filters: dict[str, Callable[..., str]] = {
        "figure": lambda value, digits=3: f"{value:.{digits}f}", "signed": lambda value: f"{value:+.3f}",
        "count": lambda value: f"{value:,.0f}", "share": lambda value: f"{100 * value:.1f}%",
        "ends": ends_of, "percent": percent, "p": p_value,
        "line": lambda service: line_text(service.units, service.modifiers),
    }  # fmt: skip
    made = Environment(
        loader=FunctionLoader(load),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= filters
    return made


def ends_of(ends: Sequence[float] | None, digits: int = 3, sign: str = "") -> str:
    """Write an interval; nothing where there is none.

    >>> ends_of([0.6, 0.639]), ends_of([])
    ('0.600 to 0.639', '')
    """
    return " to ".join(f"{end:{sign}.{digits}f}" for end in ends or ())


def percent(confidence: float) -> str:
    """Write a confidence in whole percent.

    >>> percent(0.034), percent(0.001)
    ('3%', '<1%')
    """
    return "<1%" if confidence < 0.005 else f"{confidence:.0%}"


def p_value(p: float) -> str:
    """Write a p value."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
