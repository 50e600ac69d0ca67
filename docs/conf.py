"""How the pages are built: `tox -e docs`, where every warning is an error."""

from importlib.metadata import version as version_of

project = "ibkr-testbed"
author = "The ibkr-testbed maintainers"
copyright = f"2025, {author}"  # noqa: A001 - Sphinx calls it so
release = version = version_of(project)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click", "sphinxcontrib.mermaid"]
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]

html_theme = "furo"
html_title = "ibkr-testbed"
html_show_sourcelink = False
html_use_index = False
html_domain_indices = False

nitpicky = True
nitpick_ignore_regex = [("py:.*", r".*")]  # types are named as they are written, not linked
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
