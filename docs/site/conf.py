"""Sphinx configuration of the documentation site; ``build.py`` calls Sphinx with it."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

from docstrings import as_restructured_text  # noqa: E402  (needs the path above)

project = "rel4-soc"
author = "the rel4-soc authors"
project_copyright = author
html_title = project

extensions = [
    "myst_parser",          # the pages are Markdown
    "sphinx.ext.autodoc",   # docstrings of the gateware
    "sphinx.ext.viewcode",  # and its source, a click away
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_heading_anchors = 4  # links such as l2.md#reservations

autodoc_default_options = {
    "members": True,
    "member-order": "bysource",
    "exclude-members": "elaborate, replace",  # and what a module hands on from dataclasses
}
autodoc_typehints = "none"  # the signatures of the methods show them
add_module_names = False
python_use_unqualified_type_names = True
toc_object_entries = False
suppress_warnings = ["myst.strikethrough"]

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False


def setup(app) -> None:
    def docstring(app, what, name, obj, options, lines) -> None:
        lines[:] = as_restructured_text(lines)

    def signature(app, what, name, obj, options, arguments, returned):
        """Nothing for a component without parameters, where Amaranth's own would be shown."""
        return ("()", returned) if arguments and "src_loc_at" in arguments else None

    app.connect("autodoc-process-docstring", docstring)
    app.connect("autodoc-process-signature", signature)
