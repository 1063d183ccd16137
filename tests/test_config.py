from __future__ import annotations

from pathlib import Path

import pytest

from drawn import ROOT
from proctor_models.config import expand, load_recipe
from proctor_models.errors import ConfigError


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = (ROOT / "configs" / "demo.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "recipe.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["demo", "evaluation", "release"])
def test_load_recipe__reads_every_recipe(name: str) -> None:
    recipe = load_recipe(ROOT / "configs" / f"{name}.yaml")
    assert recipe.name == name
    assert len(recipe.sha256) == 64


def test_load_recipe__layout_does_not_change_the_hash(tmp_path: Path) -> None:
    plain = load_recipe(ROOT / "configs" / "demo.yaml").sha256
    assert load_recipe(changed(tmp_path, "name: demo", "# a comment\nname:   demo")).sha256 == plain
    assert load_recipe(changed(tmp_path, "seed: 0", "seed: 1")).sha256 != plain


def test_load_recipe__what_only_describes_a_pack_does_not_change_the_hash(tmp_path: Path) -> None:
    plain = load_recipe(ROOT / "configs" / "demo.yaml")
    said = changed(tmp_path, "  version: demo", "  version: demo\n  provider: Exam Board\n  allowed_licences: [MIT]")
    recipe = load_recipe(said)
    assert (recipe.pack.provider, recipe.pack.allowed_licences) == ("Exam Board", ("MIT",))
    assert recipe.sha256 == plain.sha256


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("name: demo", "name: demo\ncolour: red", r"recipe\.yaml: colour: Extra inputs are not permitted"),
        ("  batch: 8", "  batch: 0", r"scene\.batch: Input should be greater than or equal to 1, got '0'"),
        (
            "  batch: 8",
            "  batch: 8\n  mosaic: 1.5",
            r"scene\.mosaic: Input should be less than or equal to 1, got '1\.5'",
        ),
        ("[640, 480]", "[320, 32]\n  mosaic: 0.5", r"mosaic: expected a resolution_wh of at least 64 px"),
        ("  mask: 0.5", "  masc: 0.5", "thresholds: .*expected exactly phone, earphone, mask"),
        ("  mask: 0.5", "  mask: 1.5", "thresholds: .*between 0 and 1"),
        ("seed: 0", "seed: 0\nseed: 1", "key 'seed' is given twice"),
        ("seed: 0", "seed: [", "not YAML"),
        ("version: demo", "version: demo\n  allowed_licences: []", r"pack\.allowed_licences: .*at least 1 item"),
        ("format: coco", "format: coco\n      labelled: [ghost]", r"ingest\.sources\.embedded: unknown class 'ghost'"),
    ],
)
def test_load_recipe__names_what_is_wrong(tmp_path: Path, old: str, new: str, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        load_recipe(changed(tmp_path, old, new))


def test_load_recipe__lists_the_recipes_there_are() -> None:
    recipes = r"demo\.yaml, evaluation-swapped\.yaml, evaluation\.yaml, release\.yaml"
    with pytest.raises(ConfigError, match=f"no such recipe; recipes beside it: {recipes}"):
        load_recipe(ROOT / "configs" / "absent.yaml")


def test_expand__fills_in_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMES_HERE", "frames")
    assert expand("${FRAMES_HERE}/webcam", "path") == Path("frames/webcam")
    with pytest.raises(ConfigError, match="weights: environment variable NOT_SET_HERE is not set"):
        expand("$NOT_SET_HERE/x", "weights")
