"""What a run says of a pack, in the words and tables that the instructions for use are filled with."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from proctor_models import __version__
from proctor_models.config_nets import OutlineNet, ThingNet, soup_of
from proctor_models.detectors.heads import LEGIBLE_PX
from proctor_models.export.cards import INTENDED, NOT_FOR, measured_on, metrics_table, open_questions, table_line
from proctor_models.export.contents import Contents
from proctor_models.export.licences import RUNTIME_PACKAGES, STARTS, architecture
from proctor_models.export.markdown import plain
from proctor_models.types import UNTAUGHT_NETS, NetName

_NOBODY = (
    "Nobody is named: this pack is a component that its recipe does not place on the market. Whoever puts it into "
    "service under a name or mark of their own is the provider (Article 25), and states name and address in "
    "`pack.provider` of the recipe before packing."
)
_NO_DECLARATION = (
    "There is none with this pack, which is a component and no system placed on the market. {who} draws it up for the "
    "system it is built into, and keeps it for ten years (Article 18)."
)
_TASKS = {
    "scene": "finds boxes in the whole picture",
    "head": "reads what a head wears or hides",
    "thing": "looks again at what the scene net calls a phone; the odds of both are pooled",
    "outline": "draws the box of a phone anew from close by; the score stays",
}
_GROUPS = ("person", "view", "light", "distance", "skin_tone", "glasses", "beard", "headwear", "source", "camera")


def facts(contents: Contents) -> dict[str, Any]:
    """Every field of the templates."""
    recipe, measured = contents.recipe, contents.measured
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in RUNTIME_PACKAGES)
    worst_false, worst_missed = (_worst(contents, *how) for how in _WORST)
    return {
        "version": plain(recipe.pack.version),
        "recipe": f"{recipe.name}@{recipe.sha256}",
        "created_by": f"proctor-models {__version__}",
        "provider": plain(recipe.pack.provider) or _NOBODY,
        "declaration": _NO_DECLARATION.format(who=plain(recipe.pack.provider) or "The provider"),
        "intended": INTENDED,
        "not_for": NOT_FOR,
        "nets": [_net(contents, name) for name in contents.recipe.nets],
        "starts": "; ".join(f"{name} ({licence})" for name, licence in _starts(contents)),
        "detectors": list(recipe.thresholds),
        "measured_on": measured_on({"packed_nets": measured.same_nets, **measured.about}),
        "figures": _figures(contents),
        "targets": _targets(contents.targets),
        "open": [plain(line) for line in open_questions(measured)],
        "risks": _risks(contents),
        "gaps": _gaps(contents),
        "scene_resolution": "{}x{}".format(*contents.nets["scene"].spec.resolution_wh),
        "legible": LEGIBLE_PX,
        "smallest": [(name, net.spec.min_face_px) for name, net in contents.nets.items() if net.spec.min_face_px],
        "data_versions": " and ".join(
            dict.fromkeys(
                f"`{net.spec.data_version}`" for name, net in contents.nets.items() if name not in UNTAUGHT_NETS
            )
        ),
        "origins": _origins(contents),
        "thresholds": _table(
            ("detector", "threshold"), ((name, f"{value:g}") for name, value in recipe.thresholds.items())
        ),
        "rulesets": [_ruleset(name, rules) for name, rules in contents.rules.items()],
        "worst_false": worst_false,
        "worst_missed": worst_missed,
        "python": f"Python {'.'.join(platform.python_version_tuple()[:2])}",
        "packages": packages,
        "megabytes": f"{sum(int(parity['bytes']) for parity in contents.parity.values()) / 1e6:.1f}",
        "trained_on_all": "yes" if recipe.split.fit_all else "no",
        "people": _people(contents),
        "opset": recipe.export.opset,
    }


def _net(contents: Contents, name: NetName) -> dict[str, str]:
    net, parity = contents.nets[name], contents.parity[name]
    plan = contents.recipe.plan(name)
    origin, _ = STARTS[architecture(contents.recipe, name)]
    starts = f"`{plan.init}`" if plan.init else "random numbers"
    starts += "".join(f", blended with `{other}` ({share:g} of the weights)" for other, share in soup_of(plan).items())
    if isinstance(plan, ThingNet) and plan.start_share:
        starts += f", which count {plan.start_share:g} in the weights that are kept"
    training = origin
    if isinstance(plan, OutlineNet):
        training += "; taken over as it is, not trained on any frame of ours"
    else:
        training += (
            f"; at most {plan.epochs} epochs in batches of {plan.batch}, learning rate {plan.learning_rate:g}, "
            f"{plan.accelerator}, weights of the {plan.keep} epoch"
        )
    boxes = f", smallest box overlap {parity['worst_box_iou']:.4f}" if parity["boxes"] else ""
    return {
        "name": name,
        "task": _TASKS[name],
        "names": ", ".join(net.spec.names),
        "resolution": "{}x{}".format(*net.spec.resolution_wh),
        "sha256": net.sha256,
        "parity": (
            f"{parity['pictures']} pictures ({parity['frames_from']}), largest score difference "
            f"{parity['worst_score_difference']:.1e}{boxes}"
        ),
        "training": training,
        "starts": starts,
    }


def _starts(contents: Contents) -> list[tuple[str, str]]:
    return list(dict.fromkeys(STARTS[architecture(contents.recipe, net)] for net in contents.recipe.nets))


def _figures(contents: Contents) -> str:
    measured, parts = contents.measured, []
    for split, rows in measured.metrics.items():
        seen = ", trained on" if split in measured.about["seen_in_training"] else ""
        parts.append(f"{measured.about['frames'][split]} frames of {split}{seen}:\n")
        parts.append(metrics_table(rows, contents.recipe.thresholds))
    return "\n".join(parts)


def _targets(targets: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not targets:
        return None
    rows = targets["targets"]
    verdicts = [row["verdict"] for row in rows]
    shown = ((row["detector"], plain(row["figure"]), _target(row), _value(row), row["verdict"]) for row in rows)
    return {
        "count": sum(verdict in ("met", "missed") for verdict in verdicts),
        "met": verdicts.count("met"),
        "missed": verdicts.count("missed"),
        "silent": verdicts.count("cannot say"),
        "table": _table(("detector", "figure", "target", "measured (95 % interval)", "verdict"), shown),
    }


def _target(row: Mapping[str, Any]) -> str:
    return "-" if row["target"] is None else f"{row['sense']} {row['target']:g}"


def _value(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return "-"
    between = "" if row["low"] is None else f" ({row['low']:.3f}-{row['high']:.3f})"
    return f"{row['value']:.3f}{between}"


def _risks(contents: Contents) -> str:
    false, missed = (_worst(contents, *how) for how in _WORST)
    rows = (
        ("somebody who did nothing is marked", false, "a person decides on every finding; a low threshold is named"),
        ("something forbidden is not marked", missed, "no finding is no proof; gaps are shown as gaps"),
        ("groups are marked unequally", "differences: (v)", "groups are measured where labelled; hat is not headscarf"),
        (
            "somebody decides by the mark alone",
            "misuse",
            "no overall score, no ranking; evidence first; decisions kept",
        ),
        (
            "pictures of candidates leak",
            "faces, rooms",
            "nothing is sent; no face embedding; keep only as long as needed",
        ),
        (
            "pack or evidence is changed",
            "forged findings",
            "hashes, signature, chained ledger; audit verbs name changes",
        ),
        ("camera fails or is turned away", "unseen time", "gaps and camera states are findings or events"),
    )
    return _table(("risk", "how large, or of what kind", "measure"), rows)


_WORST = (
    ("false_frame_rate", max, "the largest share of false frames"),
    ("recall", min, "the smallest recall"),
)


def _worst(contents: Contents, figure: str, pick: Any, words: str) -> str:
    """The worst value of a figure over detectors, on the frames furthest from training."""
    measured = contents.measured
    split = "test" if measured.metrics.get("test") else next(iter(measured.metrics))
    found = [(row[figure], name) for name, row in measured.metrics[split].items() if row.get(figure) is not None]
    if not found:
        return f"{words} is not known, for the {split} frames do not show it"
    value, name = pick(found)
    return f"{words} is {value:.3f} ({name}, {split} frames)"


def _gaps(contents: Contents) -> str:
    """Figures of the best and the worst group, by detector and what groups differ in."""
    measured, rows = contents.measured, []
    for name in _GROUPS:
        there = [row for row in measured.slices if row["slice"] == name]
        for split in measured.metrics:
            for detector in contents.recipe.thresholds:
                known = [
                    r for r in there if r["split"] == split and r["detector"] == detector and r["recall"] is not None
                ]
                low, high = min(known, key=_recall, default=None), max(known, key=_recall, default=None)
                if low and high and _recall(low) < _recall(high):
                    rows.append((detector, split, name.replace("_", " "), _group(low), _group(high)))
    if not rows:
        return "No two groups with different recall were measured; differences between groups are not known."
    return "Lowest and highest recall among the groups that were measured, where they differ:\n\n" + _table(
        ("detector", "frames", "groups by", "lowest", "highest"), rows
    )


def _recall(row: Mapping[str, Any]) -> float:
    return float(row["recall"])


def _group(row: Mapping[str, Any]) -> str:
    return f"{plain(str(row['value']))}: {row['recall']:.3f} ({row['positives']} frames)"


def _origins(contents: Contents) -> str:
    rows = (
        (plain(o.name), plain(o.licence.stated), str(o.frames), plain(o.rights), plain(o.consent))
        for o in contents.origins
    )
    return _table(("frames of", "licence stated", "frames", "further rights", "consent"), rows)


def _ruleset(name: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    title = rules["title"]
    ids = [str(rule["id"]) for rule in rules["rules"]]
    return {"name": name, "en": plain(title["en"]), "zh": plain(title["zh"]), "count": len(ids), "ids": ", ".join(ids)}


def _people(contents: Contents) -> str:
    known = sorted({code for parity in contents.parity.values() for code in parity.get("persons") or ()})
    return plain(", ".join(known)) if known else "nobody known by a code, or not stated by the nets' records"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join([table_line(header), table_line(["---"] * len(header)), *(table_line(row) for row in rows)])
