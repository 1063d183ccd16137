"""One process that makes scenes: numbers come in on standard input, one answer a line goes out.

Blender writes to standard output as it likes, so that the answers go to a copy of it and the original to nowhere. The
process ends when its input does: it never outlives the one that started it by more than a scene.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from proctor_models.synth.scenes.plans.jobs import Job, planned


def main() -> None:
    """Serve until the input ends. Arguments: the work folder, and a `Job` as JSON."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears of it too, and ends us
    folder, job = Path(sys.argv[1]), Job(**json.loads(sys.argv[2]))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    for line in sys.stdin:
        answers.write(json.dumps(_answer(folder, job, json.loads(line))) + "\n")
        answers.flush()


def _answer(folder: Path, job: Job, order: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    try:
        import cv2

        from proctor_models.synth.scenes.frames import make_frames

        cv2.setNumThreads(1)
        make_frames(planned(job, order["scene"]), folder, tuple(order["views"]))
    except Exception:  # whatever goes wrong with one scene is reported, the others go on
        return {"scene": order["scene"], "error": traceback.format_exc(limit=-6)}
    return {"scene": order["scene"], "seconds": round(time.monotonic() - started, 2)}


if __name__ == "__main__":
    main()
