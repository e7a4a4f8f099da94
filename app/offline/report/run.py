"""The report of one run: report.html, report.json, and the summary for a terminal."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from rich.table import Table

from app.offline.output import MANIFEST, write_json
from app.offline.records import Record
from app.offline.report import charts, page, texts
from app.offline.report.stats import Run, describe
from app.rewards import registry
from app.rubric import PASS_COMPONENT

_LANGUAGES_NOTE = "words in prose, of the input's first completions"


def write_report(folder: Path) -> Table:
    """Write a run's report into its folder; the summary comes back. Raises FileNotFoundError where there is no run."""
    run = Run(folder)
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    stats = describe(run)
    how = texts.layout_of(manifest)
    sources = [str(one["path"]) for one in manifest["inputs"]]
    stats["languages"] = _languages(texts.first(how, sources)) if how else {}
    write_json(folder / "report.json", {"rubric": manifest["rubric"]["name"], **stats})
    previous: dict[str, Any] = stats.get("previous") or {}
    flips: list[dict[str, Any]] = previous.get("flips", [])
    shown = texts.fetch(how, [(f["source"], f["row"], f["part"]) for f in flips]) if how else {}
    page.write(
        folder / "report.html",
        f"Assay: {manifest['rubric']['name']} on {', '.join(Path(s).name for s in sources[:3])}",
        f"{manifest['rows']:,} completions, {manifest['bad_rows']:,} bad rows, assay {manifest['assay']}",
        _head(stats),
        page.section("Distributions", page.charts(_pictures(stats))),
        page.section("Components", _components(stats)),
        page.section("Against the earlier reward", _confusion(stats), *_flips(flips, shown)),
        page.section("Slowest", _slow(stats)),
    )
    return summary(stats)


def _head(stats: dict[str, Any]) -> str:
    reward, groups = stats["reward"], stats.get("groups")
    rows = [
        ("completions", f"{reward['n']:,}"),
        ("mean reward", page.number(reward["mean"])),
        ("abstained", f"{reward['n'] - reward['scored']:,}"),
    ]
    if groups:
        rows += [
            ("groups", f"{groups['count']:,}"),
            ("pass rate", page.number(groups["pass_rate"], 3)),
            ("groups without variance", f"{groups['zero_variance']:,}"),
        ]
    return page.cards(rows)


def _pictures(stats: dict[str, Any]) -> list[str]:
    found: list[str] = []
    if stats["reward"]["hist"]:
        found.append(charts.bars("Reward", stats["reward"]["hist"], "reward"))
    groups = stats.get("groups")
    if groups and groups["hist"]:
        found.append(charts.bars("Pass rate by group", groups["hist"], "share of a group that is right", "groups"))
    if curve := stats.get("pass_at_k"):
        ks, passes = [c["k"] for c in curve], [c["pass"] for c in curve]
        over = [f"{c['k']}\n{c['groups']:,}" for c in curve]
        found.append(
            charts.curve("pass@k", ks, passes, "k, and the groups with so many", "pass@k", log=True, labels=over)
        )
    if lengths := stats.get("lengths"):
        xs, ys = [max(1.0, (b["from"] + b["to"]) / 2) for b in lengths], [b["pass_rate"] for b in lengths]
        found.append(charts.curve("Length and correctness", xs, ys, "characters", "pass rate", log=True))
    for name, one in stats["components"].items():
        if one["hist"] and name != PASS_COMPONENT:
            found.append(charts.bars(name, one["hist"], "score"))
    if stats["languages"]:
        found.append(charts.shares("Languages", stats["languages"], _LANGUAGES_NOTE))
    if stats["errors"]:
        found.append(charts.shares("Abstentions", stats["errors"], "completions"))
    return found


def _components(stats: dict[str, Any]) -> str:
    rows = [
        (
            name,
            one["scored"],
            one["mean"],
            one["std"],
            one["ms"].get("p50"),
            one["ms"].get("p99"),
            ", ".join(f"{status} {count:,}" for status, count in one["statuses"].items()),
        )
        for name, one in stats["components"].items()
    ]
    return page.table(("component", "scored", "mean", "std", "p50 ms", "p99 ms", "statuses"), rows)


def _confusion(stats: dict[str, Any]) -> str:
    previous = stats.get("previous")
    if not previous:
        return ""
    counts: Counter[str] = Counter(previous["confusion"])
    now = ("right", "wrong", "abstained")
    rows = [(f"was {was}", *(counts[f"{was}→{one}"] for one in now)) for was in ("right", "wrong")]
    return page.table(("", *(f"is {one}" for one in now)), rows)


def _flips(flips: list[dict[str, Any]], shown: dict[tuple[str, int, int], Record]) -> list[str]:
    found: list[str] = []
    for flip in flips:
        record = shown.get((flip["source"], flip["row"], flip["part"]))
        title = f"{flip['id']}: earlier {flip['previous']}, now {flip[PASS_COMPONENT]} ({flip['accuracy_status']})"
        if record is None:
            found.append(page.sample(title, [("text", "the input is not there any more")]))
            continue
        reference = json.dumps(record.item.reference, ensure_ascii=False)
        found.append(
            page.sample(title, [("reference", reference), ("completion", texts.short(record.item.completion))])
        )
    return found


def _slow(stats: dict[str, Any]) -> str:
    rows = [(one["id"], one["ms"], one["chars"], f"{one['source']}:{one['row']}") for one in stats["slowest"]]
    return page.table(("id", "ms", "characters", "where"), rows)


def _languages(records: list[Record]) -> dict[str, int]:
    language = registry.get("language")
    params = language.params.model_validate({"over": "all"}) if "over" in language.params.model_fields else None
    counts: Counter[str] = Counter()
    for record in records:
        component = language.score(record.sample, params or language.params())
        counts.update(component.evidence.get("words", {}))
    return dict(counts.most_common(12))


def summary(stats: dict[str, Any]) -> Table:
    """The figures that a person looks at first."""
    table = Table(title=f"{stats['reward']['n']:,} completions")
    for column in ("", "scored", "mean", "std", "min", "max", "statuses"):
        table.add_column(column, justify="left" if column in ("", "statuses") else "right")
    rows = {"reward": stats["reward"], **stats["components"]}
    for name, one in rows.items():
        statuses = ", ".join(f"{s} {c:,}" for s, c in one.get("statuses", stats["errors"]).items() if s != "ok")
        numbers = (page.number(one[key]) for key in ("scored", "mean", "std", "min", "max"))
        table.add_row(name, *numbers, statuses)
    lines: list[str] = []
    if groups := stats.get("groups"):
        lines.append(
            f"{groups['count']:,} groups, pass rate {page.number(groups['pass_rate'], 3)}, "
            f"{groups['none_right']:,} never right, {groups['all_right']:,} always right"
        )
        curve = "  ".join(f"pass@{c['k']} {c['pass']:.3f}" for c in stats["pass_at_k"])
        lines.append(curve)
    if previous := stats.get("previous"):
        lines.append("earlier → now: " + ", ".join(f"{k} {v:,}" for k, v in sorted(previous["confusion"].items())))
    table.caption = "\n".join(lines)
    return table
