"""The road from a net back to the frames that trained it: pack, card, runs, recipe, data, rights.

Everything is read from folders; the MLflow store is asked where there is one. What cannot be found is said in words, in
Chinese and English, and is never an error: a trace with holes that say what is missing is still a trace.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proctor_models import tracking
from proctor_models.audit.packs import ReadPack, read_pack
from proctor_models.audit.registry import data_folder
from proctor_models.audit.training_runs import TrainingRun, training_runs
from proctor_models.config import Recipe, Source
from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.errors import DataError, ProctorError
from proctor_models.runtime.pack import MANIFEST_FILE
from proctor_models.tracking.origin import Origin, origin
from proctor_models.tracking.runs import recipe_in_configs
from proctor_models.types import UNTAUGHT_NETS

NOT_STATED = "not stated"
MOST_FRAMES = 300
"""Ids of training frames that a page lists; the manifest has them all."""


@dataclass(frozen=True)
class Words:
    """Something said in both languages."""

    zh: str
    en: str


_SIDES = ("train", "val", "test")
_ELSEWHERE = Words(
    "本机没有该数据版本；下表来自模型包中的记录",
    "this data version is not here; the table is what the pack's card records",
)


@dataclass(frozen=True)
class SourceRow:
    """Frames of one source and licence."""

    source: str
    licence: str
    rights: str
    consent: str
    counts: Mapping[str, str]
    """Frames by side of the split, and `all`."""
    persons: str
    """Codes, or how many; never names."""


@dataclass(frozen=True)
class Data:
    """A data version, as far as this machine knows it."""

    version: str
    folder: Path | None = None
    origin: Origin | None = None
    sources: tuple[SourceRow, ...] = ()
    frames: tuple[FrameRecord, ...] = ()
    """The first `MOST_FRAMES` that were trained on."""
    trained: int = 0
    """Frames that were trained on."""
    missing: Words | None = None
    """What could not be found, if something could not."""


@dataclass(frozen=True)
class NetLineage:
    """Where one net came from."""

    net: str
    sha256: str
    card: Mapping[str, Any] = field(default_factory=dict)
    """What the model card says of it; empty where no pack was found."""
    runs: tuple[TrainingRun, ...] = ()
    runs_missing: Words | None = None
    recipe: str = ""
    recipe_text: str = ""
    recipe_missing: Words | None = None
    data: Data = field(default_factory=lambda: Data(""))

    @property
    def untaught(self) -> bool:
        """Whether it takes over weights as they are: no run trained it, and no frame of ours."""
        return bool(self.card) and self.net in UNTAUGHT_NETS

    @property
    def spec(self) -> Mapping[str, Any]:
        """What the net carries of itself."""
        return dict(self.card.get("spec", {}))


@dataclass(frozen=True)
class Lineage:
    """The pack and its nets."""

    pack: ReadPack | None
    pack_missing: Words | None
    nets: tuple[NetLineage, ...]


def lineage(models: Mapping[str, str], given: Path | None, export: Path = Path("export")) -> Lineage:
    """Follow nets back.

    Args:
        models: sha256 by net, as a finding names them.
        given: the pack; None looks below `export` for the one with these nets.
        export: where packs lie.
    """
    pack, missing = find_pack(models, given, export)
    runs = _Runs()
    nets = tuple(_net(net, sha256, pack, runs) for net, sha256 in sorted(models.items()))
    return Lineage(pack, missing, nets)


def find_pack(
    models: Mapping[str, str], given: Path | None, export: Path = Path("export")
) -> tuple[ReadPack | None, Words | None]:
    """The pack that holds these nets, or why there is none."""
    folders = [given] if given is not None else sorted({path.parent for path in export.glob(f"**/{MANIFEST_FILE}")})
    why = ""
    for folder in folders:
        if given is None and not _may_hold(folder, models):
            continue
        try:
            pack = read_pack(folder)
        except ProctorError as error:
            why = str(error)
            continue
        if dict(pack.name.models) == dict(models):
            return pack, None
        why = f"{folder}: its nets are others"
    where = given or export
    return None, Words(
        f"未找到含有这些网络的模型包（{where}）{'：' + why if why else ''}；用 --pack 指定",
        f"no pack with these nets was found ({where}){': ' + why if why else ''}; name it with --pack",
    )


def _may_hold(folder: Path, models: Mapping[str, str]) -> bool:
    """Whether a manifest names these nets, before every byte of a pack is read."""
    try:
        text = (folder / MANIFEST_FILE).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return all(sha256 in text for sha256 in models.values())


def _net(net: str, sha256: str, pack: ReadPack | None, runs: _Runs) -> NetLineage:
    if pack is None:
        said = Words("没有模型包，无从得知训练", "without the pack, nothing is known of its training")
        return NetLineage(net, sha256, runs_missing=said, recipe_missing=said, data=Data("", missing=said))
    card = pack.card["nets"][net]
    recipe, version = str(card["spec"]["recipe"]), str(card["spec"]["data_version"])
    parity = card.get("parity") or {}
    text, recipe_missing = _recipe(recipe)
    if net in UNTAUGHT_NETS:
        return NetLineage(net, sha256, card, (), None, recipe, text, recipe_missing)
    found, missing = runs.of(net, recipe, version, str(parity.get("checkpoint_sha256", "")))
    data = _data(version, _sources_of(recipe), pack.card, parity.get("sources") or ())
    return NetLineage(net, sha256, card, found, missing, recipe, text, recipe_missing, data)


class _Runs:
    """The MLflow store, opened once, or words that say why not."""

    def __init__(self) -> None:
        self._client: Any = None
        self._missing: Words | None = None
        if not tracking.has_store():
            self._missing = Words("此处没有 MLflow 记录库", "there is no MLflow store here")
            return
        try:
            self._uri = tracking.store_uri()
            self._client = tracking.open_store(self._uri)
        except ProctorError as error:
            self._missing = Words(f"MLflow 记录库无法读取：{error}", f"the MLflow store cannot be read: {error}")

    def of(
        self, net: str, recipe: str, version: str, checkpoint_sha256: str
    ) -> tuple[tuple[TrainingRun, ...], Words | None]:
        if self._client is None:
            return (), self._missing
        try:
            with tracking.store_errors(self._uri):
                found = training_runs(self._client, net, recipe, version, checkpoint_sha256)
        except ProctorError as error:
            return (), Words(f"MLflow 记录库无法读取：{error}", f"the MLflow store cannot be read: {error}")
        if not found:
            return (), Words(
                "MLflow 记录库中没有使用该配方与数据训练的记录（可能已删除，或在别处训练）",
                "the MLflow store has no run with this recipe and data: it is gone, or training ran elsewhere",
            )
        return tuple(found), None


def _recipe(named: str) -> tuple[str, Words | None]:
    name, _, sha256 = named.partition("@")
    found = recipe_in_configs(name, sha256)
    if found is not None:
        return found[0].read_text(encoding="utf-8"), None
    return "", Words(
        f"configs/{name}.yaml 不存在或已不是该配方；原文见训练记录的 recipe/ 或 git 历史",
        f"configs/{name}.yaml is not there or not this recipe any more; its text is in the run's recipe/ or in git",
    )


def _sources_of(named: str) -> Sequence[Source]:
    """Sources of the recipe of that name, whatever its hash: rights and consent outlive a changed threshold."""
    from proctor_models.config import load_recipe

    name = named.partition("@")[0]
    path = Path("configs") / f"{name}.yaml"
    if Path(name).name != name or not path.is_file():
        return ()
    try:
        recipe: Recipe = load_recipe(path)
    except ProctorError:
        return ()
    return recipe.ingest.sources


def _data(
    version: str, sources: Sequence[Source], card: Mapping[str, Any], recorded: Sequence[Mapping[str, Any]]
) -> Data:
    folder = data_folder(version)
    if folder is not None:
        try:
            return _known_data(version, folder, sources)
        except DataError as error:
            missing = Words(f"数据集无法读取：{error}", f"the data set cannot be read: {error}")
            return Data(version, folder, missing=missing)
    if recorded:
        return Data(version, sources=tuple(_recorded_row(row) for row in recorded), missing=_ELSEWHERE)
    measured = card.get("measured", {})
    if measured.get("data_version") != version:
        return Data(
            version,
            missing=Words(
                "本机没有该数据版本，模型卡也只记录了别的版本",
                "this data version is not on this machine, and the model card speaks of another one only",
            ),
        )
    rows = tuple(
        SourceRow(
            str(row["source"]),
            str(row["licence"]),
            NOT_STATED,
            NOT_STATED,
            _counted({side: int(row.get(side, 0)) for side in _SIDES}),
            NOT_STATED,
        )
        for row in measured.get("sources", ())
    )
    return Data(version, sources=rows, missing=_ELSEWHERE)


def _counted(sides: Mapping[str, int]) -> dict[str, str]:
    """Frames by side, and all of them."""
    return {**{side: str(sides[side]) for side in _SIDES}, "all": str(sum(sides.values()))}


def _recorded_row(row: Mapping[str, Any]) -> SourceRow:
    """A row that the export recorded."""
    name, collection = str(row.get("ingested_as", "")), str(row["source"])
    return SourceRow(
        collection if collection == name or not name else f"{name}: {collection}",
        str(row["licence"]),
        str(row.get("rights", NOT_STATED)),
        str(row.get("consent", NOT_STATED)),
        {**dict.fromkeys(_SIDES, NOT_STATED), "all": str(row.get("frames", NOT_STATED))},
        NOT_STATED,
    )


def _known_data(version: str, folder: Path, sources: Sequence[Source]) -> Data:
    manifest = Manifest.load(folder)
    stated = {source.name: source for source in sources}
    groups: dict[tuple[str, str, str], list[FrameRecord]] = {}
    for frame in manifest:
        groups.setdefault((frame.id.partition("/")[0], frame.source, frame.licence), []).append(frame)
    rows = []
    for (name, collection, licence), frames in sorted(groups.items()):
        source = stated.get(name)
        counts = Counter[str](frame.split or "none" for frame in frames)
        persons = sorted({frame.person for frame in frames if frame.person})
        shown = ", ".join(persons[:12]) + (f" (+{len(persons) - 12})" if len(persons) > 12 else "")
        rows.append(
            SourceRow(
                collection if collection == name else f"{name}: {collection}",
                licence,
                (source.rights if source else None) or NOT_STATED,
                (source.consent if source else None) or NOT_STATED,
                _counted({side: counts[side] for side in _SIDES}),
                shown or NOT_STATED,
            )
        )
    trained = manifest.of("train").frames
    return Data(version, folder, origin(folder), tuple(rows), trained[:MOST_FRAMES], len(trained))


def as_json(value: object) -> str:
    """For a page's details.

    >>> as_json({"b": 1, "a": "é"})
    '{"a": "é", "b": 1}'
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
