"""How is this documentation built? ``python -m sphinx -W -b html docs docs/_build``; nothing is fetched."""

from __future__ import annotations

import importlib.util
import re
from html import escape
from typing import Any

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

import markovgpt

project = "markovgpt"
author = "the markovgpt authors"
project_copyright = "the markovgpt authors"
version = release = markovgpt.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"markovgpt {release}"
html_theme_options = {"navigation_with_keys": True}
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["pages.css"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"  # drawn by the browser: no script, no fonts, no network

autodoc_typehints = "none"  # the docstrings say types, with shapes and units
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = ["Source"]
python_use_unqualified_type_names = True

nitpicky = True
suppress_warnings = ["ref.python"]  # a word of prose ("tokens") that is the name of several attributes
nitpick_ignore_regex = [
    # Types in docstrings are prose with shapes ("(n, V) float64, read-only"): only our own names must resolve.
    (r"py:(class|data|obj|exc)", r"(?!markovgpt\.).*"),
    (r"py:mod", r"markovgpt\..*"),  # modules are listed on the architecture page, not on that of the library
]


def _mathml(formula: str) -> str:
    """LaTeX to MathML, by docutils; bars of norms are kept from stretching and from standing apart."""
    mathml = re.sub(r"\s*\n\s*", "", tex2mathml(formula))
    return re.sub(r"<mo[^>]*>([|‖])</mo>", r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>', mathml)


def _inline_math(translator: Any, node: Any) -> None:
    translator.body.append(_mathml(node.astext()))
    raise SkipNode


def _block_math(translator: Any, node: Any) -> None:
    mathml = _mathml(node.astext()).replace("<math ", '<math display="block" ', 1)
    translator.body.append(f'<div class="math" title="{escape(node.astext(), quote=True)}">{mathml}</div>\n')
    raise SkipNode


_GROUPS = (
    (
        "Models",
        ("registry", "models.storage", "adapters", "model", "generation", "gpt_weights", "devices", "torch_settings"),
    ),
    (
        "Chains",
        (
            "enumeration",
            "table",
            "chain",
            "origin",
            "sparse_chain",
            "chain_files",
            "decoding",
            "statespace",
            "vocabulary",
        ),
    ),
    ("Questions about a chain", ("analysis", "solvers.extended")),
    ("Data", ("ngrams", "data")),
    ("Comparisons", ("comparison",)),
    ("What it costs", ("benchmarking", "report.benching", "plots.cost")),
    ("Reports and pictures", ("report", "report.comparing", "drawing", "plots.compared")),
    ("Errors", ("errors",)),
)


def _public_names(app: Sphinx, page: str, source: list[str]) -> None:  # noqa: ARG001  # sphinx's signature
    """Fill the list of public names into the page of the library, grouped by the module that defines them."""
    if page != "api":
        return
    homes = {name: home for name, home in markovgpt._HOME.items() if importlib.util.find_spec(f"markovgpt.{home}")}
    grouped = {home for _, group in _GROUPS for home in group}
    rest = ("More", tuple(sorted(set(homes.values()) - grouped)))
    blocks = []
    for title, group in (*_GROUPS, rest):
        names = [name for home in group for name, its_home in homes.items() if its_home == home]
        if names:
            directives = "\n\n".join(_directive(name) for name in names)
            blocks.append(f"## {title}\n\n```{{eval-rst}}\n{directives}\n```\n")
    source[0] = source[0].replace("(public-names)=\n", "\n".join(blocks))


def _directive(name: str) -> str:
    thing = getattr(markovgpt, name)
    if isinstance(thing, type) and issubclass(thing, Exception):
        return f".. autoexception:: markovgpt.{name}"
    if isinstance(thing, type):
        return f".. autoclass:: markovgpt.{name}()\n   :members:"
    return f".. autofunction:: markovgpt.{name}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer of formulas."""
    app.add_html_math_renderer("mathml", (_inline_math, None), (_block_math, None))
    app.connect("source-read", _public_names)
    return {"parallel_read_safe": True}
