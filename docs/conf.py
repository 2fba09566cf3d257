"""How Sphinx makes the site: `make site`. Pages are those of the repository, read where they are."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from medcutmix_cli import __version__  # noqa: E402

project = "medcutmix"
release = __version__
copyright = "the medcutmix authors"
root_doc = "docs/index"
include_patterns = ["docs/**", "*.md", "examples/**.md", "tests/benchmarks/**.md", "tests/fuzzing/*.md"]
exclude_patterns = ["examples/benchmark/INTRO.md", "**/__pycache__"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

default_role = "literal"
smartquotes = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
# Fields of records are in the text of their class, and not objects of their own as well.
napoleon_use_ivar = True
napoleon_custom_sections = [("Options", "params_style")]  # of the API: configuration/option_help.py

html_theme = "furo"
html_title = f"medcutmix {release}"
html_copy_source = False
html_show_sphinx = False
html_extra_path = ["site"]
