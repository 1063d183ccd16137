"""What changed between two dataset versions, as one HTML page: words, bars and small pictures with boxes.

The page needs nothing outside it and runs no script. It shows frames: where they are of real people it is as private as
the dataset, and belongs in no repository. The same two versions under the same names give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.data.versions import words
from proctor_models.data.versions.changes import Changes, FrameChange
from proctor_models.data.versions.counts import Row, Table, class_tables, slice_tables
from proctor_models.data.versions.pictures import plain, spread, thumb
from proctor_models.files import write_text
from proctor_models.runtime.report import csp_hash

PAGE_FILE = "diff.html"
PICTURES = 12  # of each kind of change
_MOST_ROWS = 16  # of one chart
_BAR = 300  # longest bar, in the chart's own units
_ROW = 34


def write_page(changes: Changes, out: Path, pictures: int = PICTURES) -> Path:
    """Write ``diff.html`` into the folder `out` (made if need be; nothing else in it is touched).

    Args:
        changes: the comparison.
        out: folder.
        pictures: most frames shown of each kind of change.

    Returns:
        The page's path.
    """
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / PAGE_FILE, page(changes, pictures))
    return out / PAGE_FILE


def page(changes: Changes, pictures: int = PICTURES) -> str:
    """The page as text."""
    style = (files("proctor_models.data.versions") / "diff.css").read_text(encoding="utf-8")
    policy = f"default-src 'none'; img-src data:; style-src {csp_hash(style)}; base-uri 'none'; form-action 'none'"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Dataset versions compared</title><style>{style}</style></head><body>",
        _head(changes),
        "<main>",
        _charts(changes),
        _sections(changes, pictures),
        "</main></body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _head(changes: Changes) -> str:
    versions = [
        f'<div class="version"><dt>{side}</dt><dd><b>{escape(v.name)}</b><br>{words.many(len(v.manifest), "frame")}, '
        f"version <code>{v.data_version[:12]}</code>{''.join(f'<br>{escape(note)}' for note in v.notes)}</dd></div>"
        for side, v in (("A", changes.a), ("B", changes.b))
    ]
    alarms = "".join(f'<p class="alarm">{escape(line)}</p>' for line in words.alarms(changes))
    return (
        f"<header><h1>What changed from A to B</h1>{alarms}"
        f'<p class="said">{escape(words.paragraph(changes))}</p><dl>{"".join(versions)}</dl></header>'
    )


def _charts(changes: Changes) -> str:
    before, after = changes.a.manifest.frames, changes.b.manifest.frames
    tables = [*class_tables(before, after), *slice_tables(before, after)]
    shown = [table for table in tables[:2] if table.rows] + [table for table in tables[2:] if table.changed]
    same = [table.name for table in tables[2:] if not table.changed]
    note = f'<p class="hint">No difference by {escape(", ".join(same))}.</p>' if same else ""
    key = '<p class="hint"><span class="key a"></span> A, before <span class="key b"></span> B, after</p>'
    charts = "".join(_chart(table) for table in shown)
    return f'<section><h2>Counts</h2>{key}<div class="charts">{charts}</div>{note}</section>'


def _chart(table: Table) -> str:
    """Two bars a value; what changed first where there are too many."""
    rows: Sequence[Row] = table.rows
    if len(rows) > _MOST_ROWS:
        biggest = sorted(rows, key=lambda row: (-abs(row.change), -row.after, row.value))
        rows = biggest[:_MOST_ROWS]
    most = max([1, *(max(row.before, row.after) for row in rows)])
    lines = "".join(_bars(row, 6 + i * _ROW, most) for i, row in enumerate(rows))
    rest = len(table.rows) - len(rows)
    more = f'<p class="hint">{rest} more with smaller differences</p>' if rest else ""
    return (
        f"<figure><figcaption>{escape(table.name)} <small>({table.counted})</small></figcaption>"
        f'<svg class="chart" viewBox="0 0 640 {12 + len(rows) * _ROW}">{lines}</svg>{more}</figure>'
    )


def _bars(row: Row, y: int, most: int) -> str:
    a, b = (_BAR * count / most for count in (row.before, row.after))
    name = row.value if len(row.value) <= 27 else f"{row.value[:12]}…{row.value[-14:]}"
    change = f'<tspan class="change">  {row.change:+d}</tspan>' if row.change else ""
    return (
        f"<g><title>{escape(row.value)}: {row.before} before, {row.after} after</title>"
        f'<text class="name" x="212" y="{y + 19}">{escape(name)}</text>'
        f'<rect class="a" x="220" y="{y + 2}" width="{a:.1f}" height="11"/>'
        f'<rect class="b" x="220" y="{y + 14}" width="{b:.1f}" height="11"/>'
        f'<text class="number" x="{226 + a:.1f}" y="{y + 12}">{row.before}</text>'
        f'<text class="number" x="{226 + b:.1f}" y="{y + 24}">{row.after}{change}</text></g>'
    )


def _sections(changes: Changes, most: int) -> str:
    a, b = changes.a.manifest, changes.b.manifest
    labels = [change for change in changes.relabelled if not (change.side or change.picture)]
    found = [
        _section(
            "Changed side of the split",
            len(changes.sides),
            [_changed(b, c, f"{c.side[0]} to {c.side[1]}") for c in spread(changes.sides, most) if c.side],
        ),
        _section("Labels changed", len(labels), [_changed(b, c, words.told(c)) for c in spread(labels, most)]),
        _section(
            "Another picture under the same id",
            len(changes.pictures),
            [_pair(a, b, change) for change in spread(changes.pictures, most)],
        ),
        _section("Removed", len(changes.removed), [_frame(a, f, "removed") for f in spread(changes.removed, most)]),
        _section("Added", len(changes.added), [_frame(b, f, "added") for f in spread(changes.added, most)]),
        _section(
            "The same picture under another id",
            len(changes.renamed),
            [_changed(b, c, f"was {c.before.id}") for c in spread(changes.renamed, most)],
        ),
    ]
    return "".join(found)


def _section(title: str, count: int, cards: Iterable[str]) -> str:
    cards = list(cards)
    if not cards:
        return ""
    shown = f", {len(cards)} of them shown" if len(cards) < count else ""
    key = (
        '<p class="hint">boxes: <span class="key added"></span> added <span class="key old"></span> before or removed '
        '<span class="key moved"></span> moved or relabelled <span class="key same"></span> as before</p>'
    )
    heading = f"<h2>{title} <small>{words.many(count, 'frame')}{shown}</small></h2>"
    return f'<section>{heading}{key}<div class="cards">{"".join(cards)}</div></section>'


def _frame(manifest: Manifest, frame: FrameRecord, kind: str) -> str:
    drawn = thumb(manifest, frame, plain(frame.boxes, "added" if kind == "added" else "removed"))
    facts = [frame.view, frame.split, frame.person and f"person {frame.person}", frame.source]
    return _card(drawn, frame.id, ", ".join(fact for fact in facts if fact))


def _changed(manifest: Manifest, change: FrameChange, told: str) -> str:
    return _card(thumb(manifest, change.after, change.boxes), change.after.id, told)


def _pair(a: Manifest, b: Manifest, change: FrameChange) -> str:
    old = thumb(a, change.before, plain(change.before.boxes))
    new = thumb(b, change.after, plain(change.after.boxes))
    return _card(f'<div class="pair">{old}{new}</div>', change.after.id, words.told(change), " wide")


def _card(drawn: str, name: str, told: str, wide: str = "") -> str:
    return (
        f'<figure class="card{wide}">{drawn}<figcaption><b>{escape(name)}</b><br>{escape(told)}</figcaption></figure>'
    )
