"""A pack's nets in MLflow's model registry: one registered model a net, one version a net's hash.

The registry is a mirror with pages: what was promoted when is in the promotion ledger (`audit.promotions`), and
aliases are set from it. Every step can be done again after a kill: what is there already is found by its hash.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models import tracking
from proctor_models.audit.onnx_model import save_onnx
from proctor_models.audit.packs import ReadPack
from proctor_models.audit.promotions import STATES, Promotion, standing
from proctor_models.audit.training_runs import training_runs
from proctor_models.data.manifest import MANIFEST_FILE, data_version
from proctor_models.errors import DataError, RecordError
from proctor_models.runtime.spec import NetSpec
from proctor_models.types import NETS, UNTAUGHT_NETS

EXPERIMENT = "packs"
PACK_TAG = "pack.manifest_sha256"
_NO_DATA = "it takes over public weights as they are"
LINE_TAG = "promotion.line"
"""Hash of the last line of the promotion ledger that the registry follows."""

EXCEPTIONS_TAG = "promotion.exceptions"
"""Gates that a promoted net's pack misses, with the reasons; "none" where it misses none."""


@dataclass(frozen=True)
class Registered:
    """One version of a registered model."""

    model: str
    """``proctor-`` and the name of the net, as ``proctor-scene``."""
    version: str
    sha256: str
    run_id: str
    is_new: bool


def model_name(net: str) -> str:
    """What a net is called in the registry.

    >>> model_name("scene")
    'proctor-scene'
    """
    return f"proctor-{net}"


def register(pack: ReadPack) -> list[Registered]:
    """Put a pack's nets, card and figures into the registry; what is there already stays as it is.

    Raises:
        RecordError: the store is locked, half-migrated, or refuses.
        ConfigError: MLflow is not installed.
    """
    uri = tracking.store_uri()
    client = tracking.open_store(uri)
    with tracking.store_errors(uri):
        known = {net: find_version(client, net, pack.name.models[net]) for net in pack.nets}
        run_id = _pack_run(client, pack)
        if run_id is not None and all(known.values()):
            return [_registered(net, known[net], is_new=False) for net in known]
        tags = {"stage": "register", "recipe": pack.name.recipe, PACK_TAG: pack.name.manifest_sha256}
        with tracking.run(EXPERIMENT, f"pack {pack.name.version}", _params(pack), tags, run_id) as run:
            _record_pack(run, pack)
            for net, version in known.items():
                if version is None:
                    _add_version(run, pack, net)
            run.tags({"pack.registered": "true"})
        made = {net: find_version(client, net, pack.name.models[net]) for net in pack.nets}
    return [_registered(net, made[net], is_new=known[net] is None) for net in made]


def find_version(client: Any, net: str, sha256: str) -> Any:
    """The registry's version of a net with this hash; None where it has none."""
    found = client.search_model_versions(f"name = '{model_name(net)}' and tags.sha256 = '{sha256}'")
    return min(found, key=lambda each: int(each.version), default=None)


def check_follows(client: Any, path: Path, promotions: Sequence[Promotion]) -> None:
    """Refuse a ledger that lacks a line which the registry already follows: its end was cut off.

    Raises:
        RecordError: it does.
    """
    known = {one.sha256 for one in promotions}
    for net in NETS:
        line = _model_tags(client, net).get(LINE_TAG)
        if line and line not in known:
            raise RecordError(
                f"{path}: {model_name(net)} of the registry follows a promotion {line[:16]} that this ledger lacks: "
                "its end was cut off, or it is another one; bring it back from git or from a copy, nothing is changed"
            )


def set_aliases(client: Any, promotions: Sequence[Promotion]) -> list[str]:
    """Let aliases and states say what the ledger says; return what was changed, in words.

    Raises:
        RecordError: a promoted net is not in the registry any more.
    """
    held = standing(promotions)
    changed: list[str] = []
    for net in NETS:
        wanted = {s: held[s].pack.models[net] for s in STATES if s in held and net in held[s].pack.models}
        if not wanted and _model(client, net) is None:
            continue  # no pack that was promoted has this net
        aliases = _aliases(client, net)
        for state in STATES:
            version = _wanted_version(client, net, wanted.get(state), held.get(state))
            if version == aliases.get(state):
                continue
            if version is None:
                client.delete_registered_model_alias(model_name(net), state)
                changed.append(f"{model_name(net)}: nothing is {state} any more")
            else:
                # Tags first: an alias that is there says that they are.
                client.set_model_version_tag(model_name(net), version, EXCEPTIONS_TAG, _excepted(held[state]))
                client.set_model_version_tag(model_name(net), version, "state", state)
                client.set_registered_model_alias(model_name(net), state, version)
                changed.append(f"{model_name(net)}: version {version} is {state}")
        _mark_replaced(client, net, set(wanted.values()))
        if promotions:
            client.set_registered_model_tag(model_name(net), LINE_TAG, promotions[-1].sha256)
    return changed


def _excepted(promotion: Promotion) -> str:
    said = "; ".join(f"{gate}: {reason}" for gate, reason in promotion.exceptions.items())
    return f"for research only: {said}" if said else "none"


def _wanted_version(client: Any, net: str, sha256: str | None, promotion: Promotion | None) -> str | None:
    if sha256 is None or promotion is None:
        return None
    version = find_version(client, net, sha256)
    if version is None:
        raise RecordError(
            f"{model_name(net)}: the registry has no net {sha256[:16]} of pack {promotion.pack.version}, which the "
            f"ledger says is {promotion.to}; `proctor audit register` that pack again"
        )
    return str(version.version)


def _mark_replaced(client: Any, net: str, holding: Collection[str]) -> None:
    """Versions that held a state once and hold none now say so."""
    for version in client.search_model_versions(f"name = '{model_name(net)}'"):
        if version.tags.get("state") in STATES and version.tags.get("sha256") not in holding:
            client.set_model_version_tag(model_name(net), version.version, "state", "replaced")


def _aliases(client: Any, net: str) -> dict[str, str]:
    model = _model(client, net)
    return {} if model is None else {alias: str(version) for alias, version in model.aliases.items()}


def _model_tags(client: Any, net: str) -> dict[str, str]:
    model = _model(client, net)
    return {} if model is None else dict(model.tags)


def _model(client: Any, net: str) -> Any:
    found = client.search_registered_models(f"name = '{model_name(net)}'")
    return found[0] if found else None


def _pack_run(client: Any, pack: ReadPack) -> str | None:
    """The run that registered, or began to register, this very pack."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return None
    runs = client.search_runs([experiment.experiment_id], f"tags.`{PACK_TAG}` = '{pack.name.manifest_sha256}'")
    return str(runs[0].info.run_id) if runs else None


def _registered(net: str, version: Any, *, is_new: bool) -> Registered:
    return Registered(model_name(net), str(version.version), version.tags["sha256"], str(version.run_id), is_new)


def _params(pack: ReadPack) -> dict[str, Any]:
    return {"pack": {"version": pack.name.version, "recipe": pack.name.recipe}, "thresholds": pack.card["thresholds"]}


def _record_pack(run: tracking.Run, pack: ReadPack) -> None:
    """Card, manifest, figures and data of the pack, as the run of its registration."""
    for name in ("card.md", "card.json", "manifest.json"):
        if (pack.folder / name).is_file():
            run.artifact(pack.folder / name, "pack")
    run.metrics(pack.card["metrics"])
    versions = {net: _spec(pack, net).data_version for net in pack.nets if net not in UNTAUGHT_NETS}
    for net, version in versions.items():
        folder = data_folder(version)
        if folder is not None:
            run.dataset(f"{folder.parent.name}/{net}", version, folder, "training")
    run.tags({f"data_version.{net}": version for net, version in versions.items()})
    run.tags({f"sha256.{net}": digest for net, digest in pack.name.models.items()})


def data_folder(version: str, root: Path = Path("data")) -> Path | None:
    """The dataset folder below `root` that has this data version; None where it is not on this machine."""
    for path in sorted(root.glob(f"*/*/{MANIFEST_FILE}"), key=lambda each: each.parent.name != "split"):
        try:
            if data_version(path.parent) == version:
                return path.parent
        except (DataError, OSError):
            continue
    return None


def _add_version(run: tracking.Run, pack: ReadPack, net: str) -> None:
    spec, digest = _spec(pack, net), pack.name.models[net]
    checkpoint = str((pack.card["nets"][net].get("parity") or {}).get("checkpoint_sha256", ""))
    trained = training_runs(run.client, net, spec.recipe, spec.data_version, checkpoint)
    none = "this store knows no run with its data and recipe" if net not in UNTAUGHT_NETS else _NO_DATA
    tags = {
        "sha256": digest,
        "pack": pack.name.version,
        PACK_TAG: pack.name.manifest_sha256,
        "recipe": spec.recipe,
        "data_version": f"none: {_NO_DATA}" if net in UNTAUGHT_NETS else spec.data_version,
        "training_run": trained[0].run_id if trained else f"none: {none}",
        "training_run.matched_by": trained[0].matched_by if trained else "nothing",
    }
    if _model(run.client, net) is None:
        words = f"What `proctor` sees with: the {net} net. Versions are named by the hash of their ONNX file."
        run.client.create_registered_model(model_name(net), description=words)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / net
        save_onnx(pack.net_file(net), spec, folder, tags)
        run.artifact(folder, f"models/{net}")
    source = f"{run.client.get_run(run.run_id).info.artifact_uri}/models/{net}"
    run.client.create_model_version(model_name(net), source, run.run_id, tags=tags, description=_words(pack, net))


def _spec(pack: ReadPack, net: str) -> NetSpec:
    raw = pack.card["nets"][net]["spec"]
    return NetSpec.from_json(json.dumps(raw), f"{pack.folder / 'card.json'}: nets.{net}.spec")


def _words(pack: ReadPack, net: str) -> str:
    card = pack.card
    names = ", ".join(card["nets"][net]["spec"]["names"])
    return (
        f"Pack {pack.name.version}, recipe {pack.name.recipe}. {card['intended_use']}\n\nOutputs: {names}.\n\n"
        f"Not for: {'; '.join(card['not_for'])}.\n\nFigures, sources and what is not known: the model card, artifact "
        "`pack/card.md` of the run."
    )
