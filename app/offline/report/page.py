"""A page of one file: no scripts, no addresses, pictures inside."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

_STYLE = """
:root{color-scheme:light dark;--line:#d9dce1;--dim:#6b7280;--good:#3a8a5f;--bad:#b5493b}
@media(prefers-color-scheme:dark){:root{--line:#3a3f47;--dim:#9aa1ab}svg{filter:invert(.92) hue-rotate(180deg)}}
body{font:15px/1.5 system-ui,sans-serif;max-width:1120px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p.dim,td.dim,span.dim{color:var(--dim)}
.cards{display:flex;flex-wrap:wrap;gap:.8rem;margin:1rem 0}
.card{border:1px solid var(--line);border-radius:8px;padding:.6rem 1rem;min-width:8rem}
.card b{display:block;font-size:1.4rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(400px,1fr));gap:1rem}
.charts>div{max-width:640px}.charts svg{width:100%;height:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0;font-size:.8rem;max-height:16rem;overflow:auto}
.good{color:var(--good)}.bad{color:var(--bad)}
details{border:1px solid var(--line);border-radius:8px;padding:.5rem .8rem;margin:.5rem 0}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
"""


def number(value: Any, digits: int = 4) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.{digits}g}"


def cards(rows: Iterable[tuple[str, str]]) -> str:
    inner = "".join(f'<div class="card"><b>{escape(v)}</b>{escape(k)}</div>' for k, v in rows)
    return f'<div class="cards">{inner}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Cells are escaped; numbers stand right."""
    found = list(rows)
    numeric = [any(_is_number(row[i]) for row in found) for i in range(len(head))]
    top = "".join(f"<th{_CLASS[n]}>{escape(h)}</th>" for h, n in zip(head, numeric, strict=True))
    lines = [
        "".join(f"<td{_CLASS[n]}>{_cell(cell)}</td>" for cell, n in zip(row, numeric, strict=True)) for row in found
    ]
    return f"<table><tr>{top}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


_CLASS = {True: ' class="n"', False: ""}


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _cell(cell: Any) -> str:
    return number(cell) if cell is None or _is_number(cell) else escape(str(cell))


def charts(svgs: Iterable[str]) -> str:
    return f'<div class="charts">{"".join(f"<div>{svg}</div>" for svg in svgs)}</div>'


def sample(title: str, columns: Sequence[tuple[str, str]]) -> str:
    """Texts side by side under a title, folded."""
    inner = "".join(f'<div><span class="dim">{escape(k)}</span><pre>{escape(v)}</pre></div>' for k, v in columns)
    return f'<details><summary>{escape(title)}</summary><div class="pair">{inner}</div></details>'


def section(title: str, *parts: str) -> str:
    body = "".join(parts)
    return f"<section><h2>{escape(title)}</h2>{body}</section>" if body else ""


def write(path: Path, title: str, subtitle: str, *sections: str) -> None:
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    body = f'<h1>{escape(title)}</h1><p class="dim">{escape(subtitle)}</p>{"".join(sections)}'
    path.write_text(f"{head}<body>{body}</body></html>\n", "utf-8", errors="replace")
