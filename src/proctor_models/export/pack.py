"""`proctor pack`: nets, rules, schema, card and runtime in one folder of which every byte is accounted for.

::

    manifest.json                 size and sha256 of every other file
    model.sig                     signature over all of them, once `proctor sign` made one
    models/{scene,head,thing,outline}.onnx
    rules/<name>.json             rule sets, checked
    schema/findings.schema.json   what a line of findings.jsonl holds
    wheels/*.whl                  this project, to run the pack with
    card.json, card.md            what the nets are for, and how well they see
    instructions.md, .html        instructions for use and technical documentation (EU AI Act)
    bom.cdx.json                  bill of materials, CycloneDX
    LICENSE
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from proctor_models import __version__
from proctor_models.config import Recipe
from proctor_models.errors import ConfigError, PackError
from proctor_models.export.bom import BOM_FILE, bom
from proctor_models.export.cards import card, card_page, read_evaluation
from proctor_models.export.contents import Contents
from proctor_models.export.instructions import PAGE, SHEET, instructions
from proctor_models.export.licences import PROJECT_LICENCE, check_licences
from proctor_models.export.markdown import page
from proctor_models.export.onnx import PARITY_FILE
from proctor_models.export.wheel import build_wheel, project_root
from proctor_models.files import building, write_json, write_text
from proctor_models.rules.policy import ruleset_from_dict
from proctor_models.runtime.model import Net
from proctor_models.runtime.pack import MANIFEST_FILE, SCHEMA, Pack

RULES_FOLDER = Path("configs") / "rules"
_TARGET_FIELDS = ("detector", "figure", "high", "low", "sense", "target", "value", "verdict")
FINDINGS_SCHEMA = "schema/findings.schema.json"


def pack(recipe: Recipe, models: Path, evaluation: Path, out: Path, targets: Path | None = None) -> Pack:
    """Write the pack folder `out`, or nothing; a pack of the same recipe there is replaced.

    Args:
        recipe: names version, rule sets and thresholds.
        models: folder with scene/, head/ and, as far as the recipe has them, thing/ and outline/ that `export` wrote.
        evaluation: folder that `evaluate` wrote, for the card.
        out: the pack.
        targets: folder that `targets` wrote, for the instructions for use; None where there is none.

    Returns:
        The pack, loaded as the runtime loads it.

    Raises:
        PackError: `out` holds a pack of another recipe or something else, the evaluation is not
            there, the nets are of another version or other thresholds, a part has a licence that the
            recipe does not allow, a document cannot be filled, or the wheel cannot be built.
        ModelError: a net is not one the runtime may run.
        ConfigError: a rule file is wrong.
    """
    refuse_overwriting(out, recipe.name)
    root = project_root()
    with building(out) as part:
        _fill(part, gather(recipe, models, evaluation, targets), models, root)
        write_manifest(part, recipe)
        Pack.load(part)  # what cannot be loaded must not be there
    print(f"pack: {out} (version {recipe.pack.version}, recipe {recipe.name})", file=sys.stderr, flush=True)
    return Pack.load(out)


def refuse_overwriting(out: Path, recipe_name: str) -> None:
    """Let `out` be written if nothing is there, or a pack of the same recipe.

    A released pack comes from the recipe that releases; no other run may replace it.

    Raises:
        PackError: something else is there.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    path = out / MANIFEST_FILE
    try:
        made_by = json.loads(path.read_text(encoding="utf-8"))["recipe"].partition("@")[0]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise PackError(f"{out}: expected a pack or nothing there, got something else; name another folder") from None
    if made_by != recipe_name:
        raise PackError(
            f"{path}: recipe: expected {recipe_name!r}, got {made_by!r}; packs are not overwritten by another recipe: "
            "name another folder, or raise pack.version"
        )


def gather(recipe: Recipe, models: Path, evaluation: Path, targets: Path | None) -> Contents:
    """Read and check what the pack is made from; nothing is written.

    Raises:
        PackError, ModelError, ConfigError: as `pack`.
    """
    nets: dict[str, Net] = {}
    parity: dict[str, Any] = {}
    for name in recipe.nets:
        nets[name] = _checked_net(models / name / f"{name}.onnx", recipe)
        parity[name] = _parity(models / name / PARITY_FILE, nets[name].sha256)
    rules = {name: read_rules(RULES_FOLDER / f"{name}.yaml", name) for name in recipe.pack.rules}
    measured = read_evaluation(evaluation, {name: net.sha256 for name, net in nets.items()})
    contents = Contents(recipe, nets, parity, measured, rules, None if targets is None else read_targets(targets))
    check_licences(contents.parts, recipe)
    return contents


def _fill(part: Path, contents: Contents, models: Path, root: Path) -> None:
    (part / "models").mkdir()
    for name in contents.nets:
        shutil.copyfile(models / name / f"{name}.onnx", part / "models" / f"{name}.onnx")
    (part / "rules").mkdir()
    for ruleset, rules in contents.rules.items():
        write_json(part / "rules" / f"{ruleset}.json", rules)
    (part / "schema").mkdir()
    schema = importlib.resources.files("proctor_models.runtime").joinpath(FINDINGS_SCHEMA)
    (part / FINDINGS_SCHEMA).write_bytes(schema.read_bytes())
    build_wheel(root, part / "wheels")
    shutil.copyfile(root / "LICENSE", part / "LICENSE")
    content = card(contents.recipe, contents.nets, contents.parity, contents.measured)
    write_json(part / "card.json", content)
    write_text(part / "card.md", card_page(content))
    contents = replace(contents, files={name: str(entry["sha256"]) for name, entry in _entries(part).items()})
    sheet = instructions(contents)
    write_text(part / SHEET, sheet)
    write_text(part / PAGE, page(sheet, f"proctor pack {contents.recipe.pack.version}: instructions for use"))
    write_text(part / BOM_FILE, bom(contents))


def _checked_net(path: Path, recipe: Recipe) -> Net:
    net = Net.load(path)
    for field, wanted, found in (
        ("version", recipe.pack.version, net.spec.version),
        ("thresholds", recipe.thresholds, net.spec.thresholds),
    ):
        if wanted != found:
            raise PackError(
                f"{path}: {field}: expected {wanted!r} by recipe {recipe.name!r}, got {found!r}; export again"
            )
    return net


def _parity(path: Path, sha256: str) -> dict[str, Any]:
    """The proof beside a net; a net without one, or with another's, is not packed."""
    try:
        parity: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise PackError(f"{path}: expected the proof that export writes beside a net, got none; export again") from None
    if parity.get("sha256") != sha256:
        raise PackError(f"{path}: sha256: expected {sha256}, got {parity.get('sha256')}; export the net again")
    return parity


def read_targets(folder: Path) -> dict[str, Any]:
    """What `proctor targets` wrote to `folder`.

    Raises:
        PackError: it is not there, or is something else.
    """
    path = folder / "targets.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        fields = {key for row in content["targets"] for key in _TARGET_FIELDS if key not in row}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackError(
            f"{path}: expected what `proctor targets` writes, it cannot be read ({type(error).__name__}); run it again"
        ) from None
    if fields:
        raise PackError(
            f"{path}: targets: expected {', '.join(sorted(fields))} in every row; run `proctor targets` again"
        )
    return dict(content)


def read_rules(path: Path, name: str) -> dict[str, Any]:
    """A rule set from YAML, checked; what its JSON in the pack holds.

    Raises:
        ConfigError: no such file, not YAML, a wrong key, or a set of another name.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: no such rule set; correct pack.rules in the recipe")
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from None
    ruleset = ruleset_from_dict(raw, str(path))
    if ruleset.name != name:
        raise ConfigError(f"{path}: name: expected {name!r} like the file, got {ruleset.name!r}")
    return dict(raw)


def write_manifest(part: Path, recipe: Recipe) -> None:
    """Write `manifest.json` over all files that lie in the folder now."""
    files = _entries(part)
    manifest = {
        "schema": SCHEMA,
        "version": recipe.pack.version,
        "recipe": f"{recipe.name}@{recipe.sha256}",
        "created_by": f"proctor-models {__version__}",
        "licence": PROJECT_LICENCE,
        "thresholds": dict(recipe.thresholds),
        "models": {name: f"models/{name}.onnx" for name in recipe.nets},
        "rules": {name: f"rules/{name}.json" for name in recipe.pack.rules},
        "findings_schema": FINDINGS_SCHEMA,
        "card": "card.json",
        "bom": BOM_FILE,
        "instructions": SHEET,
        "wheel": next(name for name in files if name.endswith(".whl")),
        "files": files,
    }
    write_json(part / MANIFEST_FILE, manifest)


def _entries(folder: Path) -> dict[str, dict[str, str | int]]:
    """Hash and size of every file below `folder`, by its path there."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _entry(path) for path in paths}


def _entry(path: Path) -> dict[str, str | int]:
    with path.open("rb") as stream:
        return {"sha256": hashlib.file_digest(stream, "sha256").hexdigest(), "bytes": path.stat().st_size}
