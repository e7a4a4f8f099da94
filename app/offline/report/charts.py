"""Pictures as SVG text, drawn by matplotlib."""

import io
from collections.abc import Sequence
from typing import Any

from app.offline.extras import optional

_BLUE, _GREEN, _RED, _GREY = "#3b6ea5", "#3a8a5f", "#b5493b", "#8a8f98"
_SIZE = (5.2, 2.7)
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "assay",
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _GREY,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


def _draw(title: str, paint: Any, xlabel: str, ylabel: str) -> str:
    matplotlib: Any = optional("matplotlib", "to draw the report's pictures")
    figure_class: Any = optional("matplotlib.figure", "to draw the report's pictures").Figure
    with matplotlib.rc_context(STYLE):
        figure: Any = figure_class(figsize=_SIZE, layout="constrained")
        axes: Any = figure.subplots()
        paint(axes)
        axes.set_title(title)
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def bars(title: str, hist: dict[str, Any], xlabel: str, ylabel: str = "completions", colour: str = _BLUE) -> str:
    """A histogram as `stats.histogram` gives it."""
    counts: list[int] = hist["counts"]
    width = (hist["high"] - hist["low"]) / len(counts)
    places = [hist["low"] + width * (i + 0.5) for i in range(len(counts))]

    def paint(axes: Any) -> None:
        axes.bar(places, counts, width * 0.92, color=colour)

    return _draw(title, paint, xlabel, ylabel)


def shares(title: str, counts: dict[str, float], xlabel: str) -> str:
    """Named counts, one bar each, the largest on top."""
    items = sorted(counts.items(), key=lambda item: item[1])[-12:]

    def paint(axes: Any) -> None:
        _named_bars(axes, items, _BLUE)

    return _draw(title, paint, xlabel, "")


def _named_bars(axes: Any, items: Sequence[tuple[str, float]], colour: str) -> None:
    """Bars from below, each with its count behind it."""
    drawn: Any = axes.barh([name for name, _ in items], [count for _, count in items], color=colour)
    axes.bar_label(drawn, fmt="{:,.0f}", padding=3)
    axes.margins(x=0.12)


def curve(
    title: str,
    xs: Sequence[float],
    ys: Sequence[float],
    xlabel: str,
    ylabel: str,
    *,
    log: bool = False,
    labels: Sequence[str] | None = None,
    band: tuple[Sequence[float], Sequence[float]] | None = None,
) -> str:
    """A line with points; `band` are lower and upper bounds, `labels` stand under the points."""

    def paint(axes: Any) -> None:
        if band:
            axes.fill_between(xs, band[0], band[1], color=_GREEN, alpha=0.18, linewidth=0)
        axes.plot(xs, ys, marker="o", color=_GREEN)
        axes.set_ylim(0, 1.02)
        if log:
            axes.set_xscale("log", base=2)
            axes.xaxis.set_major_formatter("{x:,.0f}")
            axes.minorticks_off()
        if labels:
            axes.set_xticks(list(xs), labels)

    return _draw(title, paint, xlabel, ylabel)


def steps(title: str, rows: Sequence[tuple[str, int]], xlabel: str) -> str:
    """A funnel: what is left after each step."""

    def paint(axes: Any) -> None:
        _named_bars(axes, rows[::-1], _GREEN)

    return _draw(title, paint, xlabel, "")
