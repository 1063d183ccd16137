"""A pack as an auditor reads it: its manifest and its model card, held together."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models.audit.promotions import PackName
from proctor_models.errors import PackError
from proctor_models.runtime.pack import MANIFEST_FILE, Pack
from proctor_models.types import NETS, NetName

CARD_SCHEMA = "proctor-card/1"


@dataclass(frozen=True)
class ReadPack:
    """A pack of which every byte is as its manifest says."""

    folder: Path
    name: PackName
    manifest: dict[str, Any]
    card: dict[str, Any]

    @property
    def nets(self) -> tuple[NetName, ...]:
        """The nets it holds, in the order they run."""
        return tuple(net for net in NETS if net in self.name.models)

    def net_file(self, net: str) -> Path:
        """Where a net's ONNX file lies."""
        return self.folder / str(self.manifest["models"][net])


def read_pack(folder: Path) -> ReadPack:
    """Check a pack in full and read its card.

    Raises:
        PackError: see `Pack.load`; or it has no card, or one of another version or of other nets.
        ModelError: a net is not one the runtime may run.
    """
    pack = Pack.load(folder)
    digest = hashlib.sha256((folder / MANIFEST_FILE).read_bytes()).hexdigest()
    name = PackName(pack.version, str(pack.manifest.get("recipe", "")), digest, dict(sorted(pack.model_sha256.items())))
    return ReadPack(folder, name, pack.manifest, read_card(folder, name))


def read_card(folder: Path, name: PackName) -> dict[str, Any]:
    """What a pack's card.json says of these nets.

    Raises:
        PackError: it is not there, of another version, or of other nets.
    """
    path = folder / "card.json"
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PackError(f"{path}: no model card; pack again with `proctor pack`") from None
    except (OSError, ValueError) as error:
        raise PackError(f"{path}: expected JSON, got other bytes ({error}); fetch the pack again") from None
    schema = card.get("schema") if isinstance(card, dict) else None
    if schema != CARD_SCHEMA:
        raise PackError(
            f"{path}: schema: expected {CARD_SCHEMA!r}, got {schema!r}: a pack of another version; use the program of "
            "the version that made it"
        )
    nets = card.get("nets")
    stated = {net: each.get("sha256") for net, each in nets.items()} if isinstance(nets, dict) else {}
    if stated != dict(name.models):
        raise PackError(f"{path}: nets: expected the packed ones {dict(name.models)}, got {stated}; pack again")
    return dict(card)
