"""`proctor review`: judge what was found in an exam, in the browser."""

from __future__ import annotations

import argparse
import tempfile
import webbrowser
from contextlib import ExitStack
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_verb, count


def _review(args: argparse.Namespace) -> None:
    from proctor_models.runtime.decisions import DECISIONS_FILE
    from proctor_models.runtime.review_server import ReviewServer

    with ReviewServer(args.folder, args.port) as server, ExitStack() as stack:
        print(f"review page  {server.address}\nthis machine alone can open it; Ctrl-C ends", flush=True)
        try:
            if not args.no_browser:
                _open(server.address, stack)
            server.serve_forever()
        except KeyboardInterrupt:
            done, everything = server.judged
            print(f"\n{done} of {everything} judged; decisions in {args.folder / DECISIONS_FILE}")


def _open(address: str, stack: ExitStack) -> None:
    """Show the page in a browser; what `stack` closes takes away the file that led there.

    Whoever uses this machine sees the command lines of all processes, and the address holds a secret. So the browser is
    given a file that this user alone can read, which leads on. Where the file cannot be made or read (browsers in a
    sandbox see no temporary folder), the address that was printed is there to be opened.
    """
    try:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="proctor-review-", ignore_cleanup_errors=True))
        file = Path(folder) / "open.html"
        file.touch(mode=0o600)
        lead = f'<meta http-equiv="refresh" content="0;url={address}"><a href="{address}">proctor review</a>'
        file.write_text(f'<!doctype html><meta charset="utf-8">{lead}\n', encoding="utf-8")
    except OSError:
        return
    webbrowser.open(file.as_uri())


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
