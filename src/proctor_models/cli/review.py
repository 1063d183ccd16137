"""`proctor review`: judge what was found in an exam, in the browser."""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_verb, count


def _review(args: argparse.Namespace) -> None:
    from proctor_models.runtime.decisions import DECISIONS_FILE
    from proctor_models.runtime.review_server import ReviewServer

    with ReviewServer(args.folder, args.port) as server:
        print(f"review page  {server.address}\nthis machine alone can open it; Ctrl-C ends", flush=True)
        if not args.no_browser:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            done, everything = server.judged
            print(f"\n{done} of {everything} judged; decisions in {args.folder / DECISIONS_FILE}")


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare it."""
    review = add_verb(
        verbs,
        "review",
        _review,
        "judge the findings of a watched exam in the browser; decisions are saved beside the evidence",
        "proctor review review",
    )
    review.add_argument("folder", type=Path, metavar="DIR", help="folder that `watch` wrote")
    review.add_argument("--port", type=count, default=0, help="port on 127.0.0.1 (default: any free one)")
    review.add_argument("--no-browser", action="store_true", help="only print the address")
