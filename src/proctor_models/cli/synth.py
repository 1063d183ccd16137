"""Labelled frames and a sample exam of people who do not exist."""

from __future__ import annotations

import argparse
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_verb


def _synth(args: argparse.Namespace) -> None:
    from proctor_models.synth.composites.compose import compose

    compose(args.frames, args.seed, args.out)


def _synth_exam(args: argparse.Namespace) -> None:
    from proctor_models.synth.composites.exam import sample_exam

    sample_exam(args.seed, args.out)


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare them."""
    synth = add_verb(
        verbs,
        "synth",
        _synth,
        "compose labelled frames on photographs of made-up people",
        "proctor synth --frames 200 --seed 1 --out data/embedded",
    )
    synth.add_argument("--frames", type=int, default=200)
    synth.add_argument("--seed", type=int, default=0)
    synth.add_argument("--out", required=True, type=Path)

    exam = add_verb(
        verbs,
        "synth-exam",
        _synth_exam,
        "compose a sample exam of a made-up candidate in two views",
        "proctor synth-exam --seed 1 --out data/sample-exam",
    )
    exam.add_argument("--seed", type=int, default=0)
    exam.add_argument("--out", required=True, type=Path)
