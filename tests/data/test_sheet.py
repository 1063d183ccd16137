"""Datasheets: seven headings, nothing empty, and true of the frames they lie beside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drawn import ROOT
from labelled import label, record
from proctor_models.cli import main
from proctor_models.config import load_recipe
from proctor_models.data.manifest import Manifest, data_version
from proctor_models.data.versions.gaps import gaps
from proctor_models.data.versions.sheet import write_sheet
from proctor_models.data.versions.sheet_tables import markdown
from versioned import project

HEADINGS = (
    "Motivation",
    "Composition",
    "Collection",
    "Preprocessing, cleaning, labelling",
    "Uses",
    "Distribution",
    "Maintenance",
)
SOURCE = {"rights": "may be used for | teaching", "consent": "signed on paper, 2026"}


def test_split__writes_the_sheet_that_the_verb_makes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = project(tmp_path)
    monkeypatch.chdir(tmp_path)
    split = Path("data/demo/split")
    words = ["--data", str(split), "--recipe", "demo", "--out", "again/sheet.md"]
    assert main(["data", "sheet", *words]) == 0
    text = Path("again/sheet.md").read_text()
    assert text == (split / "datasheet.md").read_text()
    assert tuple(re.findall(r"^## (.*)$", text, re.MULTILINE)) == HEADINGS
    assert f"`{data_version(split)}`, {len(Manifest.load(split))} frames" in text
    assert f"# Datasheet: {recipe.name}" in text
    assert "| P4 | 4 | test | drawn |" in text


def test_datasheet__leaves_no_field_empty(tmp_path: Path) -> None:
    project(tmp_path)
    for line in (tmp_path / "data/demo/split/datasheet.md").read_text().splitlines():
        assert not re.search(r"\| *\|", line), line
        assert not re.fullmatch(r"- \*\*.*\*\*: *", line), line


def test_datasheet__rights_and_consent_are_what_the_recipe_states(tmp_path: Path) -> None:
    recipe = project(tmp_path)
    sheet = tmp_path / "data/demo/split/datasheet.md"
    assert "| drawn | drawn | CC0-1.0 | 16 | 4 | 8 | not stated | not stated |" in sheet.read_text()
    source = recipe.ingest.sources[0].model_copy(update=SOURCE)
    stated = recipe.model_copy(update={"ingest": recipe.ingest.model_copy(update={"sources": (source,)})})
    write_sheet(tmp_path / "data/demo/split", tmp_path / "sheet.md", stated)
    text = (tmp_path / "sheet.md").read_text()
    assert r"| may be used for \| teaching | signed on paper, 2026 |" in text


def test_gaps__are_computed_from_the_frames() -> None:
    synthetic = {"synthetic": "true"}
    frames = [
        record("a", [label("phone")], person="S1", tags={"light": "dim"}, split="train"),
        record("b", [label("earphone")], person="S1", labelled=("earphone",), split="train"),
        record("c", [label("phone")], labelled=("earphone",), view="second", tags=synthetic, split="test"),
    ]
    found = gaps(frames)
    assert "phone: only 2 boxes." in found
    assert "phone: of known people only S1 shows it; 1 frames of unknown people do." in found
    assert "earphone: every box is of one person (S1); a net may learn the person instead." in found
    assert "phone: 33% of the frames label it exhaustively; in the others it is unknown, not absent." in found
    assert "No real frame of the second view: all 1 are synthetic." in found
    assert "light: stated for 1 of 3 frames." in found
    assert "No val frame." in found
    assert "No test frame shows earphone." in found
    assert any(line.startswith("Not labelled in any frame: skin tone, age") for line in found)
    assert "No frame of the second view." in gaps(frames[:1])


def test_markdown__says_so_where_there_is_no_row() -> None:
    assert markdown(["a", "b"], []).splitlines()[-1] == "| none | - |"
    assert markdown(["a"], [[""]]).splitlines()[-1] == "| not stated |"


def test_embedded__the_committed_sheet_is_of_the_embedded_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)  # the recipe names the folder from there
    if not Path("data/embedded/annotations.json").is_file():
        pytest.skip("data/embedded is not there: `dvc pull data/embedded.dvc`")
    write_sheet(Path("data/embedded"), tmp_path / "sheet.md", load_recipe(Path("configs/demo.yaml")))
    again = "proctor data sheet --data data/embedded --recipe demo --out docs/datasheets/embedded.md"
    assert (tmp_path / "sheet.md").read_text() == Path("docs/datasheets/embedded.md").read_text(), f"run `{again}`"
