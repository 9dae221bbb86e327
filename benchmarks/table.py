"""Print the stationary distributions of a benchmark run as a table: python benchmarks/table.py results.json."""

import json
import re
import sys
from pathlib import Path

METHODS = ["markovgpt, certified", "a loop of pushes", "scipy eigs"]


def cell(run):
    if run is None:
        return "-"
    seconds, info = run["stats"]["min"], run["extra_info"]
    if "error bound" in info:
        return f"{seconds:.2g} s, proven {info['error bound']:.0e}"
    return f"{seconds:.2g} s, error {info['L1 error']:.0e}"


def main(path):
    runs = {}
    for run in json.loads(Path(path).read_text(encoding="utf-8"))["benchmarks"]:
        match = re.fullmatch(r"stationary distribution, (.*), 2\^(\d+) states", run["group"] or "")
        if match:
            runs[match[1], int(match[2]), run["params"]["method"]] = run
    lines = ["| chain | states | " + " | ".join(METHODS) + " |", "|---" * (len(METHODS) + 2) + "|"]
    for kind, length in dict.fromkeys((kind, length) for kind, length, _ in runs):
        cells = (cell(runs.get((kind, length, method))) for method in METHODS)
        lines.append(f"| {kind} | 2^{length} | " + " | ".join(cells) + " |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
