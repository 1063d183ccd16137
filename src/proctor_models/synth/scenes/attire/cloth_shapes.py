"""Garments as numbers: cut from the body-hugging surface of the base mesh, loosened, draped and folded. numpy alone.

The frame of a garment is the torso's: rest coordinates moved by the bone `spine01`, so that collars and hoods follow
the shoulders whatever the head does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.attire.cloth_mesh import Mask, relax, rim_of, split
from proctor_models.synth.scenes.attire.fitting import SIDES, group_faces
from proctor_models.synth.scenes.attire.shells import (
    Floats,
    Ints,
    Relief,
    compact,
    fill,
    on_quads,
    sample,
    smooth,
    vertex_normals,
)
from proctor_models.synth.scenes.bodies.figure import Figure, Points

TORSO = "spine01"
ARM_BONES = ("upperarm", "lowerarm", "wrist", "finger", "metacarpal")
Neck = Literal["crew", "v", "scoop", "shirt", "high"]


@dataclass(frozen=True)
class Cut:
    """One top: how far it reaches and how it falls. Metres."""

    sleeve: float
    """End of the sleeve as a share of the arm, 1 at the wrist."""
    neck: Neck
    loose: float
    """How far it stands off the body."""
    folds: float
    """Depth of its folds."""
    thickness: float = 0.0025


@dataclass
class Cloth:
    """A piece of cloth: a quad mesh in the world, with what its texture needs."""

    points: Points
    faces: Ints
    rest: Points
    along_arm: Floats
    """Share of the arm, negative off the arms; (n,)."""


class BodyFit:
    """Measures of the posed torso that garments share."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.matrix = figure.bones[TORSO]
        joints = figure.joints
        self.neck = np.asarray(joints["neck01"][0])
        self.waist = float(joints["upperleg01.L"][0][2]) + 0.10
        self.notch = float(joints["clavicle.L"][0][2]) + 0.012
        """z of the dip between the collarbones."""

    def to_rest(self, world: Points) -> Points:
        """World points in the torso's rest coordinates."""
        return np.asarray((world - self.matrix[:3, 3]) @ self.matrix[:3, :3])

    def to_world(self, points: Points) -> Points:
        """The inverse of `to_rest`."""
        return np.asarray(points @ self.matrix[:3, :3].T + self.matrix[:3, 3])

    @cached_property
    def arms(self) -> Floats:
        """(n,) weight of the arm's bones on each base vertex, positive left, negative right."""
        base = self.figure.base
        total = np.zeros(len(base.vertices))
        for column, bone in enumerate(base.bone_names):
            if bone.startswith(ARM_BONES):
                total += base.weights[:, column] * (1.0 if bone.endswith(".L") else -1.0)
        return total

    @cached_property
    def along_arm(self) -> Floats:
        """(n,) share of the arm (shoulder 0, wrist 1) of base vertices on an arm, -1 elsewhere."""
        joints, rest = self.figure.joints, self.figure.rest
        made = np.full(len(rest), -1.0)
        for side, s in zip(SIDES, (1.0, -1.0), strict=True):
            tag = "L" if side == "left" else "R"
            shoulder, elbow, wrist = (joints[f"{bone}.{tag}"][0] for bone in ("upperarm01", "lowerarm01", "wrist"))
            upper, lower = elbow - shoulder, wrist - elbow
            a, b = float(np.linalg.norm(upper)), float(np.linalg.norm(lower))
            first = (rest - shoulder) @ upper / a
            second = (rest - elbow) @ lower / b
            far = np.where(first < a, first, a + np.maximum(second, 0)) / (a + b)
            on = s * self.arms > 0.35
            made[on] = np.maximum(far[on], 0)
        return made

    def neckline(self, points: Points, neck: Neck) -> Floats:
        """How far rest points are above the neckline, metres: above 0 is cut away."""
        front_y, back_y = self.neck[1] - 0.075, self.neck[1] + 0.045
        share = np.clip((points[..., 1] - front_y) / (back_y - front_y), -0.1, 1.1)
        low, high = self.notch, float(self.neck[2]) + 0.004
        x = np.abs(points[..., 0])
        ahead = np.clip(1.2 - 1.6 * share, 0, 1)
        drop = {
            "crew": 0.0 * x, "high": 0.0 * x, "shirt": 0.055 * np.clip(1 - x / 0.03, 0, 1) * ahead,
            "v": 0.070 * np.clip(1 - x / 0.055, 0, 1) * ahead, "scoop": 0.034 * np.exp(-((x / 0.06) ** 2)) * ahead,
        }[neck]  # fmt: skip
        between = np.clip(share, 0, 1)
        rise = 0.115 * between * (1 - between)  # over the slope of the shoulders it climbs the neck
        return np.asarray(points[..., 2] - (low + (high - low) * share + rise - drop))

    @cached_property
    def throat(self) -> tuple[Floats, float, float]:
        """Distance of the neck's skin and the shoulders from the neck's axis by (z, azimuth); its lowest z and step."""
        faces = group_faces(self.figure.base, "body")
        middle = self.figure.rest[faces].mean(1)
        low, high, step = float(self.neck[2]) - 0.14, float(self.neck[2]) + 0.10, 0.008
        near = faces[(middle[:, 2] > low - 0.02) & (middle[:, 2] < high + 0.02) & (np.abs(middle[:, 0]) < 0.2)]
        points = self.to_rest(on_quads(self.figure.world, near, 4)) - np.array([0, self.neck[1] - 0.01, 0])
        row = ((points[:, 2] - low) / step).astype(int)
        column = ((np.arctan2(points[:, 0], -points[:, 1]) / (2 * np.pi) + 0.5) * 72).astype(int) % 72
        grid = np.full((int((high - low) / step), 72), np.inf)
        ok = (row >= 0) & (row < len(grid))
        np.minimum.at(grid, (row[ok], column[ok]), np.hypot(points[ok, 0], points[ok, 1]))
        return smooth(fill(np.where(np.isinf(grid), np.nan, grid), True), 1, True), low, step

    def around_neck(self, azimuth: Floats, z: Floats, lift: Floats | float = 0.0) -> Points:
        """Rest points about the neck's axis, `lift` metres off the skin."""
        grid, low, step = self.throat
        column = (np.asarray(azimuth) / (2 * np.pi) + 0.5) * 72 - 0.5
        radius = sample(grid, (np.asarray(z) - low) / step - 0.5, column, wrap=True) + lift
        z = np.broadcast_to(z, radius.shape)
        x, y = radius * np.sin(azimuth), self.neck[1] - 0.01 - radius * np.cos(azimuth)
        return np.stack([x, y, z], -1)

    def neck_curve(self, neck: Neck, azimuth: Floats, lift: float) -> Points:
        """The neckline as rest points by azimuth (0 ahead)."""
        z = np.full(len(azimuth), float(self.neck[2]) - 0.03)
        for _ in range(12):
            points = self.around_neck(azimuth, z)
            z = np.clip(z - 0.6 * self.neckline(points, neck), self.neck[2] - 0.135, self.neck[2] + 0.09)
        return self.around_neck(azimuth, z, lift)


def top_faces(fit: BodyFit, cut: Cut) -> Ints:
    """Quads of the tights that the top keeps."""
    faces, rest = group_faces(fit.figure.base, "helper-tights"), fit.figure.rest
    middle = rest[faces].mean(1)
    along = fit.along_arm[faces].max(1)
    keep = (middle[:, 2] > fit.waist - 0.16) & (fit.neckline(middle, cut.neck) < -0.004)
    return np.asarray(faces[np.where(along >= 0, along < cut.sleeve, keep)])


def trouser_faces(fit: BodyFit) -> Ints:
    """Quads of the tights from the waist to the ankles."""
    faces, rest = group_faces(fit.figure.base, "helper-tights"), fit.figure.rest
    middle = rest[faces].mean(1)
    ankle = float(fit.figure.joints["foot.L"][0][2])
    off_arms = fit.along_arm[faces].max(1) < 0
    return np.asarray(faces[off_arms & (middle[:, 2] < fit.waist - 0.03) & (middle[:, 2] > ankle + 0.005)])


def shoe_faces(fit: BodyFit) -> Ints:
    """Quads of the tights around the feet."""
    faces, rest = group_faces(fit.figure.base, "helper-tights"), fit.figure.rest
    ankle = float(fit.figure.joints["foot.L"][0][2])
    return np.asarray(faces[rest[faces].mean(1)[:, 2] < ankle + 0.035])


def make_cloth(fit: BodyFit, faces: Ints, loose: float, folds: float, seed: int, neck: Neck | None = None) -> Cloth:
    """A garment from quads of the base mesh: finer, smoothed, off the body, with folds; a top's rim on its neckline."""
    figure = fit.figure
    used, small = compact(faces)
    columns = np.c_[figure.world[used], figure.rest[used], fit.along_arm[used]]
    small, columns = split(small, columns)
    world, rest, along = columns[:, :3], columns[:, 3:6], columns[:, 6]
    normals = vertex_normals(world, small)
    on_arm = along >= 0
    under = np.ones(len(rest)) if neck is None else np.clip(-fit.neckline(rest, neck) / 0.07, 0.15, 1)
    body = relax(world, small, 3)
    shape = relax(world, small, 14, np.where(on_arm, 0.5, under))
    shape = shape + normals * (loose * np.where(on_arm, 0.85, under))[:, None]
    if neck is not None:  # the hem lies over the trousers
        shape = shape + normals * (0.008 * ~on_arm * np.clip((fit.waist + 0.04 - rest[:, 2]) / 0.07, 0, 1))[:, None]
    shape = shape + normals * (under * fold_depth(rest, along, folds, seed))[:, None]
    if neck is not None:
        shape = _on_neckline(fit, shape, small, rest, neck)
    short = 0.0045 - ((shape - body) * normals).sum(1)
    firm = 1.0 if neck is None else np.clip(-fit.neckline(rest, neck) / 0.02, 0, 1)
    shape = shape + normals * (np.maximum(short, 0) * firm)[:, None]
    return Cloth(shape, small, rest, along)


def _on_neckline(fit: BodyFit, shape: Points, faces: Ints, rest: Points, neck: Neck) -> Points:
    """The rim moved onto the neckline, and the cloth near it led there."""
    height = fit.neckline(rest, neck)
    rim = rim_of(faces, len(rest)) & (height > -0.06) & (np.abs(rest[:, 0]) < 0.14)
    middle = fit.neck - np.array([0, 0.01, 0])
    azimuth = np.arctan2(rest[rim, 0], middle[1] - rest[rim, 1])
    shape = shape.copy()
    shape[rim] = fit.to_world(fit.neck_curve(neck, azimuth, 0.005))
    near = np.where(rim, 0.0, np.clip(1 + height / 0.09, 0, 1))
    return relax(shape, faces, 8, near)


def fold_depth(rest: Points, along: Floats, depth: float, seed: int) -> Floats:
    """Height of folds at rest points: long slanting ones on the trunk, rings in the crook of the arms."""
    rng = np.random.default_rng(seed)
    total = np.zeros(len(rest))
    bend = rng.uniform(-1, 1, (2, 3)) * 14
    warped = rest + 0.02 * np.sin(rest @ bend.T)[:, :1]
    for _ in range(5):
        slant = rng.normal(0, 0.5)
        wave = np.array([rng.normal(0, 1.0) + 0.6, rng.normal(0, 0.6), 0.5 + slant])
        wave *= 2 * np.pi / (rng.uniform(0.06, 0.15) * np.linalg.norm(wave))
        gate = 0.5 + 0.5 * np.sin(rest @ rng.normal(0, 12, 3) + rng.uniform(0, 6.3))
        total += gate * np.sin(warped @ wave + rng.uniform(0, 6.3)) ** 3
    trunk = 0.55 * depth * total
    crook = np.exp(-(((along - 0.5) / 0.16) ** 2)) + 0.6 * np.exp(-(((along - 0.92) / 0.09) ** 2))
    crook += 0.5 * np.exp(-(((along - 0.06) / 0.12) ** 2))
    rings = np.sin(2 * np.pi * along / 0.062 + 40 * rest[:, 1] + rng.uniform(0, 6.3))
    rings += 0.5 * np.sin(2 * np.pi * along / 0.038 - 55 * rest[:, 2] + rng.uniform(0, 6.3))
    return np.asarray(np.where(along >= 0, 0.5 * trunk + 0.8 * depth * crook * rings, trunk))


def drape(fit: BodyFit, cloth: Cloth, slope: float = 0.45) -> Cloth:
    """Cloth over the chest, the belly and the shoulder blades falls from their foremost point instead of hugging."""
    local = fit.to_rest(cloth.points)
    trunk = cloth.along_arm < 0
    # Only what lies in the trunk's own column counts: forearms and hands may be before it.
    relief = Relief.of(local[trunk], 0.02, 2)
    moved = local.copy()
    for grid, way in ((relief.front, -1.0), (relief.back, 1.0)):
        reach = way * grid
        hung = reach.copy()
        for line in range(len(hung) - 2, -1, -1):
            hung[line] = np.maximum(hung[line], hung[line + 1] - slope * relief.step)
        extra = smooth(hung - reach, 2, False)
        row, column = (local[:, 2] - relief.z0) / 0.02 - 0.5, (local[:, 0] - relief.x0) / 0.02 - 0.5
        facing = np.clip(way * vertex_normals(local, cloth.faces)[:, 1] + 0.15, 0, 1)
        below = np.clip((fit.notch - 0.04 - local[:, 2]) / 0.06, 0, 1)
        gain = np.minimum(sample(extra, row, column, wrap=False), 0.05) * facing * below * trunk
        moved[:, 1] += way * gain
    return Cloth(fit.to_world(moved), cloth.faces, cloth.rest, cloth.along_arm)


def texture_coordinates(fit: BodyFit, cloth: Cloth) -> NDArray[np.float32]:
    """(faces * 4, 2) in metres: around the trunk or the limb, and along it."""
    corners = (0.4 * cloth.rest + 0.6 * fit.to_rest(cloth.points))[cloth.faces]
    arm = (cloth.along_arm[cloth.faces].mean(1) >= 0)[:, None]
    shoulder = np.asarray(fit.figure.joints["upperarm01.L"][0])
    sleeve = cloth.rest[cloth.faces] - shoulder * np.where(corners[..., :1] > 0, 1, [-1, 1, 1])
    about = np.arctan2(sleeve[..., 1], np.abs(corners[..., 0]) - shoulder[0] + sleeve[..., 2])
    about = np.where(about - about[:, :1] > np.pi, about - 2 * np.pi, about)
    about = np.where(about - about[:, :1] < -np.pi, about + 2 * np.pi, about)
    across = corners[..., 0] + 0.4 * (corners[..., 1] + 0.1) * np.tanh(corners[..., 0] / 0.06)
    u = np.where(arm, 0.055 * about, across)
    v = np.where(arm, -0.55 * cloth.along_arm[cloth.faces], corners[..., 2])
    return np.stack([u, v], -1).reshape(-1, 2).astype(np.float32)


def covered(fit: BodyFit, cut: Cut) -> Mask:
    """Which base faces are skin that top, trousers and shoes hide, a good way inside their edges."""
    base, rest = fit.figure.base, fit.figure.rest
    middle = rest[base.faces].mean(1)
    along = fit.along_arm[base.faces].max(1)
    inside = (fit.neckline(middle, cut.neck) < -0.035) & (along < 0)
    sleeve = (along >= 0) & (along < cut.sleeve - 0.08)
    return np.asarray((inside | sleeve) & base.face_mask("body"))
