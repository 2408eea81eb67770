"""Runs a benchmark: `./dropstitch bench NAME [--json FILE]`.

A benchmark is a module of this package, found by being there, with a sentence for help in its
first line and a function `measure(options)` that returns figures. It may add options of its own
with `add_arguments(parser)`.
"""

from __future__ import annotations

import argparse
import ast
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.figures import save, table

FOLDER = Path(__file__).parent


def benches() -> dict[str, str]:
    """Name and first line of every benchmark, without importing any."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(path.read_text())
        if any(isinstance(n, ast.FunctionDef) and n.name == "measure" for n in tree.body):
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def main(arguments: list[str]) -> int:
    """Exit code 1 when a figure misses its goal, 2 for an unknown name."""
    known = benches()
    if not arguments or arguments[0] not in known:
        width = max(map(len, known))
        listed = "\n".join(f"  {name:{width}}  {line}" for name, line in known.items())
        print(f"usage: ./dropstitch bench NAME [--json FILE]\n\n{listed}", file=sys.stderr)
        return 0 if arguments in ([], ["--help"], ["-h"]) else 2
    name = arguments[0]
    bench = import_module(f"benchmarks.{name}")
    parser = argparse.ArgumentParser(prog=f"dropstitch bench {name}", description=bench.__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    if hasattr(bench, "add_arguments"):
        bench.add_arguments(parser)
    options = parser.parse_args(arguments[1:])
    figures = bench.measure(options)
    print(f"\n{table(figures)}")
    if options.json:
        save(options.json, name, figures)
    return 1 if any(figure.holds is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
