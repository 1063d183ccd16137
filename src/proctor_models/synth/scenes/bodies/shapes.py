"""A person's shape: shares of MakeHuman's macro targets, and small differences of the face. Adults only."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from proctor_models.synth.scenes.bodies.body import FACE_UNITS, BaseMesh, Points
from proctor_models.synth.scenes.plans.spec import PersonSpec

Shares = dict[str, float]
YOUNG_YEARS, OLD_YEARS = 25.0, 90.0
"""The ages that MakeHuman's ``young`` and ``old`` stand for; nobody is mixed with ``child``."""
STATURE_M = {"female": (1.53, 1.77), "male": (1.63, 1.91)}
"""Standing height for `PersonSpec.height` 0 and 1."""

HEAD_M = {"female": 0.217, "male": 0.230}
"""Chin to crown of an adult of middle stature; the base mesh's heads are a little small."""
CHIN = 5225
"""The base mesh's vertex at the chin."""

FACE_FEATURES: dict[str, tuple[str, str, float]] = {
    "nose/nose-scale-horiz": ("decr", "incr", 0.5), "nose/nose-scale-vert": ("decr", "incr", 0.4),
    "nose/nose-scale-depth": ("decr", "incr", 0.4), "nose/nose-hump": ("decr", "incr", 0.45),
    "nose/nose-point-width": ("decr", "incr", 0.5), "nose/nose-point": ("down", "up", 0.4),
    "nose/nose-nostrils-width": ("decr", "incr", 0.4), "nose/nose-base": ("down", "up", 0.35),
    "nose/nose-width2": ("decr", "incr", 0.4), "nose/nose-curve": ("concave", "convex", 0.35),
    "mouth/mouth-scale-horiz": ("decr", "incr", 0.4), "mouth/mouth-trans": ("down", "up", 0.25),
    "mouth/mouth-upperlip-volume": ("decr", "incr", 0.45), "mouth/mouth-lowerlip-volume": ("decr", "incr", 0.45),
    "mouth/mouth-cupidsbow": ("decr", "incr", 0.4), "mouth/mouth-angles": ("down", "up", 0.25),
    "chin/chin-width": ("decr", "incr", 0.5), "chin/chin-height": ("decr", "incr", 0.4),
    "chin/chin-prominent": ("decr", "incr", 0.4), "chin/chin-bones": ("decr", "incr", 0.4),
    "cheek/*-cheek-bones": ("decr", "incr", 0.5), "cheek/*-cheek-volume": ("decr", "incr", 0.45),
    "cheek/*-cheek-inner": ("decr", "incr", 0.3), "head/head-scale-horiz": ("decr", "incr", 0.35),
    "head/head-scale-vert": ("decr", "incr", 0.3), "head/head-fat": ("decr", "incr", 0.35),
    "head/head-back-scale-depth": ("decr", "incr", 0.3), "forehead/forehead-scale-vert": ("decr", "incr", 0.4),
    "forehead/forehead-temple": ("decr", "incr", 0.4), "eyes/*-eye-scale": ("decr", "incr", 0.2),
    "eyes/*-eye-trans": ("in", "out", 0.2), "eyes/*-eye-corner1": ("down", "up", 0.35),
    "eyes/*-eye-eyefold": ("down", "up", 0.4), "eyes/*-eye-bag": ("decr", "incr", 0.3),
    "eyebrows/eyebrows-trans": ("down", "up", 0.35), "eyebrows/eyebrows-angle": ("down", "up", 0.35),
    "ears/*-ear-scale": ("decr", "incr", 0.4), "ears/*-ear-wing": ("decr", "incr", 0.45),
    "ears/*-ear-lobe": ("decr", "incr", 0.4), "neck/neck-scale-horiz": ("decr", "incr", 0.2),
}  # fmt: skip
"""Stem of the target (`*`: both sides), its two directions, and the largest share."""
CALM_FACE: dict[str, float] = {"eyeBlinkLeft": 0.06, "eyeBlinkRight": 0.06}
"""Lids a little lower than in the base mesh, which stares."""


def shape_body(base: BaseMesh, spec: PersonSpec) -> Points:
    """Every base vertex on this person's body, at rest, with the expression; metres.

    The same person (seed, sex, age, build, height, ancestry) has the same shape in every frame.
    """
    rng = np.random.default_rng((spec.seed, 11))
    shares = macro_shares(spec, muscle=float(rng.uniform(0.3, 0.6 if spec.sex == "male" else 0.42)))
    for name, share in (face_shares(rng) | _shoulders(spec, rng)).items():
        shares[name] = shares.get(name, 0.0) + share
    rest = _add(base, base.vertices.copy(), shares)
    low, high = STATURE_M[spec.sex]
    rest = _enlarge_head(base, rest, HEAD_M[spec.sex] + 0.012 * (spec.height - 0.5))
    scale = (low + (high - low) * spec.height) / float(np.ptp(rest[base.body][:, 2]))
    units = CALM_FACE | gaze_units(spec.gaze_yaw_deg, spec.gaze_pitch_deg)
    for unit, amount in spec.expression:
        units[unit] = min(1.0, units.get(unit, 0.0) + amount)
    return _add(base, rest, {f"{FACE_UNITS}/{unit}": amount for unit, amount in units.items()}) * scale


def _enlarge_head(base: BaseMesh, points: Points, height: float) -> Points:
    """Scale the head to a height from chin to crown; the neck passes on from none to all of it."""
    low = float(points[base.joint_vertices["neck02", "head"]].mean(0)[2])
    pivot = points[base.joint_vertices["head", "head"]].mean(0)
    crown = float(points[base.body][:, 2].max())
    share = np.clip((points[:, 2] - low) / max(float(pivot[2]) - low, 1e-6), 0, 1)
    share = share * share * (3 - 2 * share)
    growth = float(np.clip(height / (crown - float(points[CHIN, 2])), 0.97, 1.12)) - 1
    return np.asarray(points + growth * share[:, None] * (points - pivot))


def _add(base: BaseMesh, points: Points, shares: Shares) -> Points:
    for target, share in shares.items():
        found = base.delta(target) if abs(share) > 1e-4 else None
        if found is not None:
            points[found[0]] += share * found[1]
    return points


def macro_shares(spec: PersonSpec, muscle: float = 0.5) -> Shares:
    """How far each macro target (ancestry, sex, age, build, proportions, breasts) goes, by target name.

    A share of a neutral combination, for which the data has no file, does nothing.
    """
    sexes = _mix((("female", "male")), 0.06 if spec.sex == "female" else 0.94)
    ages = _mix(("young", "old"), age_share(spec.age))
    muscles = _mix(("minmuscle", "averagemuscle", "maxmuscle"), muscle)
    builds = _mix(("minweight", "averageweight", "maxweight"), 0.3 + 0.62 * spec.build)
    heights = _mix(("minheight", "", "maxheight"), 0.38 + 0.24 * spec.height)
    proportions = _mix(("uncommonproportions", "", "idealproportions"), 0.56)
    made: Shares = {}
    for (sex, a), (age, b) in itertools.product(sexes, ages):
        for race, share in zip(("african", "asian", "caucasian"), spec.ancestry, strict=True):
            made[f"macrodetails/{race}-{sex}-{age}"] = share * a * b
        for (strength, c), (weight, d) in itertools.product(muscles, builds):
            share, code = a * b * c * d, f"{sex}-{age}-{strength}-{weight}"
            made[f"macrodetails/universal-{code}"] = share
            made |= {f"macrodetails/height/{code}-{name}": share * e for name, e in heights if name}
            made |= {f"macrodetails/proportions/{code}-{name}": share * e for name, e in proportions if name}
            if sex == "female":
                made[f"breast/{code}-averagecup-{'min' if spec.age > 45 else 'max'}firmness"] = share * 0.6
    return made


def age_share(years: float) -> float:
    """Share of ``old`` against ``young``.

    >>> age_share(20), age_share(25), age_share(57.5)
    (0.0, 0.0, 0.5)
    """
    return float(np.clip((years - YOUNG_YEARS) / (OLD_YEARS - YOUNG_YEARS), 0, 1))


def _mix(names: tuple[str, ...], where: float) -> list[tuple[str, float]]:
    """Shares of the two names next to `where` on an even scale from 0 to 1."""
    at = float(np.clip(where, 0, 1)) * (len(names) - 1)
    low = min(int(at), len(names) - 2)
    pairs = ((names[low], 1 - (at - low)), (names[low + 1], at - low))
    return [(name, share) for name, share in pairs if share > 1e-4]


def face_shares(rng: np.random.Generator) -> Shares:
    """Small differences that make one face unlike another: most near none, both sides nearly alike."""
    made: Shares = {}
    for stem, (less, more, most) in FACE_FEATURES.items():
        amount = float(np.clip(rng.normal(0, 0.55), -1, 1)) * most
        for name in _sides(stem):
            made[f"{name}-{more if amount > 0 else less}"] = abs(amount) * float(rng.uniform(0.9, 1.1))
    return made


def _shoulders(spec: PersonSpec, rng: np.random.Generator) -> Shares:
    """Shoulders and upper arms of people who sit a lot: the base mesh's are an athlete's."""
    narrow = float(rng.uniform(0.25, 0.6)) + (0.2 if spec.sex == "female" else 0.0)
    made = {"torso/torso-vshape-decr": 0.5 * narrow, "torso/measure-shoulder-dist-decr": 0.3 * narrow}
    for name in ("arms/*-upperarm-shoulder-muscle-decr", "arms/*-upperarm-muscle-decr"):
        made |= dict.fromkeys(_sides(name), narrow)
    return made


def _sides(stem: str) -> Iterable[str]:
    return (stem.replace("*", "l"), stem.replace("*", "r")) if "*" in stem else (stem,)


def gaze_units(yaw_deg: float, pitch_deg: float) -> Shares:
    """Face units by which the lids follow the eyes; yaw to their left, pitch down.

    >>> {name: round(share, 2) for name, share in gaze_units(0, 15).items()}
    {'eyeLookDownLeft': 0.5, 'eyeLookDownRight': 0.5}
    """
    made: Shares = {}
    if yaw_deg:
        inner, outer = ("Right", "Left") if yaw_deg > 0 else ("Left", "Right")
        share = min(abs(yaw_deg) / 30, 1.0)
        made |= {f"eyeLookIn{inner}": share, f"eyeLookOut{outer}": share}
    if pitch_deg:
        way = "Down" if pitch_deg > 0 else "Up"
        made |= {f"eyeLook{way}{side}": min(abs(pitch_deg) / 30, 1.0) for side in ("Left", "Right")}
    return made
