"""A face drawn from an ellipse, with landmarks where MediaPipe would put the ones that are used."""

from __future__ import annotations

import cv2
import numpy as np

from proctor_models.synth.composites.figures import Figure
from proctor_models.synth.composites.layers import CANVAS_WH, Layer, Points
from proctor_models.synth.composites.wear import JAW, OVAL, UPPER_EDGE, Head


def landmarks(centre: tuple[float, float] = (640, 400), half_wh: tuple[float, float] = (100, 140)) -> Points:
    """All 468 at the centre, but those on the outline and down the middle."""
    points = np.tile(np.array(centre, np.float32), (468, 1))
    for number, index in enumerate(OVAL):
        angle = 2 * np.pi * number / len(OVAL) - np.pi / 2
        points[index] = centre + np.array(half_wh) * (np.cos(angle), np.sin(angle))
    places = {"right": 0.05, "under_nose": 0.35, "chin": 0.7}
    for fit, edge in UPPER_EDGE.items():
        for number, (first, second, _) in enumerate(edge):
            x = centre[0] + half_wh[0] * (number / 3 - 1)
            for index in {first, second} - set(OVAL) - set(JAW):
                points[index] = (x, centre[1] + places[fit] * half_wh[1])
    points[13] = (centre[0], centre[1] + 0.5 * half_wh[1])
    points[[127, 356]] = points[[234, 454]] - (0, 20)
    return points.astype(np.float32)


def head() -> Head:
    return Head(landmarks(), (640, 230))


def figure() -> Figure:
    """A paper doll of 600 x 900 pixels: a face on white cloth that reaches the lower edge."""
    alpha = np.zeros((900, 600), np.float32)
    cv2.ellipse(alpha, (300, 250), (105, 150), 0, 0, 360, 1.0, -1)
    cv2.rectangle(alpha, (100, 420), (500, 899), 1.0, -1)
    colours = np.full((900, 600, 3), (120, 150, 200), np.float32)
    colours[420:] = 235
    cloth = np.zeros((900, 600), np.float32)
    cloth[420:, 100:500] = 1
    mesh = landmarks((300, 250), (100, 140))
    return Figure("P001", "P001/doll.jpg", Layer(colours, alpha), mesh, 280.0, cloth)


def canvas_picture() -> np.ndarray:
    return np.full((CANVAS_WH[1], CANVAS_WH[0], 3), 140, np.float32)
