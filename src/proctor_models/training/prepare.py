"""From a recipe and a manifest to what Lightning's trainer takes: a module and two loaders."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import cv2
import torch
from torch import Tensor
from torch.utils.data import DataLoader, WeightedRandomSampler, get_worker_info

from proctor_models.config import Recipe, expand
from proctor_models.config_nets import HeadNet as HeadRecipe
from proctor_models.config_nets import Net, soup_of
from proctor_models.config_nets import OutlineNet as OutlineRecipe
from proctor_models.config_nets import SceneNet as SceneRecipe
from proctor_models.config_nets import ThingNet as ThingRecipe
from proctor_models.data.frames import (
    HeadCrops,
    HeadLabel,
    SceneFrames,
    Taught,
    collate_scene,
    head_labels,
    known_attributes,
    repeated,
)
from proctor_models.data.manifest import BoxLabel, Manifest
from proctor_models.data.mosaic import Mosaics
from proctor_models.data.things import ThingCrops, ThingLabel, thing_labels, thing_weights
from proctor_models.errors import CheckpointError, DataError
from proctor_models.nets.checkpoint import CHECKPOINT_FILE, AnyNet, check_blend, load_net
from proctor_models.nets.head import HeadNet
from proctor_models.nets.scene import COCO_ROWS, SceneNet
from proctor_models.nets.thing import ThingNet
from proctor_models.nets.trunk import IMAGENET_MEAN, IMAGENET_STD
from proctor_models.runtime.spec import NetSpec
from proctor_models.training.head import HeadModule
from proctor_models.training.proposals import Proposals, propose
from proctor_models.training.record import people_trained_on
from proctor_models.training.scene import SceneModule
from proctor_models.training.teacher import FaceTeacher, find_heads, load_taught, save_taught, teach
from proctor_models.training.thing import ThingModule
from proctor_models.types import HEAD_ATTRIBUTES, OUTLINE_CLASSES, SCENE_CLASSES, THING_CLASSES, NetName

_TAUGHT_FILE = "taught.json"
_PAD = 114
NAMES: dict[NetName, tuple[str, ...]] = {
    "scene": SCENE_CLASSES,
    "head": HEAD_ATTRIBUTES,
    "thing": THING_CLASSES,
    "outline": OUTLINE_CLASSES,
}
"""What each net draws or says."""


@dataclass(frozen=True)
class Prepared:
    """All that a fit needs."""

    module: SceneModule | HeadModule | ThingModule
    train: DataLoader[Any]
    val: DataLoader[Any]
    counts: dict[str, int]
    """Frames or crops on each side, for the record."""
    people: dict[str, list[str]] = field(default_factory=dict)
    """Whose frames the net learns from, for the record; see `people_trained_on`."""
    start: dict[str, Tensor] = field(default_factory=dict)
    """Weights the net starts from, where a share of them is kept."""
    start_share: float = 0.0


def prepare(recipe: Recipe, net: NetName, manifest: Manifest, version: str, keep: Path) -> Prepared:
    """The module with its starting weights, and loaders over both sides of the split.

    Args:
        recipe: what to do.
        net: which net.
        manifest: all frames, with their sides.
        version: hash of the dataset version.
        keep: folder where what a teacher said is kept for a resumed run.
    """
    soup = soup_folders(recipe, net)
    how = {"scene": _prepare_scene, "head": _prepare_head, "thing": _prepare_thing}
    prepared = how[net](recipe, manifest, version, keep)
    check_blend(prepared.module.spec, soup)
    init = recipe.plan(net).init
    start = start_file(recipe, init) if init else None
    ancestors = {str(folder): folder for folder in soup}
    if start is not None and start.name == CHECKPOINT_FILE:
        ancestors[init] = start.parent
    return replace(prepared, people=people_trained_on(manifest, ancestors))


def soup_folders(recipe: Recipe, net: NetName) -> dict[Path, float]:
    """Folders of the recipe's `soup` with their shares, environment variables filled in.

    Raises:
        ConfigError: an environment variable is not set.
        CheckpointError: no checkpoint there.
    """
    return {start_file(recipe, path).parent: share for path, share in soup_of(recipe.plan(net)).items()}


def _loader(
    dataset: SceneFrames | Mosaics | HeadCrops | ThingCrops,
    plan: Net,
    *,
    train: bool,
    collate: Any = None,
    weights: list[float] | None = None,
) -> DataLoader[Any]:
    sampler = None if weights is None else WeightedRandomSampler(weights, len(weights))
    return DataLoader(
        dataset,
        batch_size=plan.batch,
        shuffle=train and sampler is None,
        sampler=sampler,
        drop_last=train and len(dataset) > plan.batch,
        num_workers=plan.workers,
        collate_fn=collate,
        persistent_workers=plan.workers > 0,
        worker_init_fn=_own_randomness,
    )


def _own_randomness(_worker: int) -> None:
    """Give each loader process an augmentation of its own; they would all draw alike from the recipe's seed.

    It has one thread: the others belong to the training step.
    """
    cv2.setNumThreads(1)
    info = get_worker_info()
    augment = getattr(info.dataset, "augment", None) if info else None
    if augment is not None:
        augment.set_random_seed(torch.initial_seed() % 2**32)


def spec_of(recipe: Recipe, net: NetName, version: str) -> NetSpec:
    """All that running a net of the recipe depends on; `version` is that of the data it learns from."""
    plan = recipe.plan(net)
    yolo = isinstance(plan, SceneRecipe | OutlineRecipe)
    size, scale, least = recipe.scene.resolution_wh, 0.0, 0
    if not isinstance(plan, SceneRecipe):
        size, scale = (plan.resolution_px,) * 2, plan.crop_scale
        least = plan.min_face_px if isinstance(plan, HeadRecipe) else plan.min_side_px
    return NetSpec(
        net=net,
        version=recipe.pack.version,
        resolution_wh=size,
        names=NAMES[net],
        mean=(0.0, 0.0, 0.0) if yolo else IMAGENET_MEAN,
        std=(1.0, 1.0, 1.0) if yolo else IMAGENET_STD,
        pad_value=_PAD,
        crop_scale=scale,
        min_face_px=least,
        nms_iou=recipe.scene.nms_iou if net == "scene" else 0.0,
        min_score=0.0 if isinstance(plan, HeadRecipe | ThingRecipe) else plan.min_score,
        thresholds=recipe.thresholds,
        data_version=version,
        recipe=f"{recipe.name}@{recipe.sha256}",
    )


def start_file(recipe: Recipe, init: str) -> Path:
    """The file a net starts from: base weights in `weights`, or one of our own checkpoints.

    Raises:
        ConfigError: an environment variable is not set.
        CheckpointError: no such file.
    """
    place = expand(init, "init")
    path = expand(recipe.weights, "weights") / place if place.suffix in (".pt", ".pth") else place / CHECKPOINT_FILE
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file to start from; `make data` brings ours, `weights` names a folder")
    return path


def _start(recipe: Recipe, plan: Net, net: AnyNet, spec: NetSpec) -> frozenset[str]:
    """Give the net its starting weights; returns the classes it knows from them."""
    if not plan.init:
        return frozenset()
    base = start_file(recipe, plan.init)
    if base.name == CHECKPOINT_FILE:
        started, known = load_net(base.parent)
        if isinstance(net, SceneNet) and isinstance(started, SceneNet) and set(known.names) < set(spec.names):
            net.load_fewer(started)  # a class was added since
            return frozenset(known.names)
        if known.names != spec.names:
            raise CheckpointError(f"{base}: names: expected {spec.names}, got {known.names}; start from base weights")
        # A head net from before the map gives all that it has: the map starts untrained.
        own = {key: value for key, value in net.state_dict().items() if key.startswith("map.")}
        net.load_state_dict({**own, **started.state_dict()})
        return frozenset(spec.names)
    if isinstance(net, SceneNet):
        net.load_coco(base)
        return frozenset(COCO_ROWS)
    net.load_imagenet(base)
    return frozenset()


def _prepare_scene(recipe: Recipe, manifest: Manifest, version: str, keep: Path) -> Prepared:
    plan, spec = recipe.scene, spec_of(recipe, "scene", version)
    net = SceneNet(spec.names)
    knows = _start(recipe, plan, net, spec)
    train, val = _assume(manifest.of("train"), plan.assume_absent), manifest.of("val")
    taught: dict[str, Taught] = {}
    if knows and (keep / _TAUGHT_FILE).is_file():
        taught = load_taught(keep / _TAUGHT_FILE)
    elif knows:
        taught = teach(net.eval(), train, spec, knows, plan.teach_from, plan.teach_doubt)
        save_taught(keep / _TAUGHT_FILE, taught)
    train_data = SceneFrames(train, spec, taught, plan.repeat, augment_seed=recipe.seed, paste=plan.paste)
    shown = Mosaics(train_data, plan.mosaic) if plan.mosaic else train_data
    return Prepared(
        SceneModule(net, plan, spec),
        _loader(shown, plan, train=True, collate=collate_scene),
        _loader(SceneFrames(val, spec), plan, train=False, collate=collate_scene),
        {"train_frames": len(train), "shown_an_epoch": len(train_data), "val_frames": len(val)},
    )


def _assume(manifest: Manifest, absent: dict[str, tuple[str, ...]]) -> Manifest:
    """Frames of the sources named, as if they labelled those classes too."""
    return manifest.with_frames(
        f.model_copy(update={"labelled": tuple(dict.fromkeys((*f.labelled, *absent.get(f.source, ()))))})
        for f in manifest
    )


def _crops(manifest: Manifest, plan: HeadRecipe, heads: dict[str, list[BoxLabel]], *, train: bool) -> list[HeadLabel]:
    frames = repeated(manifest, plan.repeat) if train else list(manifest)
    found = [h for f in frames for h in head_labels(f, plan.min_face_px, plan.crop_scale, heads.get(f.id, ()))]
    return known_attributes(found)


def _prepare_head(recipe: Recipe, manifest: Manifest, version: str, _keep: Path) -> Prepared:
    plan, spec = recipe.head, spec_of(recipe, "head", version)
    net = HeadNet(spec.names)
    _start(recipe, plan, net, spec)
    heads: dict[str, list[BoxLabel]] = {}
    if plan.face_teacher:
        teacher = FaceTeacher(expand(recipe.weights, "weights") / plan.face_teacher)
        heads = find_heads(teacher, manifest)
    train = _assume(manifest.of("train"), plan.assume_absent)
    sides = {
        "train": _crops(train, plan, heads, train=True),
        "val": _crops(manifest.of("val"), plan, heads, train=False),
    }
    for side, crops in sides.items():
        if not crops:
            raise DataError(
                f"side {side!r} of the split has no head of {plan.min_face_px} px or more; change the split"
            )
    train_data = HeadCrops(manifest, sides["train"], spec, augment_seed=recipe.seed)
    judged = tuple(n for n in spec.names if len({h.attributes[n] for h in sides["val"] if n in h.attributes}) == 2)
    return Prepared(
        HeadModule(net, plan, spec, judged),
        _loader(train_data, plan, train=True),
        _loader(HeadCrops(manifest, sides["val"], spec), plan, train=False),
        {"train_crops": len(train_data), "val_crops": len(sides["val"])},
    )


def _prepare_thing(recipe: Recipe, manifest: Manifest, version: str, keep: Path) -> Prepared:
    plan, spec = cast("ThingRecipe", recipe.plan("thing")), spec_of(recipe, "thing", version)
    net = ThingNet(spec.names)
    _start(recipe, plan, net, spec)
    proposals: Proposals = {}
    if plan.proposals:
        checkpoint = start_file(recipe, plan.proposals).parent
        asked = manifest.with_frames((*manifest.of("train"), *manifest.of("val")))
        proposals = propose(checkpoint, asked, spec.names, keep)
    sides: dict[str, list[ThingLabel]] = {}
    for side in ("train", "val"):
        frames = _assume(manifest.of(side), plan.assume_absent if side == "train" else {})
        sides[side] = [
            thing
            for frame in frames
            for thing in thing_labels(frame, spec.names, plan.min_side_px, proposals.get(frame.id, ()))
        ]
        if {any(thing.is_of.values()) for thing in sides[side]} != {True, False}:
            raise DataError(
                f"side {side!r} of the split: expected things that are {spec.names} and others; split again"
            )
    train_data = ThingCrops(manifest, sides["train"], spec, augment_seed=recipe.seed)
    weights = thing_weights(sides["train"], plan.repeat)
    return Prepared(
        ThingModule(net, plan, spec),
        _loader(train_data, plan, train=True, weights=weights),
        _loader(ThingCrops(manifest, sides["val"], spec), plan, train=False),
        {"train_crops": len(train_data), "val_crops": len(sides["val"])},
        start={key: value.clone() for key, value in net.state_dict().items()} if plan.start_share else {},
        start_share=plan.start_share,
    )
