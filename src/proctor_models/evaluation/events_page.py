"""The figures of events as tables: what a person would have been shown, and what not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

TARGETS: dict[str, dict[str, float]] = {"absence": {"precision": 0.95, "recall": 0.98, "onset_error_max_s": 2.0}}
"""Kind of event to figure and what it should reach: shares at least, seconds at most."""
_SPEEDS = {
    "fixed": "at most {:g} frames a second",
    "adaptive": "{:g} frames a second, twice as many while something is suspected, half while nothing moves",
}
_READING = """\
- *Found*: events that at least one finding shares time with, or starts within two seconds of. Time in which nobody can
  say, and frames the source lacks, count for neither side.
- *Precision*: of the findings, those with an event behind them; *false* ones have none. *False an hour* divides by
  the time in which they could be judged: what the labels leave open is taken off.
- *Onset*: how far a finding's start lies from its event's, either way; for an event that a finding still open from the
  event before ran into, there is none.
- Ranges are exact 95 % intervals. They take events as independent; those of one person are not, so that few people
  prove less than a range says.
- `-`: the clips cannot say.
"""


def render_events(content: Mapping[str, Any]) -> str:
    """The page, Markdown.

    Args:
        content: what events.json holds.
    """
    nets = ", ".join(f"{net} `{sha256[:12]}`" for net, sha256 in content["pack"]["models"].items())
    speed = _SPEEDS[content.get("pace", "fixed")].format(content["rate_hz"])
    watched = (
        f"Pack `{content['pack']['version']}` ({nets}), rules `{content['rules']['name']}`, {speed}. "
        f"{len(content['clips'])} clips of {', '.join(content['persons'])}, {content['hours'] * 60:.1f} minutes. "
        "Findings are for review by a person, never a verdict.\n"
    )
    parts = [
        "# Events\n",
        watched,
        _taught(content["persons_trained_on"]),
        _READING,
        _kinds(content),
        *(_targets(kind, content["kinds"][kind]) for kind in TARGETS if kind in content["kinds"]),
        _not_judged(content),
        _clips(content),
    ]
    return "\n".join(part for part in parts if part)


def _taught(persons: Sequence[str] | None) -> str:
    """How far these people are strangers to the nets."""
    if persons is None:
        return "The pack does not say whom its nets were trained on: they may have seen these very people.\n"
    if persons:
        return (
            f"**The nets were trained on {', '.join(persons)}: the figures say how well they remember, not how well "
            "they see.**\n"
        )
    return "The nets were trained on none of these people, by the pack's card.\n"


def _kinds(content: Mapping[str, Any]) -> str:
    columns = ("event", "events", "people", "found", "recall", "findings", "false", "precision",
               "false an hour", "onset, median s", "onset, most s")  # fmt: skip
    rows = [*content["kinds"].items(), ("all", content["all"])]
    return _table(
        columns,
        (
            (
                kind, row["events"], row["persons"], row["found"], with_interval(row, "recall"),
                row["findings"], row["false_findings"], with_interval(row, "precision"),
                with_interval(row, "false_per_hour", digits=1), _number(row["onset_error_median_s"]),
                _number(row["onset_error_max_s"]),
            )
            for kind, row in rows
        ),
    )  # fmt: skip


def _targets(kind: str, row: Mapping[str, Any]) -> str:
    """What was asked of a kind and whether these clips show it."""
    rows = [(name, "at most" if name.endswith("_s") else "at least", aim) for name, aim in TARGETS[kind].items()]
    cells = []
    for name, way, aim in rows:
        value, low = row[name], row.get(f"{name}_low")
        reached = value is not None and (value <= aim if way == "at most" else value >= aim)
        verdict = "not measured" if value is None else ("reached" if reached else "missed")
        if reached and low is not None and low < aim:
            verdict = "reached, on too few events to be sure"
        got = with_interval(row, name) if low is not None else _number(value)
        cells.append((name.replace("_", " "), f"{way} {aim:g}", got, verdict))
    return f"## Targets for {kind}\n\n" + _table(("figure", "target", "measured", ""), cells)


def _not_judged(content: Mapping[str, Any]) -> str:
    lines = [
        f"- {kind} (events: {count}): no rule of the set reads it, so none is counted as missed."
        for kind, count in content["kinds_without_rule"].items()
        if count
    ]
    lines += [
        f"- rule `{rule}` (findings: {count}): the events tell nothing of what it reads."
        for rule, count in content["findings_not_judged"].items()
    ]
    if content["findings_not_judged"]:
        lines.append("\nA clip is one view: a rule that wants the other finds its recording missing.")
    return "## Not judged\n\n" + "\n".join(lines) + "\n" if lines else ""


def _clips(content: Mapping[str, Any]) -> str:
    rows = []
    for clip in content["clips"]:
        counted = [event for event in clip["events"] if event["counted"]]
        judged = [finding for finding in clip["findings"] if finding["judged"]]
        false = [f"{finding['event']} at {finding['start_s']:g} s" for finding in judged if finding["true"] is False]
        missed = [f"{event['event']} at {event['start_s']:g} s" for event in counted if not event["found"]]
        found = sum(event["found"] for event in counted)
        rows.append((clip["name"], clip["person"], f"{clip['watched_s'] / 60:.1f}", f"{found} of {len(counted)}",
                     _listed(missed), len(judged), _listed(false)))  # fmt: skip
    columns = ("clip", "person", "minutes", "found", "missed", "findings", "false")
    return "## By clip\n\n" + _table(columns, rows)


def _listed(words: list[str]) -> str:
    """The first few, and how many more.

    >>> _listed([]), _listed(["a", "b", "c", "d", "e"])
    ('', 'a, b, c, d and 1 more')
    """
    more = f" and {len(words) - 4} more" if len(words) > 4 else ""
    return ", ".join(words[:4]) + more


def with_interval(row: Mapping[str, Any], name: str, digits: int = 3) -> str:
    """A figure with its interval, or ``-``.

    >>> with_interval({"recall": 0.5, "recall_low": 0.0126, "recall_high": 0.9874}, "recall")
    '0.500 (0.013-0.987)'
    """
    value, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    return "-" if value is None else f"{value:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    columns = list(columns)
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"
