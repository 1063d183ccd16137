"""What a deletion does and what it cannot do, as plain text."""

from __future__ import annotations

from collections import Counter, defaultdict

from proctor_models.data.versions import trained
from proctor_models.data.versions.forget import Places, Plan
from proctor_models.data.versions.record import FORGOTTEN_FILE
from proctor_models.data.versions.words import listed, many

_SHOWN = 12


def account(plan: Plan, places: Places, *, dry_run: bool) -> str:
    """The whole account: what goes, which nets were trained on the person, what is left for people to do."""
    aliases = [code for code in plan.codes if code != plan.person]
    also = f" (also {', '.join(aliases)})" if aliases else ""
    done = "would be deleted; nothing was touched" if dry_run else "deleted"
    parts = [f"{plan.person}{also}: {many(len(plan.marks.ids), 'frame')} {done}"]
    if plan.empty:
        parts = [f"{plan.person}{also}: nothing of theirs is left below {places.root} and {places.packs}"]
    parts += [*_frames(plan), *_files(plan), *_nets(plan), *_left(plan)]
    if not plan.empty and not dry_run:
        parts += ["", f"recorded in {places.root / FORGOTTEN_FILE}"]
    return "\n".join(parts) + "\n"


def _frames(plan: Plan) -> list[str]:
    lines = []
    for one in plan.folders:
        frames = one.marked(plan.marks)
        boxes = sum(len(frame.boxes) for frame in frames)
        whole = f" of {len(one.frames)}"
        lines.append(f"  {one.folder}: {many(len(frames), 'frame')}{whole}, {many(boxes, 'box')}")
    kinds = Counter(reason.partition(" to ")[0].partition(" as ")[0] for reason in plan.why.values())
    lines += [f"  {count} {kind}" for kind, count in kinds.most_common()]
    doubtful = [f"{name} ({why})" for name, why in plan.why.items() if why not in ("theirs", "their room")]
    lines += [f"  by likeness or recording alone: {listed(doubtful)}"] if doubtful else []
    return lines + [f"  {path}" for path in plan.loose[:_SHOWN]]


def _files(plan: Plan) -> list[str]:
    lines = [f"  {path}: {many(count, 'line')}" for path, count in plan.decisions]
    for trace in plan.files[:_SHOWN]:
        what = many(trace.entries, "entry").replace("entrys", "entries") if trace.entries else "whole file"
        lines.append(f"  {trace.path}: {what}")
    if len(plan.files) > _SHOWN:
        lines.append(f"  and {len(plan.files) - _SHOWN} files more")
    return ["", "files that name those frames", *lines] if lines else []


def _nets(plan: Plan) -> list[str]:
    by_verdict: dict[str, list[str]] = defaultdict(list)
    for net, said in plan.nets:
        version = f", data {net.data_version[:12]}" if net.data_version else ""
        by_verdict[said].append(f"  {net.folder} ({net.kind}, {net.net}{version})")
    titles = {
        trained.NAMED: "TRAINED ON THEM, by the record of the net itself",
        trained.BY_VERSION: "TRAINED ON THEM, for the data version it was trained on held them",
        trained.UNKNOWN: "not known: no record says whom these were trained on",
        trained.MEASURED: "not trained on them, but measured on them",
        trained.OTHERS: "not trained on them",
    }
    lines = []
    for said, title in titles.items():
        if by_verdict[said]:
            lines += ["", title, *by_verdict[said]]
    if by_verdict[trained.NAMED] or by_verdict[trained.BY_VERSION]:
        lines += ["", "A net does not unlearn: train these again without the person, and withdraw the packs."]
    return lines


def _left(plan: Plan) -> list[str]:
    every = plan.remains
    left = [*every.sources, *every.recipes, *every.others, *every.unknown]
    return ["", "left for you", *(f"  {line}" for line in left)] if left else []
