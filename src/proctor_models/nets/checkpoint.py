"""Our own checkpoints: a folder with one `model.ckpt`, tensors and plain values only."""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from proctor_models.errors import CheckpointError, ModelError
from proctor_models.files import write_bytes
from proctor_models.nets.head import HeadNet
from proctor_models.nets.scene import SceneNet
from proctor_models.nets.thing import ThingNet
from proctor_models.runtime.spec import NetSpec

CHECKPOINT_FILE = "model.ckpt"
SCHEMA = "proctor-checkpoint/1"


AnyNet = SceneNet | HeadNet | ThingNet


def build_net(spec: NetSpec, *, mapped: bool = True) -> AnyNet:
    """An untrained net of the spec's kind and names; `mapped`: see `HeadNet`."""
    if spec.net == "head":
        return HeadNet(spec.names, mapped=mapped)
    return ThingNet(spec.names) if spec.net == "thing" else SceneNet(spec.names)


def save_net(folder: Path, net: nn.Module, spec: NetSpec) -> None:
    """Write `model.ckpt` into `folder`, all of it or nothing.

    Weights are kept at half precision: the checkpoint is half as large, and what is exported is read
    back from it, so every figure is about the weights that are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = {k: v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    stream = io.BytesIO()
    torch.save({"schema": SCHEMA, "spec": spec.to_json(), "state_dict": state}, stream)
    write_bytes(folder / CHECKPOINT_FILE, stream.getvalue())


def read_checkpoint(folder: Path) -> tuple[dict[str, torch.Tensor], NetSpec]:
    """State dictionary in single precision, and spec.

    Raises:
        CheckpointError: no checkpoint there, not one of ours, or of another schema.
    """
    path = folder / CHECKPOINT_FILE
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint; `dvc pull` brings ours, `proctor train` makes one")
    try:
        with warnings.catch_warnings():  # torch warns of a foreign pickle before it refuses it
            warnings.simplefilter("ignore")
            raw = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise CheckpointError(f"{path}: not a checkpoint of ours ({str(error).splitlines()[0][:120]})") from None
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        raise CheckpointError(f"{path}: schema: expected {SCHEMA!r}; train the net again")
    try:
        spec = NetSpec.from_json(raw["spec"], str(path))
    except ModelError as error:
        raise CheckpointError(str(error)) from None
    state = {k: v.float() if v.is_floating_point() else v for k, v in raw["state_dict"].items()}
    return state, spec


def load_net(folder: Path) -> tuple[AnyNet, NetSpec]:
    """The trained net in evaluation mode, whose forward gives what the ONNX file gives, and its spec.

    Raises:
        CheckpointError: see `read_checkpoint`; or the weights do not fit the net.
    """
    state, spec = read_checkpoint(folder)
    net = build_net(spec, mapped=any(key.startswith("map.") for key in state))
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(f"{folder / CHECKPOINT_FILE}: weights do not fit: {str(error).splitlines()[0]}") from None
    return net.eval(), spec


def check_blend(spec: NetSpec, soup: Mapping[Path, float]) -> None:
    """Refuse checkpoints that `blend` cannot average with a net of `spec`.

    Raises:
        CheckpointError: see `read_checkpoint`; or one is of another kind, of other names or prepared otherwise.
    """
    own = build_net(spec).state_dict().keys() if soup else set()
    for folder in soup:
        state, other = read_checkpoint(folder)
        for field in ("net", "names", "mean", "std", "resolution_wh"):
            wanted, found = getattr(spec, field), getattr(other, field)
            if wanted != found:
                raise CheckpointError(
                    f"{folder / CHECKPOINT_FILE}: {field}: expected {wanted}, got {found}; average nets of one descent"
                )
        differ = sorted(own ^ state.keys())
        if differ:
            raise CheckpointError(
                f"{folder / CHECKPOINT_FILE}: weights: expected those of a net of today, {differ[0]} and "
                f"{len(differ) - 1} others are only in one of the two; average nets of one descent"
            )


def mix(net: nn.Module, other: Mapping[str, torch.Tensor], share: float) -> None:
    """Replace the net's weights by the mean of its own and `other`, a state dictionary that counts `share`."""
    own = net.state_dict()
    net.load_state_dict({k: v + share * (other[k] - v) if v.is_floating_point() else v for k, v in own.items()})


def blend(net: nn.Module, soup: Mapping[Path, float]) -> None:
    """Replace the net's weights by the mean of its own and those of checkpoint folders, each with its share.

    "Model soups" (Wortsman et al., ICML 2022); with the weights a net started from, "Robust fine-tuning of zero-shot
    models" (Wortsman et al., CVPR 2022). Only nets of one line of descent can be averaged so; see `check_blend`.

    Args:
        net: the trained net; it keeps what the shares leave of 1.
        soup: checkpoint folder to share.

    Raises:
        CheckpointError: see `read_checkpoint`.
    """
    whole = net.state_dict()
    mixed = {key: value * (1 - sum(soup.values())) for key, value in whole.items() if value.is_floating_point()}
    for folder, share in soup.items():
        state, _ = read_checkpoint(folder)
        mixed = {key: value + share * state[key] for key, value in mixed.items()}
    net.load_state_dict({**whole, **mixed})
