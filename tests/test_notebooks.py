"""Seven notebooks, each a question: their form, and that each runs on the miniature."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest

from drawn import ROOT, Miniature

NAMES = (
    "01_what_is_in_the_frames",
    "02_is_the_split_honest",
    "03_how_well_does_each_detector_see",
    "04_what_do_we_miss",
    "05_where_do_thresholds_go",
    "06_does_export_change_anything",
    "07_one_exam_end_to_end",
)
MOST_LINES = 100
CELL_LIMIT_S = 300


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def code(name: str) -> list[str]:
    return [cell.source for cell in read(name).cells if cell.cell_type == "code"]


def test_notebooks__are_the_seven() -> None:
    assert sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_notebooks__open_with_question_answer_needs(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    places = [first.source.find(f"**{word}.**") for word in ("Question", "Answer", "Needs")]
    assert places[0] == 0
    assert places == sorted(places)
    assert "?" in first.source[: places[1]]


@pytest.mark.parametrize("name", NAMES)
def test_notebooks__are_short_and_define_nothing(name: str) -> None:
    cells = code(name)
    assert sum(len([line for line in cell.splitlines() if line.strip()]) for cell in cells) <= MOST_LINES
    for cell in cells:
        assert not [line for line in cell.splitlines() if line.lstrip().startswith(("!", "%"))]
        assert "sys.path" not in cell
        defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
        assert not [node for node in ast.walk(ast.parse(cell)) if isinstance(node, defined)]


@pytest.mark.parametrize("name", NAMES)
def test_notebooks__hold_no_output(name: str) -> None:
    for cell in read(name).cells:
        if cell.cell_type == "code":
            assert cell.outputs == [], "run `pre-commit` (nbstripout): outputs show people"
            assert cell.execution_count is None


@pytest.mark.slow
@pytest.mark.xdist_group("miniature")
@pytest.mark.parametrize("name", NAMES)
def test_notebooks__run_and_show_a_picture(
    name: str, miniature: Miniature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("PROCTOR_ROOT", str(miniature.root))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{miniature.root}/mlflow.db")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("MPLCONFIGDIR", str(miniature.root / ".matplotlib"))  # its font list takes seconds to make
    notebook = read(name)
    # The kernel is this environment's, whatever kernels the machine has under the same name.
    monkeypatch.setenv("JUPYTER_PATH", str(Path(sys.prefix) / "share" / "jupyter"))
    NotebookClient(notebook, timeout=CELL_LIMIT_S, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.output_type == "stream" and "Warning" in output.text]


@pytest.mark.slow
def test_lab__answers_who_has_the_token_and_asks_nobody(tmp_path: Path) -> None:
    config = str(ROOT / "notebooks" / "lab_config.py")
    words = [sys.executable, "-m", "jupyterlab", "--config", config, "--no-browser", "--ServerApp.port=0"]
    told = {**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    # The user's own settings and kernels stay out of it, as do servers of the same name.
    with subprocess.Popen(words, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as lab:
        try:
            server = started(tmp_path)
            assert server["url"].startswith("http://127.0.0.1:")
            assert Path(server["root_dir"]) == ROOT
            assert asked(f"{server['url']}api/status", server["token"])["kernels"] == 0
            assert asked(f"{server['url']}lab/api/news", server["token"]) == {"news": []}
            assert asked(f"{server['url']}lab/api/update", server["token"]) == {"notification": None}
            with pytest.raises(urllib.error.HTTPError, match="403"):
                asked(f"{server['url']}api/status", "")
        finally:
            lab.terminate()


def started(runtime: Path) -> dict[str, str]:
    """What a server says of itself, once it is up."""
    end_s = time.monotonic() + CELL_LIMIT_S
    while time.monotonic() < end_s:
        for path in runtime.glob("jpserver-*.json"):
            if text := path.read_text():
                said: dict[str, str] = json.loads(text)
                return said
        time.sleep(0.2)
    raise TimeoutError(f"no JupyterLab after {CELL_LIMIT_S} s")


def asked(url: str, token: str) -> dict[str, object]:
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})  # noqa: S310  our own server
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=60) as answer:
        content: dict[str, object] = json.load(answer)
        return content
