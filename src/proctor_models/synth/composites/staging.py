"""Where a figure and the things around it go in a webcam's picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.composites import wear
from proctor_models.synth.composites.camera import Look, relight
from proctor_models.synth.composites.figures import Figure, Hand
from proctor_models.synth.composites.layers import (
    CANVAS_WH,
    Canvas,
    Item,
    Layer,
    Plane,
    blur,
    moved,
    polygon,
    shifted,
    similarity,
)

WIDTH, HEIGHT = CANVAS_WH


@dataclass(frozen=True)
class Pose:
    """Where a face or a hand goes: how large the face is, and the centre, in canvas pixels; degrees clockwise."""

    face_px: float
    centre: tuple[float, float]
    roll: float = 0.0


@dataclass
class Seated:
    """A figure that has been painted: its head, if it shows one, and its labels."""

    head: wear.Head
    person: Item
    face: Item


def _cut_rows(alpha: Plane) -> tuple[float, float]:
    """The first rows in which a figure is cut by the left and the right edge of its photograph."""
    left, right = (np.flatnonzero(edge.max(1) > 0.5) for edge in (alpha[:, :3], alpha[:, -3:]))
    return (float(left[0]) if left.size else np.inf), (float(right[0]) if right.size else np.inf)


def fitted(figure: Figure, pose: Pose) -> Pose:
    """`pose`, changed as little as needed so that no edge of the photograph shows in the frame.

    A portrait ends at the chest and at the shoulders: those edges must fall outside.
    """
    width, height = figure.layer.size_wh
    px, py = figure.mesh[list(wear.OVAL)].mean(0).tolist()
    (tx, ty), size = pose.centre, pose.face_px / figure.face_px
    slack = 1 + abs(np.sin(np.deg2rad(pose.roll)))
    size = max(size, slack * (HEIGHT + 10 - ty) / (height - py))
    left, right = (ty + (row - py) * size < HEIGHT for row in _cut_rows(figure.layer.alpha))
    if left and right and width * size < WIDTH * slack:
        lowered = HEIGHT - (min(_cut_rows(figure.layer.alpha)) - py) * size
        if lowered < 0.66 * HEIGHT:
            return Pose(size * figure.face_px, (tx, lowered), pose.roll * 0.3)
        size = 1.02 * WIDTH / width
    if left:
        tx = min(tx, px * size - 20 * slack)
    if right:
        tx = max(tx, WIDTH + 20 * slack - (width - px) * size)
    return Pose(size * figure.face_px, (tx, ty), pose.roll * (0.3 if left or right else 1.0))


def seat(canvas: Canvas, figure: Figure, pose: Pose, look: Look, blur_px: float = 0.0, shadow: float = 0.3) -> Seated:
    """Paint a figure and label its person and face.

    Args:
        canvas: what to paint on.
        figure: who.
        pose: where; see `fitted`.
        look: the light it gets.
        blur_px: how far out of focus it is, in canvas pixels.
        shadow: how dark its shadow on what is behind it.
    """
    pivot = figure.mesh[list(wear.OVAL)].mean(0)
    way = similarity(pose.face_px / figure.face_px, pose.roll, pivot.tolist(), pose.centre)
    layer = figure.layer.warped(way)
    if blur_px > 0:
        layer = Layer(blur(layer.bgr, blur_px), blur(layer.alpha, blur_px))
    if shadow > 0:
        canvas.shade(blur(shifted(layer.alpha, 36 if look.lean < 0 else -36, 26), 26), shadow)
    canvas.paint(Layer(relight(layer.bgr, look.person_gain, look.lean), layer.alpha))
    crown = moved(np.array([figure.crown], np.float32), way)[0]
    head = wear.Head(moved(figure.mesh, way), (float(crown[0]), float(crown[1])))
    person = canvas.label("person", layer.alpha)
    oval = wear.face_mask(head)
    whole = float(cv2.contourArea(head.landmarks[list(wear.OVAL)]))
    return Seated(head, person, canvas.label("face", oval, full_area_px=whole))


def hold(canvas: Canvas, hand: Hand, pose: Pose, look: Look, person: Item, leaves: bool = True) -> Layer:
    """Paint a hand; it becomes part of `person`.

    Args:
        canvas: what to paint on.
        hand: whose.
        pose: `centre` is what the fingers close around, `roll` turns the hand clockwise from upright, and
            `face_px` is the size of its owner's face.
        look: the light it gets.
        person: its owner.
        leaves: whether the arm goes on to the lower edge; the forearm then is as long as that takes.
    """
    grip = (hand.grip[0], hand.grip[1] - 40)
    turn = similarity(pose.face_px / hand.face_px, pose.roll, grip, pose.centre)
    below = moved(np.array([[hand.wrist[0], hand.layer.size_wh[1] - 40]], np.float32), turn)[0]
    wrist = moved(np.array([hand.wrist], np.float32), turn)[0]
    if leaves and below[1] < HEIGHT + 20:  # the elbow would float in the frame: a longer forearm
        longer = min(2.2, (HEIGHT + 20 - wrist[1]) / max(below[1] - wrist[1], 1.0))
        layer = _longer(hand, longer).warped(turn)
    else:
        layer = hand.layer.warped(turn)
    lit = Layer(relight(layer.bgr, look.person_gain, look.lean), layer.alpha)
    canvas.shade(blur(shifted(layer.alpha, -8, 14), 12), 0.25)
    canvas.paint(lit, joins=[person])
    return lit


def _longer(hand: Hand, factor: float) -> Layer:
    """The forearm below the wrist stretched by `factor`."""
    row = int(hand.wrist[1]) + 10

    def stretch(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        low = cv2.resize(plane[row:], (plane.shape[1], int((plane.shape[0] - row) * factor)))
        return np.concatenate([plane[:row], np.asarray(low, np.float32)])

    return Layer(stretch(hand.layer.bgr), stretch(hand.layer.alpha))


def thing_quad(
    size_wh: tuple[int, int],
    centre: tuple[float, float],
    height_px: float,
    degrees: float,
    yaw: float = 0.0,
    pitch: float = 0.0,
) -> NDArray[np.float32]:
    """Corners of a flat thing in space, seen in perspective, (4, 2).

    Args:
        size_wh: the thing's own width and height, for its proportions.
        centre: where its middle appears, in canvas pixels.
        height_px: its height in canvas pixels when it faces the camera.
        degrees: turn in the picture plane.
        yaw: turn about its long axis, in degrees.
        pitch: tilt away from the camera, in degrees; near 80 it lies flat.

    >>> thing_quad((100, 200), (50, 100), 200, 0).round().tolist()
    [[0.0, 0.0], [100.0, 0.0], [100.0, 200.0], [0.0, 200.0]]
    """
    half_w, half_h = height_px * size_wh[0] / size_wh[1] / 2, height_px / 2
    corners = np.array([[-half_w, -half_h, 0], [half_w, -half_h, 0], [half_w, half_h, 0], [-half_w, half_h, 0]])
    a, b, c = np.deg2rad([degrees, yaw, pitch])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]])
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    # Turned on the table first, then tilted away, as a thing on a desk is.
    turned = corners @ (about_x @ about_z @ about_y).T if pitch else corners @ (about_z @ about_y).T
    distance = 1600.0
    nearer = distance / (distance - turned[:, 2])
    return np.asarray(turned[:, :2] * nearer[:, None] + np.asarray(centre), np.float32)


def put(canvas: Canvas, thing: Layer, quad: NDArray[np.float32], look: Look, shadow: float = 0.35) -> Layer:
    """Paint a flat thing onto four corners, with a soft shadow; what was painted is returned."""
    layer = thing.onto_quad(quad)
    canvas.shade(blur(shifted(layer.alpha, 10 if look.lean < 0 else -10, 12), 9), shadow)
    lit = Layer(relight(layer.bgr, look.person_gain, look.lean), layer.alpha)
    canvas.paint(lit)
    return lit


def quad_area(quad: NDArray[np.float32]) -> float:
    """Area inside four corners, in square pixels."""
    return float(cv2.contourArea(quad))


def desk(canvas: Canvas, rng: np.random.Generator, look: Look, edge_y: float) -> None:
    """The desk at the lower edge of the picture, seen from above the screen."""
    tone = np.array(
        [(104, 140, 172), (70, 96, 128), (206, 210, 212), (52, 56, 62), (150, 178, 200)][rng.integers(5)], np.float32
    )
    lean = float(rng.uniform(-18, 18))
    corners = np.array(
        [[-20, edge_y - lean], [WIDTH + 20, edge_y + lean], [WIDTH + 20, HEIGHT + 20], [-20, HEIGHT + 20]], np.float32
    )
    mask = polygon(corners, CANVAS_WH, 1.5)
    rows = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None]
    grain = 1 + 0.05 * np.sin(
        rows * rng.uniform(90, 160) + 2 * np.sin(np.linspace(0, 5, WIDTH, dtype=np.float32))[None] + rng.uniform(0, 6)
    )
    top = tone * (grain * (0.8 + 0.25 * rows))[..., None]
    canvas.shade(blur(shifted(mask, 0, -16), 14), 0.3)
    canvas.paint(Layer(relight(top.astype(np.float32), look.person_gain, look.lean), mask))
