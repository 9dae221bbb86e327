"""How does the report of a run look in a browser? One file: no script, no font, nothing fetched; it prints as it is."""

from __future__ import annotations

from html import escape
from typing import Any

from markovgpt.pytest_plugin.results import OUTCOMES

__all__ = ["page"]

_SYMBOLS = {"passed": "✓", "noted": "i", "failed": "✗", "expected failure": "x", "skipped": "–"}
_ORDER = ("failed", "expected failure", "noted", "skipped", "passed")

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; max-width: 62rem; margin: 2rem auto;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; }
p { margin: .25rem 0; } .quiet { color: #57606a; }
.verdict { font-weight: 600; padding: .5rem .75rem; border-left: .4rem solid; margin: 1rem 0; }
.verdict.good { border-color: #1a7f37; background: #eef8f0; }
.verdict.bad { border-color: #b42318; background: #fdf0ee; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; table-layout: fixed; }
th { text-align: left; font-weight: 600; border-bottom: 2px solid #57606a; }
td { border-bottom: 1px solid #d8dee4; vertical-align: top; } th, td { padding: .3rem .6rem .3rem 0; }
col.check { width: 15rem; } col.outcome { width: 10.5rem; } col.seconds { width: 5rem; }
td.seconds, th.seconds { text-align: right; padding-right: 1rem; font-variant-numeric: tabular-nums; }
td.check { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
td.message { white-space: pre-wrap; overflow-wrap: anywhere; }
pre { font: .85em/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0;
      padding: .6rem .75rem; background: #f6f8fa; }
tr.failed td.outcome { color: #b42318; font-weight: 600; } tr.passed td.outcome { color: #1a7f37; }
tr.skipped td, tr.skipped td.outcome { color: #57606a; } tr.expected-failure td.outcome { color: #8a4b00; }
tr.failed td { border-bottom: 0; } tr.detail td { padding-top: 0; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } tr, pre { break-inside: avoid; }
               h2 { break-after: avoid; }
               .verdict, pre { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def page(document: dict[str, Any]) -> str:
    """The document of :func:`markovgpt.pytest_plugin.report.report_to_dict` as HTML; all text in it is escaped."""
    options, versions = document["options"], document["versions"]
    facts = [
        f"false-alarm rate of a judgement of samples {options['alpha']:g}",
        f"n {options['n']:,}",
        f"seed {options['seed']}",
        *([] if options["atol"] is None else [f"rounding up to {options['atol']:g} in a probability"]),
        *([f"expected failures from {options['xfails']}"] if options["xfails"] else []),
    ]
    made = [f"markovgpt {document['markovgpt']}", *(f"{name} {number}" for name, number in versions.items() if number)]
    body = [
        "<h1>Checks of models</h1>",
        f"<p class=quiet>{escape('; '.join(facts))}</p>",
        f"<p class=quiet>{escape(', '.join(made))}</p>",
        f'<p class="verdict {"good" if document["ok"] else "bad"}">{escape(_verdict(document))}</p>',
        *([f"<p>{escape(_unchecked(document))}</p>"] if document["not_checked"] else []),
        *(_model(model) for model in sorted(document["models"], key=_passes)),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>markovgpt: {escape(_counted(document))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _verdict(document: dict[str, Any]) -> str:
    stopped = "The run was interrupted before all tests had run. " if document["interrupted"] else ""
    if not sum(document["counts"].values()):
        return f"{stopped}No check ran, so nothing is known."
    return stopped + _counted(document)


def _unchecked(document: dict[str, Any]) -> str:
    return f"Not checked: {', '.join(document['not_checked'])}"


def _counted(document: dict[str, Any]) -> str:
    singular = {name.replace("_", " "): n for name, n in document["counts"].items() if n}
    counts = {name if n == 1 else OUTCOMES[name]: n for name, n in singular.items()}
    n = sum(counts.values())
    return f"{n} check{'' if n == 1 else 's'}: " + (", ".join(f"{k} {name}" for name, k in counts.items()) or "none")


def _passes(model: dict[str, Any]) -> bool:
    """Models with failures come first."""
    return all(check["outcome"] != "failed" for check in model["checks"])


def _model(model: dict[str, Any]) -> str:
    facts = []
    if model["vocab_size"] is not None:
        facts.append(f"V = {model['vocab_size']:,} tokens, context of K = {model['context_length']:,}")
    if model["spec"] not in (None, model["name"]):
        facts.append(model["spec"])
    if model["fingerprint"]:
        facts.append(f"fingerprint {model['fingerprint']}")
    names = [check["check"] for check in model["checks"]]
    several = len(set(names)) < len(names)
    rows = [
        row
        for outcome in _ORDER
        for check in model["checks"]
        if check["outcome"] == outcome
        for row in _rows(check, several)
    ]
    return "\n".join(
        [
            f"<h2>{escape(str(model['name']))}</h2>",
            f"<p class=quiet>{escape('; '.join(facts))}</p>",
            "<table>",
            "<colgroup><col class=check><col class=outcome><col class=seconds><col></colgroup>",
            "<thead><tr><th>check<th>outcome<th class=seconds>seconds<th>what was found</tr></thead>",
            "<tbody>",
            *rows,
            "</tbody>",
            "</table>",
        ]
    )


def _rows(check: dict[str, Any], several: bool) -> list[str]:
    """A row, and for a failure its whole message in a second one; with the test, if several tests ran such a check."""
    test = f"<br><small>{escape(check['test'])}</small>" if several else ""
    outcome, message = check["outcome"], check["message"]
    long = outcome == "failed" or "\n" in message
    shown = "" if long else message
    style = escape(outcome.replace(" ", "-"), quote=True)
    rows = [
        f"<tr class={style}><td class=check>{escape(check['check'])}{test}"
        f"<td class=outcome>{_SYMBOLS.get(outcome, '?')} {escape(outcome)}"
        f"<td class=seconds>{check['seconds']:.2f}<td class=message>{escape(shown)}</tr>"
    ]
    if long:
        rows.append(f"<tr class=detail><td colspan=4><pre>{escape(message)}</pre></tr>")
    return rows
