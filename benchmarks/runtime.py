"""How fast the runtime is: ratios first, each taken within one run, its arms in turn frame by frame.

    python benchmarks/runtime.py                                        # everything, about five minutes
    python benchmarks/runtime.py --quick                                # a look, half a minute
    python benchmarks/runtime.py --only watch start --out review/runtime.json
    python benchmarks/runtime.py --weights WEIGHTS --only stock
    python benchmarks/runtime.py --weights WEIGHTS --page docs/runtime.md      # for a release

Parts: `watch` (the sample exam through the whole runtime, against its nets and decoding alone), `together` (all nets
in one process against each alone), `start` (command to first result), `stock` (Ultralytics' `predict` and a face
detector on the same frames), `options` (what other settings, formats and sizes would cost). Time is CPU time unless a
line says otherwise. Every figure is the median of its rounds, with the least and the most; a verdict stands where a
target was set. What cannot run here is reported as such, never guessed. Memory over an exam is `benchmarks/soak.py`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from runtime_figures import Figure, Plan, around, machine, page_table, write_into
from runtime_options import options
from runtime_start import start, together
from runtime_stock import stock
from runtime_watch import watch

from proctor_models.errors import ProctorError
from proctor_models.files import write_json

PARTS = {"watch": watch, "together": together, "start": start, "stock": stock, "options": options}


def main() -> int:
    """Measure, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=Path, default=Path("export/proctor-pack-0.9.0"), help="pack folder")
    parser.add_argument("--exam", type=Path, default=Path("data/sample-exam"), help="folder of first.mp4, second.mp4")
    parser.add_argument("--rules", default="remote-exam", help="rule set in the pack")
    parser.add_argument("--weights", type=Path, default=Path("weights"), help="folder of the stock nets (`stock`)")
    parser.add_argument("--only", choices=PARTS, nargs="+", help="measure these parts")
    parser.add_argument("--quick", action="store_true", help="few rounds; nothing is converted")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--page", type=Path, help="page whose table is replaced, such as docs/runtime.md")
    args = parser.parse_args()
    facts: dict[str, object] = machine()
    figures: list[Figure] = []
    print(" ".join(f"{key}={value}" for key, value in facts.items()))
    try:
        if args.page:
            around(args.page, "benchmarks/runtime.py")
        with tempfile.TemporaryDirectory() as work:
            plan = Plan(args.pack, args.exam, args.weights, args.rules, args.quick, work=Path(work))
            pack = plan.load()
            print(f"pack {pack.version} " + " ".join(f"{n} {sha256[:12]}" for n, sha256 in pack.model_sha256.items()))
            for name in args.only or PARTS:
                for figure in PARTS[name](plan):
                    print(figure.line, flush=True)
                    figures.append(figure)
        if args.out:
            models, said = {"version": pack.version, **pack.model_sha256}, [figure.to_dict() for figure in figures]
            write_json(args.out, {"machine": facts, "pack": models, "quick": args.quick, "figures": said})
        if args.page:
            write_into(args.page, "benchmarks/runtime.py", page_table(figures, {"pack": pack.version, **facts}))
    except ProctorError as error:
        print(f"benchmarks/runtime.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
