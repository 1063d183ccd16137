"""Make docs/audit.md's outputs and the documents' pictures again, from what `make run` left.

    python benchmarks/audit_page.py [--root CHECKOUT] [--keep DIR]

The page's commands run in their order in a folder of their own, laid out as the checkout: with the demo's pack, the
embedded sample exam and a copy of the MLflow store. What each prints takes the place of what the page shows below it.
Then a headless Chromium shows trace, report, review page and MLflow's pages. Nothing in the checkout but `docs/` is
written; only made-up people are in the pictures.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from browser import Browser

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGE = DOCS / "audit.md"
LINKED = ("configs", "data", "dvc.yaml", "dvc.lock")
EXCEPTIONS = (
    "--except=figures: nobody measured targets with the demo's nets",
    "--except=targets/*: the demo shows the road, not how well it sees",
    "--except=slice_gap: as above; 24 test frames have no slices to speak of",
)
DECISIONS = {"F0001": ("confirmed", "held up to the camera"), "F0003": ("dismissed", "a poster")}
PORT = 5917
LOADED = "document.readyState === 'complete' && [...document.images].every((each) => each.complete)"
MOST_BYTES = 200_000
MOST_LINES = 30
"""Of one command's output; what is left out is counted."""


def main() -> None:
    """Run the commands, show the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT, help="checkout in which `make run` has been through")
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it; one that is there only gets shown")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = (args.keep or Path(scratch) / "work").resolve()
        if not work.exists():
            lay_out(args.root.resolve(), work)
            PAGE.write_text(follow(PAGE.read_text("utf-8"), work), "utf-8")
        show(work, Path(scratch))


def lay_out(root: Path, work: Path) -> None:
    """The folder that the page's commands run in."""
    (work / "mlflow").mkdir(parents=True)
    (work / "home").mkdir()
    for name in LINKED:
        (work / name).symlink_to(root / name)
    shutil.copytree(root / "export" / "proctor-pack-demo", work / "export" / "proctor-pack-demo")
    with (
        closing(sqlite3.connect(f"file:{root / 'mlflow' / 'mlflow.db'}?mode=ro", uri=True)) as store,
        closing(sqlite3.connect(work / "mlflow" / "mlflow.db")) as copy,
    ):
        store.backup(copy)  # whole, also while a training writes to it
        beside = (work / "mlflow" / "artifacts").as_uri()
        copy.execute("update experiments set artifact_location = ? where name = 'packs'", (beside,))
        copy.commit()
    (work / "exceptions.txt").write_text("".join(f"{line}\n" for line in EXCEPTIONS))


def follow(text: str, work: Path) -> str:
    """The page with what its commands print now."""

    def again(block: re.Match[str]) -> str:
        lines: list[str] = []
        for command in re.findall(r"^\$ (.*)$", block[1], re.MULTILINE):
            lines += [f"$ {command}", *said(command, work)]
            if command.startswith("proctor watch"):
                decide(work)
        return "```console\n" + "\n".join(lines) + "\n```"

    return re.sub(r"^```console\n(.*?)^```$", again, text, flags=re.DOTALL | re.MULTILINE)


def said(command: str, work: Path) -> list[str]:
    """What a command prints, as somebody sees it who stands in the checkout."""
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=work,
        env=environment(work),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(f"$ {command}\n{done.stdout}", end="", flush=True)
    lines = [
        line.rstrip()[:400] for line in done.stdout.replace(f"{work}/home", "~").replace(f"{work}/", "").splitlines()
    ]
    left = len(lines) - MOST_LINES
    if left > 0:
        lines = [*lines[:MOST_LINES], f"... and {left} more lines"]
    return lines if done.returncode == 0 else [*lines, f"exit code {done.returncode}"]


def environment(work: Path) -> dict[str, str]:
    """Without a store or a home of somebody's own; this checkout's programs come first."""
    told = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    path = f"{Path(sys.executable).parent}:{told['PATH']}"
    ours = {"PYTHONPATH": str(ROOT / "src"), "PATH": path, "HOME": str(work / "home"), "LC_ALL": "C.UTF-8"}
    return {**told, **ours, "PYTHONUNBUFFERED": "1"}  # what is refused stands below what was printed before


def decide(work: Path) -> None:
    """Two decisions, as the review page would save them."""
    from proctor_models.runtime.decisions import append_decisions, decisions_from

    rows = [{"finding": name, "decision": choice, "note": note} for name, (choice, note) in DECISIONS.items()]
    append_decisions(work / "review", decisions_from({"decisions": rows}, DECISIONS.keys()))


def show(work: Path, scratch: Path) -> None:
    """Pictures of the pages."""
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import browser

    with browser(scratch / "profile") as page:
        page.size(1280, 1300)
        for name in ("trace", "report"):
            page.open((work / f"{name}.html").as_uri(), LOADED)
            save(taken(page, scratch), DOCS / f"audit-{name}.png")
        show_review(page, work / "review", scratch)
        page.size(1440, 1000)
        with serving(["mlflow", "server"], work, f"http://127.0.0.1:{PORT}/health"):
            for name, place, words in mlflow_pages(work / "mlflow" / "mlflow.db"):
                page.open(f"http://127.0.0.1:{PORT}/#{place}", f"document.body?.innerText.includes('{words}')")
                time.sleep(5)  # curves are drawn after the words
                save(taken(page, scratch), DOCS / f"audit-{name}.png")


def show_review(page: Browser, folder: Path, scratch: Path) -> None:
    """The review page on a desk, and on a phone: its beginning, and the second finding to be judged."""
    from watched import served

    with served(folder) as server:
        page.size(1425, 1584)
        page.open(f"{server.address}#lang=en")
        page.until(LOADED)
        save(taken(page, scratch), DOCS / "review.png")
        page.size(390, 844)
        page.open(f"{server.address}#lang=zh")
        page.until(LOADED)
        left = taken(page, scratch)
        page.press("j")
        page.run("document.querySelector('.card').scrollIntoView()")
        page.until(LOADED)
        right = taken(page, scratch)
        both = Image.new("RGB", (left.width + 24 + right.width, left.height), "white")
        both.paste(left, (0, 0))
        both.paste(right, (left.width + 24, 0))
        save(both, DOCS / "review-phone.png")


def taken(page: Browser, scratch: Path) -> Image.Image:
    """What the browser shows."""
    page.picture(scratch / "shown.png")
    return Image.open(scratch / "shown.png").convert("RGB")


def mlflow_pages(store: Path) -> Iterator[tuple[str, str, str]]:
    """Name of the picture, address, and words that say it is drawn."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
        newest = "select max(version) from model_versions where name = 'proctor-scene'"
        (version,) = database.execute(newest).fetchone()
        (run_id,) = database.execute(
            "select value from model_version_tags "
            "where name = 'proctor-scene' and version = ? and key = 'training_run'",
            (version,),
        ).fetchone()
        (experiment,) = database.execute("select experiment_id from runs where run_uuid = ?", (run_id,)).fetchone()
    yield "run", f"/experiments/{experiment}/runs/{run_id}", "Parameters"
    yield "model", f"/models/proctor-scene/versions/{version}", "promotion.exceptions"


@contextmanager
def serving(words: list[str], work: Path, url: str) -> Iterator[None]:
    """A server while the block runs, once it answers; set up as `make mlflow` does, on another port."""
    named = dict(line.split("=", 1) for line in (ROOT / "mlflow/server.env").read_text().splitlines() if "=" in line)
    told = {**environment(work), **named, "MLFLOW_PORT": str(PORT)}
    with subprocess.Popen(words, cwd=work, env=told, start_new_session=True) as server:
        try:
            answers(url)
            yield
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # with the workers that it started


def answers(url: str, limit_s: float = 600.0) -> None:
    """Wait until somebody answers.

    Raises:
        TimeoutError: nobody does.
    """
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=30):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    raise TimeoutError(f"{url}: nobody answered for {limit_s:g} s")


def save(picture: Image.Image, out: Path) -> None:
    """A picture with as many colours as fit the size that the documents allow.

    Raises:
        ValueError: it is too large with the fewest.
    """
    for colours in (256, 128, 64, 32):
        content = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
        if content.tell() < MOST_BYTES:
            out.write_bytes(content.getvalue())
            print(f"{out}: {content.tell()} bytes, {colours} colours", flush=True)
            return
    raise ValueError(f"{out}: expected less than {MOST_BYTES} bytes, got {content.tell()}; show less of the page")


if __name__ == "__main__":
    main()
