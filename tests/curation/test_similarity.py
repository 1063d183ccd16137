"""Uniqueness, map and near-duplicates."""

from __future__ import annotations

import numpy as np

from proctor_models.curation.similarity import near_groups, plane, standardised, uniqueness

RNG = np.random.default_rng(0)


def test_uniqueness__agrees_with_all_distances_written_out_over_several_blocks():
    rows = RNG.normal(size=(1100, 5)).astype(np.float32)
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    wanted = np.sort(distances, axis=1)[:, 1:4].mean(1)
    assert np.allclose(uniqueness(rows), wanted / wanted.max(), atol=1e-4)


def test_uniqueness__few_frames_and_copies():
    assert uniqueness(np.zeros((1, 3), np.float32)).tolist() == [0.0]
    assert uniqueness(np.ones((4, 3), np.float32)).tolist() == [0.0] * 4
    assert uniqueness(np.array([[0.0], [1.0]], np.float32)).tolist() == [1.0, 1.0]


def test_standardised__a_channel_of_large_numbers_decides_no_more_than_another():
    rows = RNG.normal(size=(50, 3)) * [1, 1000, 0]
    scaled = standardised(rows.astype(np.float32))
    assert np.allclose(np.linalg.norm(scaled, axis=1), 1, atol=1e-5)
    assert np.abs(scaled).mean(0)[:2].min() > 0.4
    assert not scaled[:, 2].any()


def test_plane__keeps_the_widest_directions_and_does_not_flip():
    flat = RNG.normal(size=(40, 2)) * [5, 2]
    turn = np.linalg.qr(RNG.normal(size=(6, 6)))[0][:, :2]
    rows = (flat @ turn.T).astype(np.float32)
    drawn = plane(rows)
    assert np.allclose(
        np.linalg.norm(drawn - drawn.mean(0), axis=1), np.linalg.norm(flat - flat.mean(0), axis=1), atol=1e-3
    )
    assert drawn.std(0)[0] > drawn.std(0)[1]
    assert np.allclose(drawn, plane(rows.copy()))


def test_plane__one_channel_and_one_frame():
    assert plane(np.array([[1.0], [3.0]], np.float32)).tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    assert plane(np.ones((1, 4), np.float32)).tolist() == [[0.0, 0.0]]


def test_near_groups__a_chain_is_one_group_named_by_its_first():
    assert near_groups(["f" * 16, "0" * 16, "0" * 15 + "f", "0" * 14 + "ff"], 4) == [None, 1, 1, 1]
    assert near_groups([], 4) == []
