"""Which scenes a data set gets: a pure function of seed and number, so that any frame can be made alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from proctor_models.synth.scenes.plans import cameras_plan as cameras
from proctor_models.synth.scenes.plans import people_plan as people
from proctor_models.synth.scenes.plans.acts import SHARES, Act, perform
from proctor_models.synth.scenes.plans.desk_plan import SEEN_SHARE, Desk
from proctor_models.synth.scenes.plans.measures import webcam
from proctor_models.synth.scenes.plans.people_plan import Rng, pick
from proctor_models.synth.scenes.plans.spec import (
    CameraSpec,
    Decor,
    Earphone,
    Light,
    LightSpec,
    PersonSpec,
    Room,
    RoomSpec,
    SceneSpec,
    Side,
    ThingSpec,
)

SCENES_A_CLIP = 3
VIEWS_A_SCENE = 2
ROOMS: Mapping[Room, float] = {
    "bedroom": 26, "study": 22, "living_room": 16, "office": 16, "kitchen": 8, "dormitory": 12,
}  # fmt: skip
LIGHTS: Mapping[Light, float] = {
    "day": 24, "window": 20, "office": 17, "lamp": 14, "backlit": 10, "dim": 9, "screen": 6,
}  # fmt: skip
DECOR: Mapping[Decor, float] = {
    "poster_face": 0.14, "screen_face": 0.05, "mirror": 0.06, "picture": 0.35, "coat": 0.14, "clothes_on_chair": 0.12,
}  # fmt: skip
EVENING: frozenset[Light] = frozenset({"lamp", "dim", "screen"})


def scenes_of(frames: int) -> int:
    """How many scenes `frames` frames come from; both views of a scene follow each other.

    >>> scenes_of(1), scenes_of(2), scenes_of(5)
    (1, 1, 3)
    """
    return -(-frames // VIEWS_A_SCENE)


def scene(seed: int, index: int) -> SceneSpec:
    """Scene number `index` of the data set of `seed`: it does not depend on how many there are.

    >>> scene(7, 3) == scene(7, 3), scene(7, 3) == scene(8, 3)
    (True, False)
    >>> [camera.view for camera in scene(7, 3).cameras]
    ['first', 'second']
    """
    clip = index // SCENES_A_CLIP
    owner, room, light, screen = _clip(seed, clip)
    rng = np.random.default_rng([seed, 2, index])
    activity = _activity(seed, index)
    seen_side = _seen_side(seed, clip)
    hand: Side = "left" if (rng.random() < SEEN_SHARE) == (seen_side > 0) else "right"
    act = Act(rng, replace(owner, side=hand, at_xy=_seat(rng)), Desk(rng, seen_side), clip)
    computer = _computer(act, seed, clip, screen)
    perform(act, activity)
    _also(act, activity)
    act.desk.clutter(int(rng.integers(0, 5)))
    if activity == "dark":
        light = replace(light, kind="screen", exposure_ev=-2.5)
    room = _changed(rng, room, act, activity)
    views = _cameras(seed, clip, owner, computer, light)
    views[1] = _free_sight(views[1], act.others)
    if activity == "lens_covered":
        which = int(rng.random() < 0.4)
        views[which] = replace(views[which], **cameras.covered(views[which], float(rng.uniform(0.55, 1.0))))
    return SceneSpec(
        index=index,
        seed=int(rng.integers(2**31)),
        activity=activity,
        clip=f"{owner.code}-{clip:04d}",
        candidate=act.candidate,
        others=tuple(act.others),
        things=(*act.desk.things, *act.held),
        room=room,
        light=light,
        cameras=tuple(_moment(rng, view) for view in views),
    )


def owner_code(spec: SceneSpec) -> str:
    """Whose room it is, whoever is there.

    >>> owner_code(scene(7, 3))
    'D0002'
    """
    return spec.clip.partition("-")[0]


@cache
def _deck(seed: int, block: int) -> tuple[str, ...]:
    """The activities of one block of scenes, each as often as its share says, in an order of its own."""
    cards = [activity for activity, count in SHARES.items() for _ in range(count)]
    order = np.random.default_rng([seed, 1, block]).permutation(len(cards))
    return tuple(cards[i] for i in order)


def _activity(seed: int, index: int) -> str:
    block, card = divmod(index, sum(SHARES.values()))
    return _deck(seed, block)[card]


@cache
def _clip(seed: int, clip: int) -> tuple[PersonSpec, RoomSpec, LightSpec, str]:
    """What stays the same in a clip: person, room, light, and which screen the exam runs on."""
    rng = np.random.default_rng([seed, 3, clip])
    owner = people.identity(rng, f"D{clip + 1:04d}")
    kind = pick(rng, ROOMS)
    decor: list[Decor] = [name for name, share in DECOR.items() if rng.random() < share]
    room = RoomSpec(int(rng.integers(2**31)), kind, tuple(decor), bool(rng.random() < 0.25), True, False)
    lit: Light = "office" if kind == "office" and rng.random() < 0.5 else pick(rng, LIGHTS)
    light = LightSpec(lit, int(rng.integers(2**31)), round(float(rng.normal(0, 0.35)), 3))
    return owner, room, light, "laptop" if rng.random() < 0.62 else "monitor"


def _computer(act: Act, seed: int, clip: int, screen: str) -> ThingSpec:
    """The exam's computer: at the same place throughout a clip."""
    rng = np.random.default_rng([seed, 4, clip])
    y = float(rng.uniform(-0.10, 0.02) if screen == "laptop" else rng.uniform(-0.24, -0.12))
    act.desk.things.clear()
    own = Desk(rng)
    made = own.computer(screen, float(rng.normal(0, 0.03)), y, float(rng.normal(0, 4)))
    act.desk.things += own.things
    for placed in own.things:
        act.desk.keep_free(*placed.at_xy, 0.2)
    act.desk.keep_free(0.0, 0.2, 0.2)  # forearms
    return made


def _cameras(seed: int, clip: int, owner: PersonSpec, computer: ThingSpec, light: LightSpec) -> list[CameraSpec]:
    rng = np.random.default_rng([seed, 5, clip])
    return [
        cameras.first_camera(rng, owner, computer, webcam(computer), light.kind),
        cameras.second_camera(rng, light.kind, _seen_side(seed, clip)),
    ]


def _seen_side(seed: int, clip: int) -> float:
    """On which side of the candidate the second camera stands: 1 left, -1 right."""
    return 1.0 if np.random.default_rng([seed, 6, clip]).random() < 0.5 else -1.0


def _free_sight(camera: CameraSpec, others: list[PersonSpec]) -> CameraSpec:
    """The camera on the other side, where somebody would stand right before it."""
    x, y, z = camera.at
    if not any(other.at_xy[0] * x > 0 for other in others):
        return camera
    return replace(camera, at=(-x, y, z), target=(-camera.target[0], *camera.target[1:]))


def _moment(rng: Rng, camera: CameraSpec) -> CameraSpec:
    """A camera is touched now and then; whether something moves is new in every moment."""
    x, y, z = (float(v) for v in np.asarray(camera.target) + rng.normal(0, 0.008, 3))
    moving = rng.random() < 0.10
    return replace(
        camera,
        target=(round(x, 4), round(y, 4), round(z, 4)),
        motion_px=round(float(rng.uniform(2, 8) * camera.resolution_wh[0] / 640), 2) if moving else 0.0,
    )


def _seat(rng: Rng) -> tuple[float, float]:
    return round(float(np.clip(rng.normal(0, 0.04), -0.1, 0.1)), 3), round(float(rng.uniform(-0.04, 0.06)), 3)


def _also(act: Act, activity: str) -> None:
    """Now and then something else is going on too, so that no pair of classes excludes each other."""
    rng, candidate = act.rng, act.candidate
    if candidate is None:
        return
    at_head = activity in ("phone_at_ear", "hand_at_ear", "ears_covered", "face_covered")
    if candidate.mask is None and not at_head and rng.random() < 0.06:
        act.person(mask=people.mask(rng, "right"))
    if candidate.earphones is None and not at_head and candidate.headwear == "none" and rng.random() < 0.07:
        kinds: Mapping[Earphone, float] = {"stem": 40, "wired": 20, "over_ear": 30, "headset": 10}
        kind = pick(rng, kinds)
        act.person(earphones=people.earphones(rng, kind))
    if candidate.headwear == "none" and not at_head and rng.random() < 0.03:
        act.person(headwear=pick(rng, {"cap": 60, "beanie": 40}))
    if "phone" not in activity and rng.random() < 0.06:
        act.desk.lay("phone", near=True)
    if not candidate.expression and rng.random() < 0.6:
        act.person(expression=people.CALM[int(rng.integers(len(people.CALM)))])


def _changed(rng: Rng, room: RoomSpec, act: Act, activity: str) -> RoomSpec:
    decor = room.decor
    if act.candidate is None and "clothes_on_chair" not in decor and rng.random() < 0.45:
        decor = (*decor, "clothes_on_chair")
    return replace(
        room,
        decor=decor,
        door_open=room.door_open or activity == "person_in_door",
        second_monitor=act.second_monitor,
    )
