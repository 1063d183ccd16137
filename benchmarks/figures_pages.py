r"""Takes the figures of the last measurement over into the documents: docs/targets.md, results.md, events.md, README.

    make evaluation
    proctor evaluate-events --pack export/evaluation/pack --rules remote-exam --clips CLIPS --persons S2,S9 \
        --pace adaptive --out review/events
    proctor evaluate-events --pack export/evaluation-swapped/pack --rules remote-exam --clips CLIPS --persons S1,S7 \
        --pace adaptive --out review/events-swapped
    proctor targets --fold evaluation --fold evaluation-swapped --events review/events/events.json \
        --events review/events-swapped/events.json --out export/targets
    python benchmarks/figures_pages.py --events evaluation=review/events \
        --events evaluation-swapped=review/events-swapped

What stands around the figures is written by hand and stays; read it again, it may no longer be true.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from runtime_figures import write_into

from proctor_models.files import write_text

PLACE = "benchmarks/figures_pages.py"


def main() -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--targets", type=Path, default=Path("export/targets"), help="what `targets` wrote")
    parser.add_argument(
        "--figures", type=Path, default=Path("export/evaluation/evaluation"), help="what `evaluate` wrote"
    )
    parser.add_argument(
        "--events", action="append", default=[], metavar="RECIPE=FOLDER", help="what `evaluate-events` wrote"
    )
    args = parser.parse_args()
    page = (args.targets / "targets.md").read_text(encoding="utf-8")
    write_text(Path("docs/targets.md"), page)
    write_into(Path("README.md"), PLACE, first_table(page))
    write_into(Path("docs/results.md"), PLACE, body((args.figures / "report.md").read_text(encoding="utf-8")))
    halves = [half(*words.split("=", 1)) for words in args.events]
    if halves:
        write_into(Path("docs/events.md"), PLACE, "\n\n".join(halves))


def first_table(page: str) -> str:
    """The first table of a page."""
    lines = page[page.index("| ") :].splitlines()
    return "\n".join(lines[: lines.index("")])


def body(page: str) -> str:
    """A page without its title."""
    return page.partition("\n")[2].strip()


def half(recipe: str, folder: str) -> str:
    """The events of one half of the people as a chapter."""
    text = body((Path(folder) / "events.md").read_text(encoding="utf-8"))
    return f"## Nets of `{recipe}`\n\n" + text.replace("\n## ", "\n### ")


if __name__ == "__main__":
    main()
