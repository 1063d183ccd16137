"""Writes a session until somebody kills it; prints the findings the ledger has taken, each as soon as it has.

python killed.py FOLDER new|resume
"""

import sys
from pathlib import Path

from proctor_models.runtime.evidence import Ledger
from sessions import STARTED, picture, steps

JPEG_BYTES = 30_000


def main(folder: Path, how: str) -> None:
    ledger = Ledger(folder, live=True) if how == "new" else Ledger.resume(folder)
    at_s = max(ledger.last_s.values(), default=-0.5) + 0.5
    ledger.start(STARTED, None if how == "new" else at_s + 5)
    print("started", flush=True)
    for time_s, step in steps(ledger.next_number, frames=10_000, at_s=at_s + 5, size=JPEG_BYTES):
        ledger.step("first", time_s, step)
        for opened in step.opened:
            print("opened", opened.finding.id, flush=True)
        for reported in step.reported:
            print("closed", reported.finding.id, flush=True)


if __name__ == "__main__":
    assert picture("a")
    main(Path(sys.argv[1]), sys.argv[2])
