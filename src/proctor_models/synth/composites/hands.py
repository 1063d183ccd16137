"""Hands that hold things: cut out of a photograph of a standing person, turned fingers up."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.composites import matte
from proctor_models.synth.composites.layers import Colour, Layer, Plane, Points, similarity

HAND_WH = (520, 900)
WRIST_AT = (260.0, 420.0)
FOREARM_PX = 400.0


def cut_hand(picture: Colour, likely_figure: Plane, elbow: Points, wrist: Points) -> tuple[Layer, NDArray[np.float64]]:
    """The skin from a little above the elbow to the fingertips.

    Args:
        picture: studio photograph of a standing person, arms hanging.
        likely_figure: where the person probably is.
        elbow: (2,) in pixels of the picture.
        wrist: (2,) in pixels of the picture.

    Returns:
        The layer, `HAND_WH` large with the wrist at `WRIST_AT` and the elbow below it, and the 3 x 3 map
        from the picture to it.
    """
    reach = wrist - elbow
    length = max(float(np.linalg.norm(reach)), 1.0)
    degrees = -90.0 - float(np.rad2deg(np.arctan2(reach[1], reach[0])))
    turn = similarity(FOREARM_PX / length, degrees, wrist.tolist(), WRIST_AT)
    x0, y0 = np.maximum(np.minimum(elbow, wrist) - 0.9 * length, 0).astype(int)
    x1, y1 = (np.maximum(elbow, wrist) + 0.9 * length).astype(int)
    part, guess = picture[y0:y1, x0:x1], likely_figure[y0:y1, x0:x1]
    shift = np.array([[1, 0, x0], [0, 1, y0], [0, 0, 1]], np.float64)
    bgr, alpha = matte.key_out(part, guess)
    up = Layer(bgr, alpha).warped(turn @ shift, HAND_WH)
    return Layer(up.bgr, _only_the_arm(up)), turn


def _only_the_arm(layer: Layer) -> Plane:
    """The connected skin around the wrist, without what lies beside the hand."""
    y, x = np.mgrid[0 : HAND_WH[1], 0 : HAND_WH[0]].astype(np.float32)
    # A hanging hand reaches two thirds of a forearm beyond the wrist; further in lies the thigh.
    hand = (np.abs(x - WRIST_AT[0]) < 86) & (y > WRIST_AT[1] - 275) & (y <= WRIST_AT[1])
    arm = (np.abs(x - WRIST_AT[0]) < 95 + 0.12 * (y - WRIST_AT[1])) & (y > WRIST_AT[1])
    flesh = (matte.skin(layer.bgr, layer.alpha) * (hand | arm)).astype(np.uint8)
    count, names, _, _ = cv2.connectedComponentsWithStats(flesh, connectivity=4)
    near = names[int(WRIST_AT[1]) - 40 : int(WRIST_AT[1]) + 80, int(WRIST_AT[0]) - 60 : int(WRIST_AT[0]) + 60]
    votes = np.bincount(near[near > 0], minlength=max(count, 2))
    kept = (names == int(votes.argmax())).astype(np.uint8)
    kept = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    return np.asarray(
        cv2.GaussianBlur(kept.astype(np.float32), (0, 0), 1.5) * np.clip(layer.alpha * 1.6, 0, 1), np.float32
    )
