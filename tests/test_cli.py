from __future__ import annotations

import argparse
import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from proctor_models import __version__
from proctor_models.cli import build_parser, exams, main, pipeline
from proctor_models.cli.parts import add_out, check_out
from proctor_models.errors import DataError
from sessions import write_session

VERBS = (
    *("ingest", "curate replay", "split", "train", "export", "evaluate", "pack"),
    *("evaluate-errors", "evaluate-events", "targets"),
    *("curate open", "curate save"),
    *("watch", "review", "predict", "prelabel"),
    *("keys", "sign", "audit verify", "audit verify-pack"),
    *("audit register", "audit promote", "audit at", "audit trace", "audit replay", "audit expire", "audit report"),
    *("data diff", "data sheet", "data forget"),
    *("synth", "synth-exam", "synth-faces"),
)
ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    *("README.md", "CONTRIBUTING.md", "data/README.md", "mlflow/README.md"),
    *("docs/audit.md", "docs/tutorial-new-detector.md"),
)
HEAD = "0" * 64
HEAVY = (
    "torch",
    "lightning",
    "ultralytics",
    "pydantic",
    "yaml",
    "onnx",
    "mlflow",
    "dvc",
    "matplotlib",
    "cv2",
    "fiftyone",
)


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Every verb that runs, by its words."""
    found = {}
    todo = [("", build_parser())]
    while todo:
        words, parser = todo.pop()
        if parser._subparsers is None:
            found[words.strip()] = parser
        else:
            todo += [(f"{words} {name}", each) for name, each in parser._subparsers._group_actions[0].choices.items()]
    return found


def test_build_parser__has_exactly_the_verbs() -> None:
    assert set(parsers()) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_build_parser__example_in_help_parses(verb: str) -> None:
    help_text = parsers()[verb].format_help()
    example = shlex.split(help_text.partition("example:")[2].strip())
    assert " ".join(example).startswith(f"proctor {verb} ")
    assert build_parser().parse_args(example[1:]).run


def commands(page: str) -> list[str]:
    """The commands of `proctor` that a page tells its reader to run: indented, fenced, or at a console's prompt."""
    text, fence, found = re.sub(r"\\\n *", "", (ROOT / page).read_text(encoding="utf-8")), "", []
    for line in text.splitlines():
        if line.startswith("```"):
            fence = "" if fence else line
        prompt = {"": "    ", "```console": "$ "}.get(fence, "")
        told = line.removeprefix(prompt) if line.startswith(prompt) else ""
        if told.startswith("proctor "):
            found.append(told)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_build_parser__commands_of_the_documents_parse(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert commands(page)
    for command in commands(page):
        words = list(itertools.takewhile(lambda word: word not in "&|;", shlex.split(command, comments=True)))
        words = [HEAD if word.startswith("$(") else word for word in words]
        for word in words:
            if word.startswith("@"):
                Path(word[1:]).write_text("--except=figures: a file that the reader writes\n")
        assert build_parser().parse_args(words[1:]).run, command


def test_commands__of_the_audit_page_are_all_that_an_auditor_has() -> None:
    told = " ".join(commands("docs/audit.md"))
    words = ("verify", "verify-pack", "register", "promote", "at", "trace", "replay", "report", "expire")
    assert [word for word in words if f"proctor audit {word} " not in told] == []


def test_main__version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"proctor {__version__}\n"


@pytest.mark.parametrize("words", [[], ["fly"], ["train", "--recipe", "demo"], ["watch", "--pack", "p", "--rate", "x"]])
def test_main__wrong_usage_exits_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "usage: proctor" in capsys.readouterr().err


def test_main__refusal_is_one_message_and_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "absent.yaml"
    assert main(["ingest", "--recipe", str(recipe), "--out", str(tmp_path / "raw")]) == 1
    message = capsys.readouterr().err
    assert message.startswith(f"proctor ingest: {recipe}: no such recipe")
    assert "Traceback" not in message
    assert list(tmp_path.iterdir()) == []


def test_main__recipe_by_name_is_sought_in_configs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "mine.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert main(["split", "--recipe", "yours", "--data", "x", "--out", "y"]) == 1
    assert "recipes beside it: mine.yaml" in capsys.readouterr().err


WRITING = {
    "ingest --recipe r": "folder",
    "synth": "folder",
    "synth-exam": "folder",
    "synth-faces --data d": "folder",
    "prelabel --pack p --images i --format cvat": "folder",
    "watch --pack p --rules r": "into",
    "data diff a b": "into",
    "data sheet --data d": "file",
    "curate save --data d": "file",
    "predict --pack p --images i": "file",
}


@pytest.mark.parametrize("verb", WRITING)
def test_main__a_place_where_nothing_can_be_written_is_refused(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("mine")
    folder.mkdir()
    places = {
        file / "below" / "out": f"cannot be made: {file} is no folder",
        Path("/proc/none/out"): "cannot be written",
    }
    if WRITING[verb] == "file":
        places[folder] = f"--out: expected a file, got {folder}, which is a folder; name a file in it"
    else:
        places[file] = f"--out: expected a folder, got {file}, which is a file; name another"
    for out, words in places.items():
        assert main([*verb.split(), "--out", str(out)]) == 1
        message = capsys.readouterr().err
        assert message.startswith(f"proctor {verb.split(maxsplit=1)[0]}: --out: ")
        assert words in message
    assert file.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


def test_check_out__a_mount_point_can_be_written_into_but_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.path.ismount", lambda path: path == tmp_path)
    check_out(tmp_path, "into")
    check_out(tmp_path / "out", "folder")
    with pytest.raises(DataError, match="a mount point; name one in it"):
        check_out(tmp_path, "folder")


def test_add_out__every_verb_that_writes_checks_where() -> None:
    writing = {verb for verb, parser in parsers().items() if "--out" in parser._option_string_actions}
    assert set(parsers()) - writing == {
        "curate open",
        "data forget",
        "review",
        "sign",
        "audit at",
        "audit expire",
        "audit promote",
        "audit register",
        "audit replay",
        "audit verify",
        "audit verify-pack",
    }
    assert {verb for verb in writing if parsers()[verb].get_default("run").__name__ != "checked"} == set()


def test_add_out__an_option_of_two_words(tmp_path: Path) -> None:
    parser, written = argparse.ArgumentParser(), []
    parser.set_defaults(run=lambda args: written.append(args.review_page))
    add_out(parser, "file", "page to write", "--review-page", required=False)
    for words in ([], ["--review-page", str(tmp_path / "page.html")]):
        args = parser.parse_args(words)
        args.run(args)
    assert written == [None, tmp_path / "page.html"]
    args = parser.parse_args(["--review-page", str(tmp_path)])
    with pytest.raises(DataError, match=r"--review-page: expected a file, got .*, which is a folder"):
        args.run(args)


def test_main__interrupted_exits_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_args: argparse.Namespace) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(exams, "_predict", interrupted)
    assert main(["predict", "--pack", "p", "--images", "i", "--out", "o.json"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_main__error_that_is_a_defect_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_args: argparse.Namespace) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(exams, "_predict", broken)
    with pytest.raises(ZeroDivisionError, match="a defect"):
        main(["predict", "--pack", "p", "--images", "i", "--out", "o.json"])


def test_main__base_install_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking(_args: argparse.Namespace) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(pipeline, "_train", lacking)
    assert main(["train", "--recipe", "r", "--net", "head", "--data", "d", "--out", "o"]) == 1
    assert "needs torch" in capsys.readouterr().err


def test_cli__imports_nothing_heavy() -> None:
    code = f"import sys, proctor_models.cli as c; c.build_parser(); print([m for m in {HEAVY!r} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_cli__runs_as_a_module() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "proctor_models.cli", "watch", "--help"], capture_output=True, text=True, check=True
    )
    assert "--second" in answer.stdout


def test_main__ends_without_a_word_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    write_session(tmp_path / "exam")
    words = [sys.executable, "-m", "proctor_models.cli", "audit", "verify", str(tmp_path / "exam")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert (child.stderr.read(), child.wait(60)) == (b"", 141)


def test_main__a_pipe_that_breaks_elsewhere_is_no_reader_that_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_args: argparse.Namespace) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(exams, "_predict", broken)
    with pytest.raises(BrokenPipeError):
        main(["predict", "--pack", "p", "--images", "i", "--out", "o.json"])


def test_cli__knows_every_net() -> None:
    from proctor_models.cli.parts import _COMMON
    from proctor_models.types import NETS

    assert _COMMON["--net"]["choices"] == NETS
