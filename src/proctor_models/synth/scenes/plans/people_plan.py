"""Who is in a scene: made-up people drawn from plausible bodies, faces, hair and clothes."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from proctor_models.synth.scenes.plans.spec import (
    Beard,
    Earphone,
    EarphonesWorn,
    Glasses,
    Hair,
    Headwear,
    MaskKind,
    MaskPlace,
    MaskWorn,
    PersonSpec,
    Sex,
    Side,
    Top,
)

Rgb = tuple[float, float, float]
Rng = np.random.Generator
T = TypeVar("T", bound=str)

# Generated portraits by sex; P003 looks like a person of public life and is left out.
FACES: Mapping[Sex, tuple[str, ...]] = {
    "female": ("P001", "P002", "P004", "P006", "P009", "P010"),
    "male": ("P007", "P008"),
}
BEARDED_FACE = "P005"
# Linear RGB.
HAIR_COLOURS: Mapping[str, Rgb] = {
    "black": (0.010, 0.008, 0.007),
    "dark": (0.028, 0.017, 0.011),
    "brown": (0.075, 0.040, 0.021),
    "light": (0.19, 0.11, 0.055),
    "blond": (0.30, 0.19, 0.085),
    "red": (0.20, 0.055, 0.020),
    "grey": (0.13, 0.125, 0.12),
    "white": (0.40, 0.39, 0.37),
}
WOMENS_HAIR: Mapping[Hair, float] = {
    "long": 30, "long_tucked": 14, "bob": 16, "tied": 16, "bun": 10, "curly": 8, "short": 4, "side": 2,
}  # fmt: skip
MENS_HAIR: Mapping[Hair, float] = {
    "short": 40, "side": 22, "buzz": 12, "curly": 12, "bald": 8, "long_tucked": 2, "tied": 2, "bob": 2,
}  # fmt: skip
BEARDS: Mapping[Beard, float] = {"none": 48, "stubble": 26, "full": 18, "moustache": 8}
TOPS: Mapping[Top, float] = {"t_shirt": 28, "long_sleeve": 24, "shirt": 22, "hoodie": 16, "blouse": 10}
HEADSCARF_SHARE = 0.12
"""Of women: worn in every frame of theirs."""
GLASSES_SHARE = 0.30
CALM: tuple[tuple[tuple[str, float], ...], ...] = (
    (),
    (("mouthSmileLeft", 0.25), ("mouthSmileRight", 0.25)),
    (("mouthSmileLeft", 0.5), ("mouthSmileRight", 0.5), ("cheekSquintLeft", 0.3), ("cheekSquintRight", 0.3)),
    (("browInnerUp", 0.35),),
    (("browDownLeft", 0.4), ("browDownRight", 0.4)),
    (("mouthPressLeft", 0.4), ("mouthPressRight", 0.4)),
    (("mouthPucker", 0.35),),
    (("jawOpen", 0.12),),
    (("mouthRollLower", 0.4), ("browDownLeft", 0.2), ("browDownRight", 0.2)),
    (("eyeSquintLeft", 0.5), ("eyeSquintRight", 0.5)),
    (("mouthLeft", 0.4),),
    (("mouthFrownLeft", 0.3), ("mouthFrownRight", 0.3)),
)
_AT_REST: Mapping[str, Any] = {
    "mask": None, "earphones": None, "posture": "typing", "expression": (), "at_xy": (0.0, 0.0), "turned_deg": 0.0,
    "seated": True, "head_yaw_deg": 0.0, "head_pitch_deg": 0.0, "head_roll_deg": 0.0, "gaze_yaw_deg": 0.0,
    "gaze_pitch_deg": 0.0,
}  # fmt: skip
TALKING = (("jawOpen", 0.22), ("mouthFunnel", 0.2))


def pick(rng: Rng, weights: Mapping[T, float]) -> T:
    """One word, each as likely as its weight says.

    >>> pick(np.random.default_rng(0), {"yes": 1.0, "no": 0.0})
    'yes'
    """
    names = list(weights)
    shares = np.array([weights[name] for name in names], np.float64)
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def side(rng: Rng) -> Side:
    """Left or right."""
    return "left" if rng.random() < 0.5 else "right"


def fabric(rng: Rng) -> Rgb:
    """A colour of clothes, linear RGB: half of them black, white or grey.

    >>> all(0 <= part <= 0.85 for part in fabric(np.random.default_rng(3)))
    True
    """
    if rng.random() < 0.5:
        level = float(rng.choice([0.012, 0.025, 0.06, 0.15, 0.35, 0.62, 0.74]))
        tint = rng.uniform(0.92, 1.08, 3)
        return _rgb(np.clip(level * tint, 0, 0.85))
    value = float(rng.uniform(0.15, 0.75))
    seen = colorsys.hsv_to_rgb(float(rng.random()), float(rng.uniform(0.2, 0.75)), value)
    return _rgb(np.array(seen) ** 2.2)


def identity(rng: Rng, code: str) -> PersonSpec:
    """A person before they do anything: sitting, typing, nothing on but clothes, glasses and a headscarf."""
    sex: Sex = "female" if rng.random() < 0.5 else "male"
    age = int(rng.integers(18, 71)) if rng.random() < 0.35 else int(rng.integers(18, 41))
    tone = int(rng.integers(1, 11))
    ancestry = _ancestry(rng, tone)
    hair = _hair(rng, sex, age, ancestry)
    beard: Beard = pick(rng, BEARDS) if sex == "male" else "none"
    scarf = sex == "female" and rng.random() < HEADSCARF_SHARE
    glasses: Glasses = "none" if rng.random() >= GLASSES_SHARE else ("dark" if rng.random() < 0.06 else "clear")
    faces = (BEARDED_FACE, *FACES["male"]) if beard == "full" else FACES[sex]
    top = pick(rng, TOPS)
    return PersonSpec(
        code=code,
        seed=int(rng.integers(2**31)),
        sex=sex,
        age=age,
        build=_share(rng.beta(2.2, 3.0)),
        height=_share(rng.beta(3, 3)),
        monk_tone=tone,
        ancestry=ancestry,
        face=str(rng.choice(faces)),
        hair=hair,
        hair_colour=_hair_colour(rng, age, tone, ancestry),
        beard=beard,
        headwear="headscarf" if scarf else "none",
        headwear_colour=fabric(rng),
        glasses=glasses,
        earrings=sex == "female" and rng.random() < 0.35,
        hair_clips=sex == "female" and hair in ("long", "long_tucked", "bob", "tied") and rng.random() < 0.15,
        top="t_shirt" if sex == "male" and top == "blouse" else top,
        top_colour=fabric(rng),
        side=side(rng),
        **_AT_REST,
    )


def mask(rng: Rng, place: MaskPlace) -> MaskWorn:
    """A mask in one of its usual colours."""
    kind: MaskKind = pick(rng, {"surgical": 55, "cloth": 25, "respirator": 20})
    colours: Mapping[MaskKind, tuple[Rgb, ...]] = {
        "surgical": ((0.30, 0.60, 0.75), (0.72, 0.76, 0.78), (0.02, 0.02, 0.022), (0.55, 0.75, 0.70)),
        "cloth": ((0.02, 0.02, 0.022), (0.10, 0.13, 0.25), (0.35, 0.33, 0.30), fabric(rng)),
        "respirator": ((0.80, 0.80, 0.78), (0.80, 0.80, 0.78), (0.03, 0.03, 0.032)),
    }
    choice = colours[kind]
    return MaskWorn(kind, place, choice[int(rng.integers(len(choice)))])


def earphones(rng: Rng, kind: Earphone) -> EarphonesWorn:
    """Earphones in one of their usual colours; earbuds in one ear or both."""
    white, black, grey = (0.78, 0.78, 0.78), (0.014, 0.014, 0.015), (0.18, 0.18, 0.19)
    likely = (
        {"white": 60, "black": 30, "grey": 10} if kind in ("stem", "wired") else {"white": 15, "black": 65, "grey": 20}
    )
    colour = {"white": white, "black": black, "grey": grey}[pick(rng, likely)]
    if kind in ("over_ear", "headset") or rng.random() < 0.55:
        return EarphonesWorn(kind, ("left", "right"), colour)
    return EarphonesWorn(kind, (side(rng),), colour)


def headwear(rng: Rng) -> Headwear:
    """A hat; a headscarf is part of a person, not of a moment."""
    return pick(rng, {"cap": 40, "beanie": 30, "hood": 30})


def _ancestry(rng: Rng, tone: int) -> tuple[float, float, float]:
    """Shares of African, Asian and European shapes that go with a skin tone."""
    dark = np.clip((tone - 4) / 4, 0, 1)
    weights = (0.25 + 3.0 * dark, 0.6 + 0.5 * (1 - dark), 0.3 + 1.6 * (1 - dark))
    return _rgb(rng.dirichlet(np.asarray(weights) * 0.8))


def _hair(rng: Rng, sex: Sex, age: int, ancestry: tuple[float, float, float]) -> Hair:
    styles: dict[Hair, float] = dict(WOMENS_HAIR if sex == "female" else MENS_HAIR)
    if ancestry[0] > 0.5:
        styles["afro"] = 25
        styles["curly"] = styles.get("curly", 0) + 15
        styles["buzz"] = styles.get("buzz", 0) + (20 if sex == "male" else 4)
    if sex == "male" and age > 45:
        styles["bald"] = 30
    return pick(rng, styles)


def _hair_colour(rng: Rng, age: int, tone: int, ancestry: tuple[float, float, float]) -> Rgb:
    fair = ancestry[2] * float(np.clip((6 - tone) / 4, 0, 1))
    weights = {
        "black": 45 - 38 * fair, "dark": 35 - 15 * fair, "brown": 6 + 34 * fair, "light": 14 * fair,
        "blond": 16 * fair, "red": 1 + 5 * fair, "grey": 0.0, "white": 0.0,
    }  # fmt: skip
    old = float(np.clip((age - 42) / 25, 0, 1))
    weights |= {"grey": 120 * old, "white": 60 * old**2}
    jitter = float(rng.uniform(0.8, 1.25))
    return _rgb(np.array(HAIR_COLOURS[pick(rng, weights)]) * jitter)


def _share(value: float) -> float:
    return round(float(value), 4)


def _rgb(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Rgb:
    r, g, b = (round(float(v), 4) for v in values)
    return r, g, b
