from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import pytest

from proctor_models.errors import ConfigError
from proctor_models.synth.scenes.plans.acts import SHARES
from proctor_models.synth.scenes.plans.cameras_plan import FACE_HEIGHT, eyes_at
from proctor_models.synth.scenes.plans.desk_plan import REACH
from proctor_models.synth.scenes.plans.jobs import Job, planned, resolution_wh
from proctor_models.synth.scenes.plans.plan import SCENES_A_CLIP, owner_code, scene
from proctor_models.synth.scenes.plans.spec import THINGS, SceneSpec, scene_from_json

BLOCK = sum(SHARES.values())


@pytest.fixture(scope="module")
def scenes() -> tuple[SceneSpec, ...]:
    return tuple(scene(7, index) for index in range(3 * BLOCK))


def test_scene__reads_back_from_json(scenes: tuple[SceneSpec, ...]) -> None:
    for spec in scenes[:60]:
        assert scene_from_json(json.loads(json.dumps(spec.as_json()))) == spec


def test_scene__every_block_has_the_shares(scenes: tuple[SceneSpec, ...]) -> None:
    for start in range(0, len(scenes), BLOCK):
        assert Counter(s.activity for s in scenes[start : start + BLOCK]) == SHARES


def test_scene__same_seed_same_scene_other_seed_other(scenes: tuple[SceneSpec, ...]) -> None:
    assert scene(7, 40) == scenes[40]
    assert scene(8, 40) != scenes[40]


def test_scene__a_clip_is_one_person_in_one_room(scenes: tuple[SceneSpec, ...]) -> None:
    for start in range(0, 30 * SCENES_A_CLIP, SCENES_A_CLIP):
        clip = scenes[start : start + SCENES_A_CLIP]
        assert len({s.clip for s in clip}) == 1
        assert len({s.room.seed for s in clip}) == 1
        assert len({s.light.seed for s in clip}) == 1
        there = [s.candidate for s in clip if s.candidate]
        for known in ("code", "seed", "sex", "age", "monk_tone", "face", "hair_colour", "top_colour", "glasses"):
            assert len({getattr(person, known) for person in there}) <= 1, known


def test_scene__people_are_as_different_as_stated(scenes: tuple[SceneSpec, ...]) -> None:
    people = {s.candidate.code: s.candidate for s in scenes if s.candidate}.values()
    tones = Counter(p.monk_tone for p in people)
    assert set(tones) == set(range(1, 11))
    assert 0.35 < sum(p.sex == "female" for p in people) / len(people) < 0.65
    assert 0.18 < sum(p.glasses != "none" for p in people) / len(people) < 0.42
    assert all(p.beard == "none" for p in people if p.sex == "female")
    assert all(18 <= p.age <= 70 and p.face != "P003" for p in people)
    assert all(math.isclose(sum(p.ancestry), 1, abs_tol=1e-3) for p in people)
    assert {"long", "bob", "short"} <= {p.hair for p in people}


def test_scene__visitors_are_nobody_elses_candidate(scenes: tuple[SceneSpec, ...]) -> None:
    owners = {owner_code(s) for s in scenes}
    visitors = [other for s in scenes for other in s.others]
    assert visitors
    assert not owners & {v.code for v in visitors}


def test_scene__things_are_known_and_apart(scenes: tuple[SceneSpec, ...]) -> None:
    for spec in scenes:
        assert {t.kind for t in spec.things} <= set(THINGS)
        lying = [t for t in spec.things if t.place == "desk" and not t.half_hidden]
        assert sum(t.kind in ("laptop", "monitor") for t in lying) == 1
        loose = [t for t in lying if t.kind in ("phone", "mug", "bottle", "wallet", "remote", "calculator")]
        for i, one in enumerate(loose):
            for other in loose[i + 1 :]:
                apart = math.dist(one.at_xy, other.at_xy)
                assert apart > max(REACH[one.kind], REACH[other.kind])


def test_scene__held_things_have_a_holder(scenes: tuple[SceneSpec, ...]) -> None:
    for spec in scenes:
        for thing in spec.things:
            if thing.place in ("hand", "ear", "lap"):
                assert spec.candidate is not None
                assert thing.hand == spec.candidate.side
            if thing.place == "offered":
                assert spec.others
                assert thing.hand == spec.others[0].side


def test_scene__faces_are_as_large_as_a_webcam_has_them(scenes: tuple[SceneSpec, ...]) -> None:
    shares = []
    for spec in scenes:
        camera = spec.cameras[0]
        if spec.candidate is None:
            continue
        width, height = camera.resolution_wh
        focal = width / 2 / math.tan(math.radians(camera.hfov_deg) / 2)
        shares.append(FACE_HEIGHT * focal / math.dist(camera.at, eyes_at(spec.candidate)) / height)
    assert min(shares) > 0.15
    assert max(shares) < 0.6
    assert 0.28 < float(np.median(shares)) < 0.44


def test_scene__second_camera_stands_beside_or_behind(scenes: tuple[SceneSpec, ...]) -> None:
    angles = []
    for spec in scenes:
        x, y, z = spec.cameras[1].at
        assert 0.7 < math.hypot(x, y + 0.3) < 1.7
        assert 1.0 < z < 1.6
        angles.append(math.degrees(math.atan2(abs(x), -(y + 0.3))))
    assert min(angles) >= 44
    assert sum(a > 120 for a in angles) > 0.1 * len(angles)


def test_planned__one_resolution_for_all() -> None:
    spec = planned(Job(7, "320x240"), 5)
    assert {camera.resolution_wh for camera in spec.cameras} == {(320, 240)}
    assert spec.candidate == planned(Job(7), 5).candidate


@pytest.mark.parametrize("text", ["640", "640x", "0x0", "641x480", "9000x480", "axb"])
def test_resolution_wh__wrong(text: str) -> None:
    with pytest.raises(ConfigError, match="--resolution: expected WIDTHxHEIGHT"):
        resolution_wh(text)
