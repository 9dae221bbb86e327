"""How do benchmark results become a page? python benchmarks/render.py results.json docs/benchmarks.md

One table for each group: ratios first, since they hold on other machines, then times.
"""

import argparse
import json
from pathlib import Path

SECTIONS = {
    "enumerate": "Asking a model about every context",
    "predict": "Predicting what that costs",
    "push": "One step of a chain",
    "solve": "A stationary distribution",
    "count": "Counting data",
    "check": "Checking a model",
    "start-up": "Starting the program",
}
UNITS = ((1e-6, 1e-9, "ns"), (1e-3, 1e-6, "µs"), (1.0, 1e-3, "ms"), (float("inf"), 1.0, "s"))
KEPT = {"method", "reference"}  # of the extra information: they are the rows


def page(results, command):
    """The whole page, as Markdown."""
    groups = {}
    for run in results["benchmarks"]:
        groups.setdefault(run["group"] or run["name"], []).append(run)
    kinds = {name.partition(":")[0] for name in groups}
    for run in results["benchmarks"]:
        if fault := unprintable(run["group"] or run["name"], run["extra_info"]):
            raise SystemExit(fault)
    parts = [head(results, command)]
    for kind, title in SECTIONS.items():
        if kind in kinds:
            parts.append(f"## {title}")
            parts += [table(name, runs) for name, runs in groups.items() if name.partition(":")[0] == kind]
    return "\n\n".join(parts) + "\n"


def unprintable(group, extra_info):
    """Why a benchmark has no place on the page; empty if it has one."""
    if group.partition(":")[0] not in SECTIONS:
        return f"Groups begin with one of {', '.join(SECTIONS)}: got {group}."
    wrong = [key for key, value in extra_info.items() if not isinstance(value, str | bool | int | float | None)]
    return f"Extra information is a text or a number: got {extra_info[wrong[0]]!r} for {wrong[0]}." if wrong else ""


def head(results, command):
    """Which machine, when, and how to do it again."""
    machine = results["machine_info"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    memory = f", {machine['memory_bytes'] / 2**30:.3g} GiB" if machine["memory_bytes"] else ""
    return f"""\
<!-- Written by benchmarks/render.py from the results of the benchmarks; do not edit. -->

# Benchmarks

What markovgpt takes beside what a user could do without it, on the same models and data. Where there is something to
compare, the first column of numbers is a ratio of medians: how many times as long as the row whose ratio is 1. Ratios
tell more about other machines than times do; where the quartiles are far apart the machine had other work, and a ratio
may be wrong by as much. `markovgpt bench` measures in turns what enumeration costs on yours
([What it costs](performance.md#measure-it-yourself)).

```sh
{command}
```

- **Measured** {results["datetime"][:10]}
- **Machine** {machine["processor"]}, {machine["n_processors"]} processors{memory}, {machine["system"]}
- **Versions** {versions}"""


def table(name, runs):
    """A heading and a table: ratio, median, quartiles, least, rounds, and what else was noted."""
    reference = next((run["stats"]["median"] for run in runs if run["extra_info"].get("reference")), None)
    notes = list(dict.fromkeys(key for run in runs for key in run["extra_info"] if key not in KEPT))
    titles = ["", *(["times as long"] if reference else []), "median", "quartiles", "least", "rounds", *notes]
    lines = [f"### {name.partition(': ')[2] or name}", "", row(titles), row([":---", *["---:"] * (len(titles) - 1)])]
    for run in runs:
        stats, info = run["stats"], run["extra_info"]
        quartiles = f"{seconds(stats['q1'])} – {seconds(stats['q3'])}"
        times = [seconds(stats["median"]), quartiles, seconds(stats["min"]), str(stats["rounds"])]
        ratio = [digits(stats["median"] / reference)] if reference else []
        lines.append(row([info.get("method", run["name"]), *ratio, *times, *(shown(info.get(key)) for key in notes)]))
    return "\n".join(lines)


def row(cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def seconds(value):
    """Three digits and a unit."""
    unit, name = next((unit, name) for below, unit, name in UNITS if value < below)
    return f"{digits(value / unit)} {name}"


def shown(value):
    if value is None:
        return ""
    if isinstance(value, str | bool):
        return {True: "yes", False: "no"}.get(value, value)
    return f"{value:,}" if isinstance(value, int) else digits(value)


def digits(value):
    """Three digits; an exponent for what is very small."""
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:.3g}"


def main():
    """Read results, write the page."""
    parser = argparse.ArgumentParser(description="Render benchmark results as a page.")
    parser.add_argument("results", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("--command", default="make bench", help="how the results were made")
    given = parser.parse_args()
    results = json.loads(given.results.read_text(encoding="utf-8"))
    given.page.write_text(page(results, given.command), encoding="utf-8")


if __name__ == "__main__":
    main()
