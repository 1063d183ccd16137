"""What must hold of the repository itself: lock, notebooks, data store, pipeline, make targets, names."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import proctor_models
from proctor_models import errors
from proctor_models.cli import build_parser
from proctor_models.types import NETS

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "proctor_models"
RECIPES = ("demo", "evaluation", "evaluation-swapped", "release")
STORE_LIMIT_BYTES = 95_000_000
FILE_LINES, FUNCTION_LINES = 320, 45  # "about" 300 and 40


@cache
def project_files() -> tuple[Path, ...]:
    """Files in git, or that would be: new files not ignored."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    words = [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def texts(*patterns: str) -> Iterator[tuple[str, str]]:
    for path in project_files():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("data/remote/") or (patterns and not any(path.match(p) for p in patterns)):
            continue
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@cache
def pipeline() -> dict[str, dict[str, object]]:
    return dict(yaml.safe_load((ROOT / "dvc.yaml").read_text()))


@cache
def project() -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def locked() -> dict[str, str]:
    pins = re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    return dict(pins)


def test_lock__has_hashes_and_no_addresses() -> None:
    text = (ROOT / "requirements.txt").read_text()
    assert not re.search(r"https?://|file:|--index|--find-links|--extra-index|^-", text, re.MULTILINE)
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(locked()) > 100
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("extra", ["", "train", "notebooks", "dev", "audit"])
def test_lock__satisfies_pyproject(extra: str) -> None:
    table = project()["project"]
    asked = table["optional-dependencies"][extra] if extra else table["dependencies"]
    pins = locked()
    for requirement in map(Requirement, asked):
        name = requirement.name.lower().replace("_", "-")
        assert name in pins, f"{name} is not in requirements.txt: run `make lock`"
        assert requirement.specifier.contains(pins[name]), f"{name} {pins[name]}: run `make lock`"


def test_files__name_no_machine_and_no_address_of_a_registry() -> None:
    # Put together here, so that this file does not hold them.
    words = ["/" + "root/", "/" + "work/", "/" + "home/", ".." + "/shared", "pypi" + ".org", "/opt/" + "pypi"]
    found = [(name, word) for name, text in texts() for word in words if word in text and name != "LICENSE"]
    assert found == []


def test_mlflow__folder_is_not_a_package() -> None:
    assert not (ROOT / "mlflow" / "__init__.py").exists(), "it would hide the library mlflow"


def test_source__files_and_functions_are_short() -> None:
    long = []
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        if (lines := text.count("\n")) > FILE_LINES:
            long.append(f"{path.name}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES:
                docstring = (ast.get_docstring(node) or "").count("\n")
                if (node.end_lineno or 0) - node.lineno - docstring >= FUNCTION_LINES and node.name != "build_parser":
                    long.append(f"{path.name}: {node.name}")
    assert long == []


def test_tests__are_named_after_what_they_test() -> None:
    wrong = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            if is_test and not re.fullmatch(r"test_[a-zA-Z0-9_]+__[a-zA-Z0-9_]+", node.name):
                wrong.append(f"{path.name}: {node.name}")
    assert wrong == []


def test_tests__say_which_message_of_ours_they_expect() -> None:
    ours, bare = set(vars(errors)), []
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_raises = isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.raises"
            if is_raises and ast.unparse(node.args[0]) in ours and "match" not in {k.arg for k in node.keywords}:
                bare.append(f"{path.name}:{node.lineno}")
    assert bare == []


def test_pipeline__stages_are_verbs_and_their_commands_parse() -> None:
    from dvc.repo import Repo

    with Repo(str(ROOT)) as repo:
        commands = {stage.name: str(stage.cmd) for stage in repo.index.stages if getattr(stage, "name", None)}
    assert {name.partition("@")[0] for name in commands} == set(pipeline()["stages"])
    for name, command in commands.items():
        words = command.split()
        assert words[0] == "proctor", name
        assert build_parser().parse_args(words[1:]).verb == name.partition("@")[0]


def test_pipeline__outputs_are_not_cached_so_that_a_bare_pull_works() -> None:
    for name, stage in pipeline()["stages"].items():
        for out in stage["do"]["outs"]:
            assert list(out.values()) == [{"cache": False}], name


def test_pipeline__never_writes_a_released_pack() -> None:
    version = project()["project"]["version"]
    assert f"proctor-pack-{version}" not in (ROOT / "dvc.yaml").read_text()


def test_pipeline__source_folders_exist() -> None:
    named = re.findall(r"- (src/\S+|configs/rules)", (ROOT / "dvc.yaml").read_text())
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("recipe", RECIPES)
def test_pipeline__follows_every_section_of_a_recipe(recipe: str) -> None:
    text = (ROOT / "dvc.yaml").read_text()
    followed = set(re.findall(r"^ {12}- (\w+)$", text, re.MULTILINE)) | set(NETS)
    raw = yaml.safe_load((ROOT / "configs" / f"{recipe}.yaml").read_text())
    followed_by_content = {"weights"}  # in data/outside.sha256, or in data/checkpoints
    assert set(raw) - followed - followed_by_content == set(), (
        "a change there would rerun nothing: add it to the stage's params in dvc.yaml"
    )
    assert followed - set(raw) == set(), "dvc.yaml follows a section that the recipe does not state"


def test_store__is_small_and_complete() -> None:
    store = ROOT / "data" / "remote"
    stored = [path for path in store.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in stored) <= STORE_LIMIT_BYTES
    hashes = {path.parent.name + path.name for path in stored}
    for path in project_files():
        if path.suffix != ".dvc":
            continue
        for out in yaml.safe_load(path.read_text())["outs"]:
            assert out["md5"] in hashes, f"{path.name}: not in data/remote; run `dvc push`"
            if out["md5"].endswith(".dir"):
                listing = store / "files" / "md5" / out["md5"][:2] / out["md5"][2:]
                missing = [entry["relpath"] for entry in json.loads(listing.read_text()) if entry["md5"] not in hashes]
                assert missing == [], f"{path.name}: not in data/remote; run `dvc push`"


def test_store__is_named_relative_to_the_repository() -> None:
    config = (ROOT / ".dvc" / "config").read_text()
    assert re.findall(r"url = (.*)", config) == ["../data/remote"]
    assert re.search(r"analytics = false", config)
    assert re.search(r"autostage = false", config)


def make(target: str) -> subprocess.CompletedProcess[str]:
    """Make as from a fresh shell: no variables of a make that runs these tests."""
    words = ["make", "--no-print-directory", target]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})


def test_make__help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split())
    documented = set(re.findall(r"^([a-z-]+):.* ## \S", text, re.MULTILINE))
    assert documented == phony
    answer = make("help")
    assert {line.split()[1] for line in answer.stdout.splitlines()} == documented


def test_make__ci_runs_make_test_and_nothing_else() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert commands == ['cd "$(dirname "$0")/.." && exec make test']


@pytest.mark.parametrize("target", ["evaluation", "release"])
def test_make__names_the_variable_that_is_not_set(target: str) -> None:
    assert re.search(rf"^{target}: .*data/outside\.sha256", (ROOT / "Makefile").read_text(), re.MULTILINE)
    answer = make("data/outside.sha256")
    assert answer.returncode != 0
    assert "set PROCTOR_FRAMES to the folder" in answer.stderr


def test_hooks__are_four_and_local() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    assert [hook["id"] for hook in repos[0]["hooks"]] == [
        "ruff-format",
        "ruff-check",
        "import-contracts",
        "strip-notebooks",
    ]
    assert all(hook["entry"].startswith(".venv/bin/") for hook in repos[0]["hooks"])


def test_versions__agree() -> None:
    version = project()["project"]["version"]
    release = yaml.safe_load((ROOT / "configs" / "release.yaml").read_text())
    assert version == proctor_models.__version__ == release["pack"]["version"]
