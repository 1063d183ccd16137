"""Labelled frames and a sample exam of people who do not exist."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
from dataclasses import replace
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_out, add_verb, count
from proctor_models.errors import ConfigError

SYNTH_PYTHON = "PROCTOR_SYNTH_PYTHON"
"""Environment variable: the Python that has what requirements-synth.txt lists."""
SYNTH_VENV = ".venv-synth"
_OF_SCENES = ("only", "workers", "resolution")
_INSIDE = "PROCTOR_SYNTH_INSIDE"


def _synth(args: argparse.Namespace) -> None:
    if args.kind == "composites":
        given = [f"--{name}" for name in _OF_SCENES if getattr(args, name) is not None]
        if given:
            raise ConfigError(
                f"{', '.join(given)}: expected with --kind scenes only, got --kind composites; leave out what "
                "composites do not have"
            )
        if _here("openpeople", args):
            from proctor_models.synth.composites.compose import compose

            compose(args.frames, args.seed, args.out, fresh=args.fresh)
    elif _here("bpy", args):
        from proctor_models.synth.scenes.generate import Options, generate

        options = Options(args.workers or 0, args.only, args.resolution or "", args.fresh)
        generate(args.frames, args.seed, args.out, options)


def _synth_exam(args: argparse.Namespace) -> None:
    if _here("openpeople", args):
        from proctor_models.synth.composites.exam import sample_exam

        sample_exam(args.seed, args.out, fresh=args.fresh)


def _synth_faces(args: argparse.Namespace) -> None:
    if _here("mediapipe", args):
        from proctor_models.synth.faces.make import Options, synth_faces

        options = Options(_names(args.splits), args.cutouts, args.sheet, args.fresh)
        if args.deeds is not None:
            options = replace(options, deeds=_names(args.deeds))
        synth_faces(args.data, args.frames, args.seed, args.out, options)


def _names(said: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in said.split(","))


def _here(package: str, args: argparse.Namespace) -> bool:
    """Whether this environment has what a verb needs; where it has not, the verb has run in the one that does.

    Blender and MediaPipe want older companions than training does, so they live in an environment of their own.

    Raises:
        ConfigError: there is no such environment; the message says how to make it.
        SystemExit: the verb ended there with an error, which it has told.
    """
    if importlib.util.find_spec(package) is not None:
        return True
    python = _synth_python()
    if python is None or os.environ.get(_INSIDE):
        raise ConfigError(
            f"{package} is not installed; run `make synth-env` once (or name the Python of such an environment in "
            f"{SYNTH_PYTHON}), then this again"
        )
    source = Path(__file__).resolve().parents[2]
    paths = [str(source), *filter(None, [os.environ.get("PYTHONPATH")])]
    words = [str(python), "-m", "proctor_models.cli", args.verb, *_words(args)]
    with subprocess.Popen(words, env=os.environ | {_INSIDE: "1", "PYTHONPATH": os.pathsep.join(paths)}) as process:  # noqa: S603
        code = process.wait()  # an interrupt reaches the child by itself; leaving the block waits for it
    if code:
        raise SystemExit(code)
    return False


def _synth_python() -> Path | None:
    named = os.environ.get(SYNTH_PYTHON)
    if named:
        if not Path(named).is_file():
            raise ConfigError(f"{SYNTH_PYTHON}: expected a Python interpreter, got {named}, which does not exist")
        return Path(named)
    for top in (Path.cwd(), Path(__file__).resolve().parents[3]):
        if (top / SYNTH_VENV / "bin" / "python").is_file():
            return top / SYNTH_VENV / "bin" / "python"
    return None


def _words(args: argparse.Namespace) -> list[str]:
    """The options again, as they are written.

    >>> _words(argparse.Namespace(verb="synth", frames=3, only=None, plain=True, out=Path("a"), run=print))
    ['--frames', '3', '--plain', '--out', 'a']
    """
    words: list[str] = []
    for name, value in vars(args).items():
        if name in ("verb", "run") or value is None or value is False:
            continue
        words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return words


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare them."""
    synth = add_verb(
        verbs,
        "synth",
        _synth,
        "make labelled frames of people who do not exist: 3-D scenes in two views, or composites on photographs",
        "proctor synth --kind scenes --frames 400 --seed 1 --out data/scenes",
    )
    synth.add_argument("--kind", choices=("scenes", "composites"), default="scenes")
    synth.add_argument("--frames", type=int, default=200)
    synth.add_argument("--seed", type=count, default=0)
    add_out(synth, "folder", "folder to write; complete or absent, never half")
    synth.add_argument("--only", type=int, help="scenes: make this frame alone, as the whole run would")
    synth.add_argument("--workers", type=count, help="scenes: processes of one thread (default: one a processor)")
    synth.add_argument("--resolution", help="scenes: WIDTHxHEIGHT of all frames; else each camera has its own")
    _add_fresh(synth, "make it anew in place of what is there, and forget a stopped run instead of continuing it")

    exam = add_verb(
        verbs,
        "synth-exam",
        _synth_exam,
        "compose a sample exam of a made-up candidate in two views",
        "proctor synth-exam --seed 1 --out data/sample-exam",
    )
    exam.add_argument("--seed", type=count, default=0)
    add_out(exam, "folder", "folder to write; complete or absent, never half")
    _add_fresh(exam)

    _add_faces(verbs)


def _add_faces(verbs: Verbs[argparse.ArgumentParser]) -> None:
    faces = add_verb(
        verbs,
        "synth-faces",
        _synth_faces,
        "paint earphones, masks and phones onto the faces of a dataset's frames",
        "proctor synth-faces --data data/demo/split --frames 200 --seed 1 --out data/faces",
    )
    faces.add_argument("--data", required=True, type=Path, help="dataset folder whose frames are painted on")
    faces.add_argument("--frames", type=int, default=200)
    faces.add_argument("--seed", type=count, default=0)
    add_out(faces, "folder", "COCO folder to write; complete or absent, never half")
    faces.add_argument("--splits", default="train", help="sides of the split to paint on, divided by commas")
    faces.add_argument(
        "--deeds",
        help="what to paint, divided by commas: in_ear, over_ear, mask, phone, no_phone, glasses, notebook (default: "
        "all but the last two)",
    )
    faces.add_argument("--cutouts", type=Path, help="folder of PNG files of earphones with transparency")
    text = "JPEG file to show every frame with its boxes; it shows real people"
    add_out(faces, "file", text, "--sheet", required=False)
    _add_fresh(faces)


def _add_fresh(verb: argparse.ArgumentParser, text: str = "make it anew in place of what is there") -> None:
    verb.add_argument("--fresh", action="store_true", help=text)
