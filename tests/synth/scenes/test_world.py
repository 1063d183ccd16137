"""Rooms, light and things in Blender, where there is one: one process builds many and tells what it made."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PYTHON = Path(os.environ.get("PROCTOR_SYNTH_PYTHON") or ROOT / ".venv-synth" / "bin" / "python")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.is_file(), reason="no .venv-synth: `make synth-env` makes it"),
]

CODE = """
import json, sys
import bpy, mathutils
import numpy as np
from typing import get_args
from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.world import lights, rooms, things
from proctor_models.synth.scenes.plans.spec import Light, LightSpec, Room, RoomSpec, Thing, ThingSpec

def box(objects):
    bpy.context.view_layer.update()
    points = [o.matrix_world @ v.co for o in objects for v in o.data.vertices]
    return np.min(points, 0).tolist(), np.max(points, 0).tolist()

def digest(objects):
    return [round(float(v), 7) for o in objects for v in box([o])[0] + box([o])[1]]

def room(kind, light, seed):
    blend.reset()
    decor = ("coat", "mirror", "screen_face", "clothes_on_chair")
    made = rooms.build_room(RoomSpec(seed, kind, decor, True, True, True), LightSpec(light, seed, 0.0))
    lights.build_light(LightSpec(light, seed, 0.0), made)
    bpy.context.view_layer.update()
    graph, open_ways = bpy.context.evaluated_depsgraph_get(), 0
    for way in np.random.default_rng(0).normal(size=(300, 3)):
        hit = bpy.context.scene.ray_cast(graph, mathutils.Vector((0, -0.1, 1.6)), mathutils.Vector(way).normalized())
        open_ways += not hit[0]
    return {
        "labels": [t.label for t in made.tagged], "open_ways": open_ways, "windows": len(made.windows),
        "desk": [c.tolist() for c in made.desk], "bounds": [c.tolist() for c in made.bounds],
        "digest": [digest(t.objects) for t in made.tagged],
        "lamps": sum(o.type == "LIGHT" for o in bpy.data.objects),
    }

def thing(kind, seed, face_down):
    spec = ThingSpec(kind, "desk", seed, (0.2, 0.3, 0.4), (0, 0), 0, face_down=face_down)
    made = things.make_thing(spec)
    low, high = box(made.objects)
    return {"label": made.label, "low": low, "high": high, "size": things.resting_size(spec), **made.attributes}

told = {"rooms": {}, "things": {}}
for n, (kind, light) in enumerate(zip(get_args(Room) + ("study",), get_args(Light))):
    told["rooms"][f"{kind} {light}"] = room(kind, light, n + 3)
told["again"] = room("bedroom", "day", 3)
blend.reset()
for kind in get_args(Thing):
    told["things"][kind] = [thing(kind, seed, seed % 2 == 1) for seed in range(6)]
print("TOLD" + json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> Any:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    run = subprocess.run(
        [str(PYTHON), "-c", CODE], capture_output=True, text=True, check=False, env=environment, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr
    line = next(line for line in run.stdout.splitlines() if line.startswith("TOLD"))
    return json.loads(line[4:])


def test_build_room__is_closed_on_all_sides(told: Any) -> None:
    assert len(told["rooms"]) == 7
    assert {name: room["open_ways"] for name, room in told["rooms"].items()} == dict.fromkeys(told["rooms"], 0)


def test_build_room__has_what_was_asked_for(told: Any) -> None:
    for room in told["rooms"].values():
        assert {"room", "desk", "chair", "coat", "mirror", "clothes_on_chair", "door", "window"} <= set(room["labels"])
        assert room["labels"].count("screen") >= 2  # the face on a screen, the second monitor
        assert room["lamps"] >= 1
        assert room["desk"][1][2] == pytest.approx(0.73)


def test_build_room__same_seed_same_room(told: Any) -> None:
    assert told["again"] == told["rooms"]["bedroom day"]


def test_make_thing__rests_on_the_desk_about_the_origin(told: Any) -> None:
    for kind, made in told["things"].items():
        for thing in made:
            assert thing["low"][2] == pytest.approx(0, abs=0.006), kind
            assert abs(thing["low"][0] + thing["high"][0]) < 0.08, kind


def test_make_thing__a_phone_is_no_larger_than_its_size_and_case(told: Any) -> None:
    for phone in told["things"]["phone"]:
        assert phone["label"] == "phone"
        for axis in (0, 1):
            grown = phone["high"][axis] - phone["low"][axis] - phone["size"][axis]
            assert -0.001 <= grown < 0.008


def test_make_thing__labels_are_our_classes_where_there_is_one(told: Any) -> None:
    labels = {kind: made[0]["label"] for kind, made in told["things"].items()}
    assert labels["monitor"] == "screen"
    assert labels["mug"] == "cup"
    assert {labels[kind] for kind in ("book", "paper", "notebook")} == {"book_paper"}
    assert {labels[kind] for kind in ("loose_earphones", "loose_headphones")} == {"earphone"}
    assert labels["remote"] == "remote"
    worn = {thing["worn"] for kind in ("loose_earphones", "loose_headphones") for thing in told["things"][kind]}
    assert worn == {False}
