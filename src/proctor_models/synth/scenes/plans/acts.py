"""What happens in a scene: each activity as a change to the candidate, with what is held, lies or stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from proctor_models.synth.scenes.plans import people_plan as people
from proctor_models.synth.scenes.plans.desk_plan import HARD, Desk, thing
from proctor_models.synth.scenes.plans.people_plan import Rng
from proctor_models.synth.scenes.plans.spec import (
    Earphone,
    Hair,
    Headwear,
    MaskPlace,
    PersonSpec,
    Place,
    Posture,
    Thing,
    ThingSpec,
)
from proctor_models.synth.scenes.plans.visitors import visitor

# Activity to how often it comes among `sum` scenes.
SHARES: Mapping[str, int] = {
    "typing": 9, "writing": 6, "thinking": 6, "resting": 4,
    "phone_in_hand": 8, "phone_at_ear": 4, "phone_on_desk": 4, "phone_in_lap": 4, "phone_half_hidden": 3,
    "phone_shown": 3,
    "earbuds": 5, "wired_earphones": 3, "headphones": 4, "headset": 2, "loose_earphones": 2,
    "mask": 5, "mask_under_nose": 3, "mask_on_chin": 3,
    "hat": 4,
    "book_on_desk": 3, "book_in_hand": 2, "paper": 3, "notebook": 2,
    "tablet": 2, "second_monitor": 2,
    "person_beside": 3, "person_behind": 3, "person_in_door": 2, "handing_over": 2,
    "empty_seat": 7,
    "leaning": 3, "back_turned": 3, "ears_covered": 2, "face_covered": 2,
    "other_in_hand": 9, "hand_at_ear": 4,
    "lens_covered": 2, "dark": 1,
}  # fmt: skip
EARS_FREE: Mapping[Hair, Hair] = {"long": "long_tucked", "bob": "tied"}


@dataclass
class Act:
    """A scene in the making."""

    rng: Rng
    candidate: PersonSpec | None
    desk: Desk
    clip: int
    """Number of the clip, for the codes of those who come in."""
    others: list[PersonSpec] = field(default_factory=list)
    held: list[ThingSpec] = field(default_factory=list)
    second_monitor: bool = False

    def person(self, **changes: Any) -> None:
        """Change the candidate."""
        if self.candidate is not None:
            self.candidate = replace(self.candidate, **changes)

    def hold(self, kind: Thing, place: Place, **how: Any) -> None:
        """Put a thing into the candidate's busy hand, at the ear or into the lap."""
        if self.candidate is not None:
            self.held.append(thing(self.rng, kind, place=place, hand=self.candidate.side, **how))

    def look(self, yaw: float, pitch: float, spread: float = 7.0) -> None:
        """Turn head and eyes, degrees: positive to their left and down."""
        rng = self.rng
        away, down = rng.normal(yaw, spread), rng.normal(pitch, spread * 0.6)
        self.person(
            head_yaw_deg=round(float(away), 2),
            head_pitch_deg=round(float(down), 2),
            head_roll_deg=round(float(rng.normal(0, 3)), 2),
            gaze_yaw_deg=round(float(rng.normal(0.15 * away, 5)), 2),
            gaze_pitch_deg=round(float(rng.normal(0.3 * down, 3)), 2),
        )

    def toward(self) -> float:
        """1 or -1: the sign of turning to the busy side."""
        return 1.0 if self.candidate is not None and self.candidate.side == "left" else -1.0


def perform(act: Act, activity: str) -> None:
    """Let the activity happen in the scene."""
    DEEDS[activity](act)


def bare_ears(act: Act) -> None:
    """Put hair and headscarf where they leave the ears free."""
    if act.candidate is not None:
        hair = act.candidate.hair
        free = act.candidate.headwear != "headscarf"
        act.person(hair=EARS_FREE.get(hair, hair), headwear=act.candidate.headwear if free else "none")


def _posed(posture: Posture, yaw: float = 0, pitch: float = 6, spread: float = 7) -> Callable[[Act], None]:
    def deed(act: Act) -> None:
        act.person(posture=posture)
        act.look(act.toward() * yaw, pitch, spread)

    return deed


def _phone_in_hand(act: Act) -> None:
    act.person(posture="phone_in_hand")
    act.look(act.toward() * 8, 15)
    act.hold("phone", "hand")


def _phone_at_ear(act: Act) -> None:
    act.person(posture="phone_at_ear", expression=people.TALKING)
    act.look(0, 4)
    act.hold("phone", "ear")


def _phone_on_desk(act: Act) -> None:
    act.person(posture="writing" if act.rng.random() < 0.3 else "typing")
    act.look(act.toward() * 12, 14, 9)
    act.desk.lay("phone", near=True, face_down=bool(act.rng.random() < 0.3))


def _phone_in_lap(act: Act) -> None:
    act.person(posture="phone_in_lap")
    act.look(act.toward() * 5, 24)
    act.hold("phone", "lap")


def _phone_half_hidden(act: Act) -> None:
    """Under the edge of a sheet or a notebook."""
    act.person(posture="writing")
    act.look(act.toward() * 10, 15)
    phone = act.desk.lay("phone", near=True, half_hidden=True)
    if phone is not None:
        x, y = phone.at_xy
        cover: Thing = "paper" if act.rng.random() < 0.6 else "notebook"
        aside = 1 if x > 0 else -1
        shift = float(act.rng.uniform(0.10, 0.14))
        act.desk.put(cover, x + aside * shift, y - 0.05, turned_deg=float(act.rng.normal(0, 15)), half_hidden=True)


def _phone_shown(act: Act) -> None:
    act.person(posture="holding_up")
    act.look(0, 3)
    act.hold("phone", "hand", face_down=bool(act.rng.random() < 0.4))


def _wears(kind: Earphone) -> Callable[[Act], None]:
    def deed(act: Act) -> None:
        calm(act)
        if kind != "over_ear" or act.rng.random() < 0.5:
            bare_ears(act)
        act.person(earphones=people.earphones(act.rng, kind))
        if kind == "headset":
            act.person(expression=people.TALKING)

    return deed


def _loose_earphones(act: Act) -> None:
    calm(act)
    act.desk.lay("loose_headphones" if act.rng.random() < 0.5 else "loose_earphones", near=True)


def _masked(place: MaskPlace) -> Callable[[Act], None]:
    def deed(act: Act) -> None:
        calm(act)
        act.person(mask=people.mask(act.rng, place))

    return deed


def _hat(act: Act) -> None:
    calm(act)
    kind: Headwear = people.headwear(act.rng)
    act.person(headwear=kind, top="hoodie" if kind == "hood" and act.candidate is not None else _top(act))


def _top(act: Act) -> Any:
    return act.candidate.top if act.candidate is not None else "t_shirt"


def _on_desk(kind: Thing, posture: Posture) -> Callable[[Act], None]:
    """Read or written on: in front of the candidate, a little to the side."""

    def deed(act: Act) -> None:
        act.person(posture=posture)
        act.look(act.toward() * 12, 20)
        x = act.toward() * float(act.rng.uniform(0.16, 0.34))
        turned = float(act.rng.normal(0, 8))
        act.desk.put(kind, x, float(act.rng.uniform(0.10, 0.18)), turned_deg=turned, lit=True)

    return deed


def _book_in_hand(act: Act) -> None:
    act.person(posture="holding_up")
    act.look(act.toward() * 6, 10)
    act.hold("book" if act.rng.random() < 0.6 else "paper", "hand", face_down=False)


def _second_monitor(act: Act) -> None:
    act.second_monitor = True
    act.person(posture="typing")
    act.look(act.toward() * 38, 4)


def _comes_in(where: str) -> Callable[[Act], None]:
    def deed(act: Act) -> None:
        calm(act)
        act.others.append(visitor(act.rng, f"V{act.clip:04d}", where))
        if act.rng.random() < 0.5:
            act.look(35 if act.others[0].at_xy[0] > 0 else -35, 0)
        if where == "handing_over":
            kind: Thing = "paper" if act.rng.random() < 0.5 else ("phone" if act.rng.random() < 0.6 else "notebook")
            hand = act.others[0].side
            act.held.append(thing(act.rng, kind, place="offered", hand=hand))

    return deed


def _empty(act: Act) -> None:
    act.candidate = None
    if act.rng.random() < 0.35:
        act.desk.lay("phone" if act.rng.random() < 0.5 else "paper", near=True)


def _other_in_hand(act: Act) -> None:
    kind = people.pick(act.rng, HARD)
    how = act.rng.random()
    if how < 0.2 and kind in ("remote", "wallet", "calculator", "glasses_case", "power_bank"):
        act.person(posture="phone_at_ear")
        act.look(0, 4)
        act.hold(kind, "ear")
        return
    act.person(posture="phone_in_hand" if how < 0.6 else "holding_up")
    act.look(act.toward() * 8, 10)
    act.hold(kind, "hand")


def calm(act: Act) -> None:
    """Type, write or think."""
    likely: Mapping[Posture, float] = {"typing": 50, "writing": 20, "thinking": 18, "reading": 12}
    posture = people.pick(act.rng, likely)
    act.person(posture=posture, expression=people.CALM[int(act.rng.integers(len(people.CALM)))])
    act.look(0, 14 if posture in ("writing", "reading") else 5, 9)


DEEDS: Mapping[str, Callable[[Act], None]] = {
    "typing": _posed("typing", 0, 6, 9),
    "writing": _posed("writing", 8, 20, 7),
    "thinking": _posed("thinking", 5, 2, 12),
    "resting": _posed("reading", 0, 4, 12),
    "phone_in_hand": _phone_in_hand,
    "phone_at_ear": _phone_at_ear,
    "phone_on_desk": _phone_on_desk,
    "phone_in_lap": _phone_in_lap,
    "phone_half_hidden": _phone_half_hidden,
    "phone_shown": _phone_shown,
    "earbuds": _wears("stem"),
    "wired_earphones": _wears("wired"),
    "headphones": _wears("over_ear"),
    "headset": _wears("headset"),
    "loose_earphones": _loose_earphones,
    "mask": _masked("right"),
    "mask_under_nose": _masked("under_nose"),
    "mask_on_chin": _masked("chin"),
    "hat": _hat,
    "book_on_desk": _on_desk("book", "reading"),
    "book_in_hand": _book_in_hand,
    "paper": _on_desk("paper", "writing"),
    "notebook": _on_desk("notebook", "writing"),
    "tablet": _on_desk("tablet", "reading"),
    "second_monitor": _second_monitor,
    "person_beside": _comes_in("beside"),
    "person_behind": _comes_in("behind"),
    "person_in_door": _comes_in("door"),
    "handing_over": _comes_in("handing_over"),
    "empty_seat": _empty,
    "leaning": _posed("leaning", 10, 5, 8),
    "back_turned": _posed("back_turned", 20, 5, 10),
    "ears_covered": _posed("ears_covered", 0, 10),
    "face_covered": _posed("face_covered", 0, 10),
    "other_in_hand": _other_in_hand,
    "hand_at_ear": _posed("hand_at_ear", 6, 4),
    "lens_covered": calm,
    "dark": calm,
}
