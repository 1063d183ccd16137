"""What a scene is made of, before anything is modelled: plain data, drawn by `plan`, built by `stage`.

World: metres, z up, the floor at z = 0. The candidate sits at the origin and looks along -y, so +x is on their left
and the webcam, above the screen, stands near (0, -0.65, 1.05) and looks along +y.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

Side = Literal["left", "right"]
Sex = Literal["female", "male"]
Hair = Literal["bald", "buzz", "short", "side", "curly", "afro", "bob", "long", "long_tucked", "tied", "bun"]
"""`long` and `bob` fall over the ears, `long_tucked` behind them."""
Beard = Literal["none", "stubble", "moustache", "full"]
Headwear = Literal["none", "headscarf", "cap", "beanie", "hood"]
Glasses = Literal["none", "clear", "dark"]
MaskKind = Literal["surgical", "cloth", "respirator"]
MaskPlace = Literal["right", "under_nose", "chin"]
Earphone = Literal["over_ear", "headset", "stem", "wired"]
Top = Literal["t_shirt", "long_sleeve", "shirt", "hoodie", "blouse"]
Posture = Literal[
    "typing", "writing", "reading", "thinking", "phone_in_hand", "phone_at_ear", "phone_in_lap", "holding_up",
    "hand_at_ear", "ears_covered", "face_covered", "leaning", "back_turned", "standing", "handing_over", "arms_down",
]  # fmt: skip
"""What the body does. `holding_up`: something in the hand, shown to the camera or looked at; `arms_down`: standing
people behind."""
Thing = Literal[
    "phone", "tablet", "book", "paper", "notebook", "earphone_case", "loose_earphones", "loose_headphones", "laptop",
    "monitor", "keyboard", "mouse", "mug", "bottle", "remote", "calculator", "wallet", "power_bank", "glasses_case",
    "pen", "lamp", "plant", "tissue_box",
]  # fmt: skip
THINGS: tuple[str, ...] = get_args(Thing)
Place = Literal["desk", "hand", "ear", "lap", "shelf", "offered"]
"""`offered`: in the hand of the other person, who hands it over."""
Room = Literal["bedroom", "study", "living_room", "office", "kitchen", "dormitory"]
Light = Literal["day", "window", "backlit", "lamp", "dim", "screen", "office"]
"""`window` from the side, `backlit` from behind the candidate, `screen` the monitor alone."""
Decor = Literal["poster_face", "screen_face", "mirror", "picture", "coat", "clothes_on_chair"]
View = Literal["first", "second"]


@dataclass(frozen=True)
class MaskWorn:
    """A mask on a face."""

    kind: MaskKind
    place: MaskPlace
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class EarphonesWorn:
    """Earphones on or in the ears."""

    kind: Earphone
    sides: tuple[Side, ...]
    """Over-ear kinds always have both."""
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class PersonSpec:
    """One person: body, dress, and what they do."""

    code: str
    """Who it is, the same in every frame of theirs: ``D0007``."""
    seed: int
    """Chooses the details of body, face and clothes that are not named here; the same for the same person."""
    sex: Sex
    age: int
    """Years, 18 to 70."""
    build: float
    """0 slim to 1 heavy."""
    height: float
    """0 short to 1 tall."""
    monk_tone: int
    """Skin tone on the Monk scale, 1 (lightest) to 10."""
    ancestry: tuple[float, float, float]
    """Shares of the base mesh's African, Asian and European shapes, adding to 1."""
    face: str
    """Code of the generated portrait that the face's detail comes from."""
    hair: Hair
    hair_colour: tuple[float, float, float]
    """Linear RGB."""
    beard: Beard
    headwear: Headwear
    headwear_colour: tuple[float, float, float]
    glasses: Glasses
    earrings: bool
    hair_clips: bool
    top: Top
    top_colour: tuple[float, float, float]
    mask: MaskWorn | None
    earphones: EarphonesWorn | None
    posture: Posture
    side: Side
    """The hand or direction of the posture."""
    head_yaw_deg: float
    """Positive to their left."""
    head_pitch_deg: float
    """Positive down."""
    head_roll_deg: float
    gaze_yaw_deg: float
    gaze_pitch_deg: float
    expression: tuple[tuple[str, float], ...]
    """Face units and how far, 0 to 1."""
    at_xy: tuple[float, float]
    """Where the seat or the feet are, metres."""
    turned_deg: float
    """About the vertical; 0 faces the desk (-y)."""
    seated: bool


@dataclass(frozen=True)
class ThingSpec:
    """One thing that is not worn."""

    kind: Thing
    place: Place
    seed: int
    colour: tuple[float, float, float]
    at_xy: tuple[float, float]
    """On the desk: metres from the desk's middle, +x to the candidate's left, +y towards them."""
    turned_deg: float
    hand: Side = "right"
    """Which hand holds it, for `hand`, `ear`, `lap` and `offered`."""
    face_down: bool = False
    """A phone's back is up; or, held, towards the camera."""
    lit: bool = True
    """Whether a screen is on."""
    half_hidden: bool = False
    """Partly under paper or behind something else."""


@dataclass(frozen=True)
class RoomSpec:
    """The room and its furniture."""

    seed: int
    kind: Room
    decor: tuple[Decor, ...]
    door_open: bool
    chair: bool
    second_monitor: bool


@dataclass(frozen=True)
class LightSpec:
    """Where the light comes from."""

    kind: Light
    seed: int
    exposure_ev: float


@dataclass(frozen=True)
class CameraSpec:
    """One camera and what it does to a picture."""

    view: View
    hfov_deg: float
    at: tuple[float, float, float]
    """Metres, world."""
    target: tuple[float, float, float]
    roll_deg: float
    resolution_wh: tuple[int, int]
    """Of the frame that is written: 320x240 to 1280x720."""
    noise: float
    """Standard deviation at mid grey, 0 to 0.05."""
    jpeg_quality: int
    blur_px: float
    """Gaussian sigma of the lens, at the written resolution."""
    motion_px: float
    """Length of the motion blur, 0 for none."""
    warmth: float
    """White balance: -1 cold to 1 warm."""
    covered: float
    """Share of the lens that something covers, 0 to 1."""
    look: Literal["AgX", "Standard", "Filmic"]


@dataclass(frozen=True)
class SceneSpec:
    """One moment of one exam, seen by two cameras."""

    index: int
    seed: int
    activity: str
    """The plan's word for what is going on."""
    clip: str
    candidate: PersonSpec | None
    """None: the seat is empty."""
    others: tuple[PersonSpec, ...]
    things: tuple[ThingSpec, ...]
    room: RoomSpec
    light: LightSpec
    cameras: tuple[CameraSpec, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data; `scene_from_json` reads it back."""
        return asdict(self)


def scene_from_json(raw: dict[str, Any]) -> SceneSpec:
    """The scene that `SceneSpec.as_json` wrote."""
    people = [_person(raw["candidate"])] if raw["candidate"] else []
    return SceneSpec(
        **{name: raw[name] for name in ("index", "seed", "activity", "clip")},
        candidate=people[0] if people else None,
        others=tuple(_person(other) for other in raw["others"]),
        things=tuple(_of(ThingSpec, thing) for thing in raw["things"]),
        room=_of(RoomSpec, raw["room"]),
        light=_of(LightSpec, raw["light"]),
        cameras=tuple(_of(CameraSpec, camera) for camera in raw["cameras"]),
    )


def _person(raw: dict[str, Any]) -> PersonSpec:
    mask, earphones = raw["mask"], raw["earphones"]
    worn = {
        "mask": _of(MaskWorn, mask) if mask else None,
        "earphones": _of(EarphonesWorn, earphones) if earphones else None,
        "expression": tuple((str(name), float(amount)) for name, amount in raw["expression"]),
    }
    made: PersonSpec = _of(PersonSpec, raw | worn)
    return made


def _of(kind: type[Any], raw: dict[str, Any]) -> Any:
    """A dataclass from plain data; lists become the tuples they were."""
    names = {field.name for field in fields(kind)}
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in raw.items() if name in names})
