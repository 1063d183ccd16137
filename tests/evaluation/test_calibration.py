"""A temperature undoes what stretched the scores, and the error is what it is by hand."""

from __future__ import annotations

import numpy as np
import pytest

from proctor_models.evaluation.bootstrap import Floats
from proctor_models.evaluation.calibration import calibration, calibration_error, fit_temperature, scaled
from proctor_models.evaluation.figures import Judged
from proctor_models.evaluation.matching import Bools


def drawn(frames: int, seed: int) -> tuple[Floats, Bools]:
    """Probabilities, and whether the thing is there: just as often as they say."""
    generator = np.random.default_rng(seed)
    probability = generator.uniform(0.02, 0.98, frames)
    return probability, generator.random(frames) < probability


def judged(scores: Floats, truth: Bools) -> Judged:
    return Judged(scores, truth, tuple(str(i) for i in range(len(truth))))


def test_calibration_error__by_hand() -> None:
    scores = np.array([0.2, 0.2, 0.2, 0.2, 0.6, 0.6, 0.6, 0.6])
    truth = np.array([False, False, False, True, True, True, True, True])
    # Two bins: 0.2 said and 0.25 there, 0.6 said and 1.0 there.
    assert calibration_error(scores, truth) == pytest.approx((0.05 + 0.4) / 2)


def test_calibration_error__equal_scores_are_one_bin() -> None:
    truth = np.arange(100) % 4 == 0
    assert calibration_error(np.full(100, 0.25), truth) == pytest.approx(0.0)
    assert calibration_error(np.full(100, 0.25), np.sort(truth)) == pytest.approx(0.0)


def test_calibration_error__honest_scores_err_little() -> None:
    scores, truth = drawn(20_000, seed=1)
    assert calibration_error(scores, truth) < 0.02
    assert calibration_error(scaled(scores, 0.3), truth) > 0.1


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_fit_temperature__finds_what_stretched_the_scores(temperature: float) -> None:
    scores, truth = drawn(20_000, seed=2)
    assert fit_temperature(scaled(scores, 1 / temperature), truth) == pytest.approx(temperature, rel=0.05)


def test_fit_temperature__all_right_stays_in_the_span() -> None:
    truth = np.arange(50) % 2 == 0
    assert fit_temperature(np.where(truth, 1.0, 0.0), truth) == pytest.approx(1 / 20, rel=1e-3)


def test_calibration__fitted_on_validation_measured_on_test() -> None:
    (val, val_truth), (test, test_truth) = drawn(5000, seed=3), drawn(5000, seed=4)
    found = calibration(judged(scaled(val, 0.4), val_truth), judged(scaled(test, 0.4), test_truth))
    assert found["temperature"] == pytest.approx(2.5, rel=0.1)
    assert found["ece"] is not None
    assert found["ece_after"] is not None
    assert found["ece_after"] < 0.03 < found["ece"]


def test_calibration__frames_that_cannot_say() -> None:
    scores, truth = np.array([0.9, np.nan, 0.2]), np.array([True, True, False])
    one_kind = judged(np.array([0.1, 0.2]), np.array([False, False]))
    found = calibration(one_kind, judged(scores, truth))
    assert (found["temperature"], found["ece_after"]) == (None, None)
    assert (found["test_frames"], found["val_frames"]) == (2, 2)
    assert found["ece"] == pytest.approx(0.15)
    assert calibration(judged(scores, truth), one_kind)["ece"] is None
    assert calibration(one_kind.of(np.zeros(2, bool)), one_kind.of(np.zeros(2, bool)))["temperature"] is None
