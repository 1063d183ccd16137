"""The cable of an earphone, from the ear down the chest."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.composites.layers import Layer
from proctor_models.synth.faces.head import CHIN, Head

THICK_CM, JOINED_CM = 0.2, 0.26
FINER = 3


def cable(
    head: Head, start: NDArray[np.float32], side: int, colour: NDArray[np.float64], size_wh: tuple[int, int]
) -> Layer:
    """From one ear to where both cables meet on the chest, and on out of the frame; a frame-sized layer.

    Args:
        head: who wears it.
        start: (2,) where it leaves the earphone, in pixels.
        side: -1 for the ear on the picture's left, 1 for the other.
        colour: (3,) blue, green and red.
        size_wh: size of the frame.
    """
    unit, (wide, high) = head.space.px_per_cm, size_wh
    chin = head.landmarks[CHIN, :2].astype(np.float64)
    # Drawn from the head alone, so that the cables of both ears meet.
    shared = np.random.default_rng(np.maximum(np.rint(chin * 4), 0).astype(int).tolist())
    join = chin + np.array([shared.uniform(-1.5, 1.5), shared.uniform(11, 17)]) * unit
    down, up = np.array([0.4 * side, 7.0]) * unit, np.array([2.2 * side, -6.0]) * unit
    bends = np.array([start, start + down, join + up, join])
    turn = np.linspace(0, 1, 40)[:, None]
    weights = ((1 - turn) ** 3, 3 * turn * (1 - turn) ** 2, 3 * turn**2 * (1 - turn), turn**3)
    path = np.sum([weight * bend for weight, bend in zip(weights, bends, strict=True)], 0)
    sway = np.array([shared.uniform(-2, 2) * unit, max(high - join[1] + 5, 0.0)])
    tail = join + np.linspace(0, 1, 20)[:, None] * sway
    alpha = np.zeros((high * FINER, wide * FINER), np.float32)
    for line, thick in ((path, THICK_CM), (tail, JOINED_CM)):
        fixed = [np.rint(line * FINER * 16).astype(np.int32)]
        cv2.polylines(alpha, fixed, False, 1.0, max(2, round(thick * unit * FINER)), cv2.LINE_AA, shift=4)
    small = np.asarray(cv2.resize(alpha, (wide, high), interpolation=cv2.INTER_AREA), np.float32)
    return Layer(np.broadcast_to(np.asarray(colour * 0.88, np.float32), (high, wide, 3)).astype(np.float32), small)
