"""Frames with the boxes a pack sees, for a person to correct."""

from __future__ import annotations

import argparse
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_common, add_out, add_verb, bits, seconds, share


def _prelabel(args: argparse.Namespace) -> None:
    from proctor_models.data.changes import Sampling
    from proctor_models.data.prelabel import prelabel

    sampling = Sampling(args.every, args.change_bits, args.min_change, args.max_gap, args.damaged)
    prelabel(
        args.pack,
        args.images,
        args.format,
        args.out,
        sampling=sampling,
        min_score=args.min_score,
        threads=args.threads,
    )


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare it."""
    parser = add_verb(
        verbs,
        "prelabel",
        _prelabel,
        "label frames or videos by a pack, for a person to correct in CVAT or Label Studio",
        "proctor prelabel --pack export/proctor-pack-0.9.0 --images recordings --format cvat --min-change 0.02"
        " --max-gap 60 --out to-correct",
    )
    add_common(parser, "--pack", "--threads")
    parser.add_argument("--images", required=True, type=Path, help="folder of images and videos, or one of them")
    parser.add_argument("--format", required=True, choices=("cvat", "label-studio", "coco"), help="the tool's format")
    add_out(parser, "folder", "new folder to write; complete or absent, never half")
    parser.add_argument("--min-score", type=share, help="leave out boxes scored lower (default: by detector)")
    parser.add_argument("--every", type=seconds, default=1.0, help="videos: seconds between frames (default: 1)")
    parser.add_argument("--min-change", type=share, help="videos: share of the picture that must differ, as 0.02")
    parser.add_argument("--change-bits", type=bits, help="videos: bits of 64 by which the perceptual hash must differ")
    parser.add_argument("--max-gap", type=seconds, help="videos: seconds after which a still scene gives a frame again")
    parser.add_argument(
        "--damaged",
        choices=("refuse", "keep"),
        default="refuse",
        help="videos: refuse a damaged file, or keep the frames of it that are whole (default: refuse)",
    )
