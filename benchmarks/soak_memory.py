"""Memory over a long run: readings of the process, the slope with its interval, the picture."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

BLOCK_H = 0.5
"""Readings of half an hour are drawn together: what is freed late makes neighbours alike."""
DRAWS = 2000
FLAT_MIB_AN_HOUR = 1.0
"""Memory counts as flat while the interval's upper end is at most this."""


@dataclass(frozen=True)
class Usage:
    """What the process holds at one time of the exam."""

    hour: float
    rss_mib: float
    """Resident memory, mapped libraries and models included."""
    anonymous_mib: float
    """Of it, what the process has allocated."""
    open_files: int
    threads: int
    folder_mib: float
    """Evidence on the disk so far."""
    findings: int
    restarts: int


def usage(hour: float, folder_bytes: int, findings: int, restarts: int) -> Usage:
    """Read it now (Linux)."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    kib = {name: int(status[name].split()[0]) for name in ("VmRSS", "RssAnon", "Threads")}
    files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only counted
    mib = folder_bytes / 2**20
    return Usage(hour, kib["VmRSS"] / 1024, kib["RssAnon"] / 1024, files, kib["Threads"], mib, findings, restarts)


def slope(hours: Sequence[float], mib: Sequence[float], stretches: Sequence[int]) -> tuple[float, float, float]:
    """MiB an hour by least squares, with a 95 % interval by bootstrap of blocks of residuals.

    Args:
        hours: of each reading.
        mib: memory then.
        stretches: restarts before it; each stretch between two of them has a level of its own, as the nets are loaded
            anew into a heap that others have used.

    >>> hours = np.arange(0, 8, 0.1)
    >>> low, high = slope(hours, 200 + 3 * hours + 20 * (hours > 4) + np.sin(40 * hours), hours > 4)[1:]
    >>> bool(2.6 < low < 3 < high < 3.4)
    True
    """
    x, y, levels = np.asarray(hours, float), np.asarray(mib, float), np.asarray(stretches, int)
    if len(x) < 3:
        return float("nan"), float("nan"), float("nan")
    design = np.column_stack([x, *(levels == level for level in np.unique(levels))]).astype(float)
    solve = np.linalg.pinv(design)
    line = design @ (solve @ y)
    left = y - line
    block = max(1, min(len(x) // 2, round(BLOCK_H / (x[1] - x[0]))))
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(DRAWS):
        starts = rng.integers(0, len(x) - block + 1, -(-len(x) // block))
        residuals = np.concatenate([left[i : i + block] for i in starts])[: len(x)]
        drawn.append(solve[0] @ (line + residuals))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(solve[0] @ y), float(low), float(high)


def page(said: Mapping[str, Any], facts: Mapping[str, object]) -> str:
    """What a soak came to, for a page of the documents."""
    rows = [f"Measured on: {', '.join(f'{key} {value}' for key, value in facts.items())}.", ""]
    rows += [
        "| memory, first hour after each start left out | least MiB | most MiB | MiB an hour (95 %) | target |",
        "|" + " --- |" * 5,
    ]
    for name, key in (("resident", "rss_mib"), ("of it allocated", "anonymous_mib")):
        one = said[key]
        low, high = one["an_hour_interval"]
        grows = f"{one['an_hour']:+.2f} ({low:+.2f} to {high:+.2f})"
        limit = f"at most {FLAT_MIB_AN_HOUR:g}: {'met' if one['flat'] else 'missed'}"
        rows.append(f"| {name} | {one['least']:.1f} | {one['most']:.1f} | {grows} | {limit} |")
    found = ", ".join(f"{rule} {count}" for rule, count in sorted(said["findings_by_rule"].items()))
    files, threads = (" then ".join(map(str, said[key])) for key in ("open_files", "threads"))
    rows += ["", f"{said['hours']:g} hours, {said['frames']} frames of two views at {said['rate_hz']:g} Hz, of which"]
    rows += [
        f"{said['through_the_nets']} went through the nets; restarts: {said['restarts']}; open files {files}, threads"
    ]
    rows += [f"{threads}; {said['on_disk_mib']:.0f} MiB of evidence, {said['entries']} entries in the ledger, audit:"]
    rows += [f"{said['audit']}. Findings: {found}."]
    return "\n".join(rows)


def draw(readings: Sequence[Usage], restarts_h: Sequence[float], title: str, path: Path) -> None:
    """The curve as a picture."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    hours = [reading.hour for reading in readings]
    axes.plot(hours, [reading.rss_mib for reading in readings], label="resident", color="#1f4e79")
    axes.plot(hours, [reading.anonymous_mib for reading in readings], label="of it allocated", color="#c55a11")
    for number, hour in enumerate(restarts_h):
        axes.axvline(hour, color="#999999", linewidth=0.8, linestyle=":", label="" if number else "restart")
    disk = axes.twinx()
    disk.plot(hours, [reading.folder_mib for reading in readings], color="#7f7f7f", linewidth=0.8)
    disk.set_ylabel("evidence on disk, MiB (thin)", color="#7f7f7f")
    axes.set(xlabel="hours of exam", ylabel="memory, MiB", title=title)
    axes.set_ylim(0)
    disk.set_ylim(0)
    axes.legend(loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
