"""`proctor <verb>`: the only place that composes the parts.

Every verb imports what it needs when it runs, so that `proctor watch` works in the base install.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from proctor_models import __version__
from proctor_models.cli import (
    audit,
    curate,
    data,
    evaluation,
    exams,
    pipeline,
    prelabel,
    review,
    signing,
    synth,
    targets,
)
from proctor_models.errors import ProctorError
from proctor_models.runtime.terminal import is_left, leave, say

# Nothing this process loads may phone home or install by itself.
QUIET = {
    "ORT_DISABLE_TELEMETRY": "1",
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "FIFTYONE_DO_NOT_TRACK": "true",
    "FIFTYONE_DATABASE_VALIDATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "DVC_NO_ANALYTICS": "1",
}


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="proctor", description="Data, nets, packs and reviews for remote-exam proctoring."
    )
    parser.add_argument("--version", action="version", version=f"proctor {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for part in (pipeline, signing, evaluation, targets, curate, data, prelabel, exams, review, audit, synth):
        part.add(verbs)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; 0 done, 1 refused with a reason, 2 wrong usage, 130 interrupted, 141 its reader has gone."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    args = build_parser().parse_args(argv)
    try:
        args.run(args)
        sys.stdout.flush()  # what `head` does not want any more is to fail here, not when the interpreter ends
    except BrokenPipeError:
        gone = [stream for stream in (sys.stdout, sys.stderr) if is_left(stream)]
        if not gone:
            raise  # a pipe of another kind: a defect of ours
        for stream in gone:
            leave(stream)
        return 141
    except ProctorError as error:
        say(f"proctor {args.verb}: {error}")
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("proctor_models"):
            raise  # a defect of ours
        synth = args.verb.startswith("synth")
        remedy = "run `make synth-env`" if synth else "run `make env` in the repository"
        say(f"proctor {args.verb}: needs {error.name}, which is not installed; {remedy}")
        return 1
    except KeyboardInterrupt:
        say(f"proctor {args.verb}: interrupted; what was complete is kept")
        return 130
    return 0
