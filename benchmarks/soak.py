"""Eight hours of exam in minutes: does memory stay flat while cameras fail and the process is restarted?

    python benchmarks/soak.py --out review/soak                       # 8 hours in two views, about ten minutes
    python benchmarks/soak.py --hours 0.5 --out review/soak           # a look
    python benchmarks/soak.py --out review/soak --picture docs/memory.png --page docs/runtime.md     # for a release

What runs is real: monitor, camera state, detectors, rules, pictures, ledger on the disk, and, every ten minutes, the
recordings of the sample exam read from their files; between them its first seconds, in changing light. Only the nets
are spared: a net says of the same frame the same, so each distinct frame goes through them once and what they said is
taken again, but for every `--nets-every`th frame, which goes through them once more and must come out equal. Into each
hour fall a camera that is unplugged, a camera that is covered and a frame that cannot be read; every two hours
the process's state is thrown away (ledger closed unfinished, nets unloaded) and the session is gone on with.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from runtime_figures import Plan, around, exam_frames, machine, write_into
from soak_memory import FLAT_MIB_AN_HOUR, Usage, draw, page, slope, usage

from proctor_models.errors import DataError, ProctorError
from proctor_models.files import write_json
from proctor_models.runtime.events import Event
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.monitor import Monitor
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.steps import Step
from proctor_models.runtime.verify import verify
from proctor_models.types import VIEWS, Image, Observation, View

RATE_HZ = 2.0
BUSY_EVERY_S = 600.0
READ_EVERY_S = 120.0
QUIET_S = 5.0  # of the sample exam, from its start: nothing happens there
LIGHT = (0.94, 1.0, 1.05, 0.98)
COVERED_S = (1500.0, 1520.0)  # of each hour
UNPLUGGED_S = (2100.0, 2145.0)
UNREADABLE_S = 2700.0
RESTART_EVERY_H = 2.0
RESTART_GAP_S = 30.0
WARM_H = 1.0  # after each start: caches fill, the allocator finds its size

Key = tuple[str, ...]  # names one distinct picture


class Replay:
    """An observer that asks the nets once about each distinct picture, and now and then again."""

    def __init__(self, pack: Pack, every: int, known: dict[Key, Observation]) -> None:
        self._predictor = pack.predictor()
        self._every = every
        self._known = known
        self.key: Key = ()
        """Names the picture that comes next."""
        self.asked = self.calls = 0

    @property
    def model_sha256(self) -> dict[str, str]:
        """Hashes of the nets behind it."""
        return self._predictor.model_sha256

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        """What the nets say, or said."""
        self.calls += 1
        before = self._known.get(self.key)
        if before is None or self.calls % self._every == 0:
            self.asked += 1
            seen = self._predictor.observe(image, timestamp_s, view)
            if before is not None and not np.array_equal(seen.scene.scores, before.scene.scores):
                raise RuntimeError(f"{self.key}: the nets say something else of the same picture")
            before = self._known[self.key] = seen
        return replace(before, timestamp_s=timestamp_s, view=view)


@dataclass
class Session:
    """One exam being watched, across restarts."""

    plan: Plan
    folder: Path
    nets_every: int

    def __post_init__(self) -> None:
        self.known: dict[Key, Observation] = {}
        self.asked = self.calls = 0
        self.rules: Counter[str] = Counter()
        self.restarts_h: list[float] = []
        self._begin(Ledger(self.folder, live=True), 0.0)

    def _begin(self, ledger: Ledger, timestamp_s: float) -> None:
        pack = self.plan.load()
        self.ledger = ledger
        self.observer = Replay(pack, self.nets_every, self.known)
        self.monitor = Monitor.from_pack(pack, self.plan.rules, interval_s=1 / RATE_HZ)
        self.monitor._observer = self.observer
        self.monitor.resume(ledger.next_number - 1, ledger.last_s, ledger.first_s)
        ledger.start({"pack": {"version": pack.version}, "rules": {"name": self.plan.rules}}, timestamp_s)

    def restart(self, timestamp_s: float) -> None:
        """As after a power cut: nothing is finished, everything is loaded anew."""
        self.restarts_h.append(timestamp_s / 3600)
        self.asked, self.calls = self.asked + self.observer.asked, self.calls + self.observer.calls
        self.ledger.close()
        del self.monitor, self.observer, self.ledger
        self._begin(Ledger.resume(self.folder), timestamp_s)

    def frame(self, key: Key, image: Image, timestamp_s: float, view: View) -> None:
        """One frame through everything."""
        self.observer.key = key
        step: Step = self.monitor.observe(image, timestamp_s, view)
        self.rules.update(reported.finding.rule for reported in step.reported)
        self.ledger.step(view, timestamp_s, step)

    def unreadable(self, timestamp_s: float, view: View) -> None:
        """A frame that is none: refused, noted, and the exam goes on."""
        try:
            self.monitor.observe(np.zeros((0, 0, 3), np.uint8), timestamp_s, view)
        except DataError as error:
            self.ledger.event(Event("frame_unreadable", timestamp_s, view, {"reason": str(error)[:200]}))
        else:
            raise RuntimeError("a picture without pixels was taken")

    def finish(self) -> None:
        """The exam ends."""
        for reported in self.monitor.finish():
            self.rules[reported.finding.rule] += 1
            self.ledger.report(reported)
        self.asked, self.calls = self.asked + self.observer.asked, self.calls + self.observer.calls
        self.ledger.complete({"rules": {"name": self.plan.rules}, "views": {}})


def quiet_frames(plan: Plan) -> dict[View, list[tuple[Key, Image]]]:
    """The exam's first seconds in several lights, by view."""
    found: dict[View, list[tuple[Key, Image]]] = {view: [] for view in VIEWS}
    for timestamp_s, view, image in exam_frames(plan):
        if timestamp_s >= QUIET_S:
            return found
        for gain in LIGHT:
            key = ("quiet", view, f"{timestamp_s:.3f}", str(gain))
            found[view].append((key, np.asarray(cv2.convertScaleAbs(image, alpha=gain), np.uint8)))
    return found


def pictures(plan: Plan, hours: float) -> Iterator[tuple[float, View, Key, Image]]:
    """What the cameras deliver: (timestamp_s, view, name of the picture, picture)."""
    quiet = quiet_frames(plan)
    dark = np.full((480, 640, 3), 8, np.uint8)
    busy_until_s = 0.0
    for number in range(round(hours * 3600 * RATE_HZ)):
        at_s = number / RATE_HZ
        if at_s % BUSY_EVERY_S == 0:
            for offset_s, view, image in exam_frames(plan):
                busy_until_s = at_s + offset_s
                yield busy_until_s, view, ("exam", view, f"{offset_s:.3f}"), image
        if at_s <= busy_until_s:
            continue
        for place, view in enumerate(VIEWS):
            key, image = quiet[view][number * 7 % len(quiet[view])]
            second_s = at_s % 3600 - 240 * place  # not both cameras at once, and not in the busy minute
            if COVERED_S[0] <= second_s < COVERED_S[1]:
                key, image = ("dark", view), dark
            if not UNPLUGGED_S[0] <= second_s < UNPLUGGED_S[1]:
                yield at_s, view, key, image


def soak(plan: Plan, session: Session, hours: float, restart_every_h: float) -> list[Usage]:
    """Watch it all; memory is read every `READ_EVERY_S` of the exam."""
    readings: list[Usage] = []
    restart_every_s = restart_every_h * 3600
    restart_s = restart_every_s - BUSY_EVERY_S / 2  # where it is quiet
    next_read_s, gone_until_s, began = 0.0, -1.0, time.monotonic()
    unreadable_s = UNREADABLE_S
    for timestamp_s, view, key, image in pictures(plan, hours):
        if timestamp_s < gone_until_s:
            continue
        if timestamp_s >= restart_s:
            restart_s += restart_every_s
            gone_until_s = timestamp_s + RESTART_GAP_S
            session.restart(gone_until_s)
            continue
        if timestamp_s >= unreadable_s:
            unreadable_s += 3600
            session.unreadable(timestamp_s, view)
        session.frame(key, image, timestamp_s, view)
        if timestamp_s >= next_read_s:
            next_read_s += READ_EVERY_S
            written = sum(path.stat().st_size for path in session.folder.rglob("*") if path.is_file())
            readings.append(usage(timestamp_s / 3600, written, session.rules.total(), len(session.restarts_h)))
            if len(readings) % 30 == 1:
                now = readings[-1]
                print(
                    f"hour {now.hour:4.1f}  resident {now.rss_mib:6.1f} MiB  files {now.open_files}  threads "
                    f"{now.threads}  findings {now.findings}  on disk {now.folder_mib:.0f} MiB  "
                    f"{time.monotonic() - began:.0f} s",
                    flush=True,
                )
    session.finish()
    return readings


def summary(readings: list[Usage], session: Session, hours: float) -> dict[str, object]:
    """The figures."""
    starts_h = [0.0, *session.restarts_h]
    warm_h = min(WARM_H, hours / 4)
    warm = [reading for reading in readings if reading.hour - starts_h[reading.restarts] >= warm_h]
    found: dict[str, object] = {}
    for name in ("rss_mib", "anonymous_mib"):
        values = [getattr(reading, name) for reading in warm]
        fitted, low, high = slope([reading.hour for reading in warm], values, [reading.restarts for reading in warm])
        found[name] = {
            "least": min(values),
            "most": max(values),
            "an_hour": fitted,
            "an_hour_interval": [low, high],
            "flat": high <= FLAT_MIB_AN_HOUR,
        }
    return found | {
        "hours": hours,
        "rate_hz": RATE_HZ,
        "frames": session.calls,
        "through_the_nets": session.asked,
        "restarts": len(session.restarts_h),
        "open_files": [warm[0].open_files, warm[-1].open_files],
        "threads": [warm[0].threads, warm[-1].threads],
        "findings_by_rule": dict(session.rules),
        "on_disk_mib": readings[-1].folder_mib,
    }


def main() -> int:
    """Soak, print, and write readings and picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=Path, default=Path("export/proctor-pack-0.9.0"), help="pack folder")
    parser.add_argument("--exam", type=Path, default=Path("data/sample-exam"), help="folder of first.mp4, second.mp4")
    parser.add_argument("--rules", default="remote-exam", help="rule set in the pack")
    parser.add_argument("--hours", type=float, default=8.0, help="of exam")
    parser.add_argument("--nets-every", type=int, default=100, help="every so many frames the nets run all the same")
    parser.add_argument("--restart-every", type=float, default=RESTART_EVERY_H, metavar="HOURS", help="of exam")
    parser.add_argument("--out", type=Path, required=True, help="folder for soak.json")
    parser.add_argument("--page", type=Path, help="page whose figures are replaced, such as docs/runtime.md")
    parser.add_argument("--picture", type=Path, help="PNG of the curve (default: memory.png in --out)")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    plan = Plan(args.pack, args.exam, Path(), args.rules, quick=False, rate_hz=RATE_HZ)
    facts = machine()
    try:
        if args.page:
            around(args.page, "benchmarks/soak.py")
        with tempfile.TemporaryDirectory() as work:
            session = Session(plan, Path(work) / "exam", args.nets_every)
            readings = soak(plan, session, args.hours, args.restart_every)
            verdict = verify(session.folder)
            said = {**summary(readings, session, args.hours), "audit": verdict.state, "entries": verdict.entries}
        for key, value in said.items():
            print(f"{key}: {value}")
        args.out.mkdir(parents=True, exist_ok=True)
        write_json(args.out / "soak.json", {"machine": facts, **said, "readings": [asdict(r) for r in readings]})
        if args.page:
            write_into(args.page, "benchmarks/soak.py", page(said, facts))
        title = f"{args.hours:g} hours of exam, two views, {RATE_HZ:g} Hz"
        draw(readings, session.restarts_h, title, args.picture or args.out / "memory.png")
    except ProctorError as error:
        print(f"benchmarks/soak.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
