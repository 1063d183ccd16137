"""`proctor curate open`: one dataset version in FiftyOne, with what a pack sees in it, on this machine only."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from proctor_models.curation.database import ADDRESS, STORE, app_on, check_port, fiftyone_in
from proctor_models.curation.looks import Look, Nets, look_at
from proctor_models.curation.samples import LABELS, Extras, labelled_of, samples
from proctor_models.curation.similarity import near_groups, plane, standardised, uniqueness
from proctor_models.curation.suspicion import judge
from proctor_models.curation.views import arrange, save_views
from proctor_models.data.manifest import Manifest, data_version
from proctor_models.errors import DataError
from proctor_models.types import SCENE_CLASSES

NEAR_BITS = 4
"""Frames whose perceptual hashes differ in at most this many of 64 bits look the same; as `split` takes it."""
MAP, ALIKE = "map", "alike"
"""Brain keys: the map of the Embeddings panel, and the index behind "sort by similarity"."""
_BATCH = 500  # samples added between two lines of progress


@dataclass(frozen=True)
class Opened:
    """What was opened."""

    name: str
    """Of the FiftyOne dataset."""
    frames: int
    views: dict[str, int]
    """Frames by saved view; empty where it was opened as it was left."""


def open_dataset(
    data: Path,
    nets: Nets | None = None,
    name: str = "",
    port: int | None = 5151,
    fresh: bool = False,
    store: Path = STORE,
) -> Opened:
    """Load the dataset in `data` into FiftyOne and, unless `port` is None, serve the app until interrupted.

    A dataset of that name that holds the same version, seen by the same nets, is opened as it was left.

    Args:
        data: folder with a manifest.
        nets: what looks at every frame; None shows labels, slices and near-duplicates alone.
        name: of the FiftyOne dataset; empty makes one of the folder's name and its parent's.
        port: of the app on 127.0.0.1.
        fresh: load anew and throw away what was decided in the app.
        store: folder of all that FiftyOne keeps.

    Raises:
        DataError: no manifest; an image is missing; the port is taken; or the dataset of that name holds decisions
            that were not saved and is not this version.
    """
    manifest = Manifest.load(data)
    if not len(manifest):
        raise DataError(f"{data}: expected frames, got a manifest without any")
    _check_images(manifest)
    if port is not None:
        check_port(port)  # before minutes of looking
    name = name or default_name(data)
    version = {"data_version": data_version(data), "nets": nets.key if nets else ""}
    with fiftyone_in(store) as fo:
        dataset = _as_left(fo, name, version, fresh)
        views: dict[str, int] = {}
        if dataset is None:
            extras = _extras(manifest, nets, store)
            dataset, views = _load(fo, name, manifest, extras, version)
        opened = Opened(name, len(dataset), views)
        if port is not None:
            _serve(name, port, store)
    return opened


def default_name(data: Path) -> str:
    """Name of the FiftyOne dataset for a folder.

    >>> default_name(Path("data/demo/split"))
    'demo-split'
    """
    return "-".join(part for part in data.absolute().parts[-2:] if part != "/")


def mark(dataset: Any) -> str:
    """Changes whenever a frame, a label or a tag of the dataset does, or a frame is deleted."""
    return f"{len(dataset)} frames, {dataset.max('last_modified_at')}"


def _as_left(fo: Any, name: str, version: dict[str, str], fresh: bool) -> Any:
    """The dataset of that name if it is this version; None, and nothing left of it, where it must be loaded."""
    if not fo.dataset_exists(name):
        return None
    dataset = fo.load_dataset(name)
    kept = dict(dataset.info)
    if not fresh and version.items() <= kept.items():
        _say(f"{name}: opened as it was left; --fresh loads it anew")
        return dataset
    if not fresh and "mark" in kept and kept["mark"] != mark(dataset):
        raise DataError(
            f"dataset {name}: holds decisions that were not saved, of another version of the data or seen by other "
            "nets; save them with `proctor curate save` on that version, or open with another --name, or with --fresh "
            "to throw them away"
        )
    fo.delete_dataset(name)
    return None


def _extras(manifest: Manifest, nets: Nets | None, store: Path) -> list[Extras]:
    alike = near_groups([frame.phash for frame in manifest], NEAR_BITS)
    if nets is None:
        return [Extras(like=like) for like in alike]
    _say(f"looking at {len(manifest)} frames with {nets.name}")
    looks = look_at(manifest, nets, store / "looks")
    judged = judge(
        [(labelled_of(frame), look.found) for frame, look in zip(manifest, looks, strict=True)], nets.thresholds
    )
    lonely = uniqueness(_embeddings(looks))
    return [
        Extras(look, judgement, float(unique), like)
        for look, judgement, unique, like in zip(looks, judged, lonely, alike, strict=True)
    ]


def _embeddings(looks: Sequence[Look]) -> Any:
    return standardised(np.stack([look.embedding for look in looks]))


def _load(
    fo: Any, name: str, manifest: Manifest, extras: Sequence[Extras], version: dict[str, str]
) -> tuple[Any, dict[str, int]]:
    """A new dataset; it counts as loaded only when `info` is written, at the very end."""
    dataset = fo.Dataset(name, persistent=True)
    batch: list[Any] = []
    for done, sample in enumerate(samples(fo, manifest, extras), start=1):
        batch.append(sample)
        if len(batch) == _BATCH or done == len(manifest):
            dataset.add_samples(batch, dynamic=True, progress=False)
            batch = []
            _say(f"loaded {done} of {len(manifest)} frames")
    looks = [extra.look for extra in extras if extra.look]
    if looks:
        _index(dataset, _embeddings(looks))
    _let_labels_be_edited(dataset)
    arrange(fo, dataset)
    views = save_views(fo, dataset, manifest, looked=bool(looks))
    dataset.info = {**version, "mark": mark(dataset)}
    dataset.save()
    return dataset, views


def _index(dataset: Any, embeddings: Any) -> None:
    """The map for the Embeddings panel and the index for "sort by similarity", from our own embeddings."""
    import fiftyone.brain as fob

    _say("map and similarity index")
    fob.compute_visualization(dataset, points=plane(embeddings), brain_key=MAP, progress=False)
    fob.compute_similarity(dataset, embeddings=embeddings, brain_key=ALIKE, backend="sklearn", progress=False)


def _let_labels_be_edited(dataset: Any) -> None:
    """The form of the app's Annotate tab: our classes to choose from, and what we wrote not to be changed."""
    schema = dataset.generate_label_schemas(fields=[LABELS], scan_samples=True)
    schema[LABELS] |= {"classes": list(SCENE_CLASSES), "component": "dropdown"}
    for attribute in schema[LABELS]["attributes"]:
        if attribute["name"] in ("was", "outcome", "suspect", "suspicion"):
            attribute["read_only"] = True
    dataset.set_label_schemas(schema)
    dataset.activate_label_schemas([LABELS])


def _serve(name: str, port: int, store: Path) -> None:
    with app_on(store, port):
        _say(f"open http://{ADDRESS}:{port}/datasets/{name} in a browser; Ctrl-C closes, decisions stay")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            _say(f"closed; `proctor curate save --name {name}` writes what was decided")


def _check_images(manifest: Manifest) -> None:
    missing = [path for frame in manifest if not (path := manifest.image_path(frame)).is_file()]
    if missing:
        raise DataError(
            f"{missing[0]}: no such image ({len(missing)} of {len(manifest)} are missing); "
            "bring them back, or run the stage that writes them (see `dvc dag`)"
        )


def _say(text: str) -> None:
    print(f"curate: {text}", file=sys.stderr, flush=True)
