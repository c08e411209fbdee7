"""
How the documentation is built: ``sphinx-build -W docs docs/_build``.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from twisted_messenger.version import VERSION

project = "twisted_messenger"
author = "the twisted_messenger authors"
copyright = author
version = release = VERSION

extensions = ["sphinx.ext.autodoc", "repoze.sphinx.autointerface"]
exclude_patterns = ["_build"]
highlight_language = "console"

# In a long signature, types hide the names.
autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
autodoc_member_order = "bysource"
# Beside the page there is no room for "ChatService.privilegedStartService()".
toc_object_entries_show_parents = "hide"
autodoc_default_options = {"members": True, "show-inheritance": True}

html_theme = "furo"
html_title = f"twisted_messenger {VERSION}"
html_static_path = ["_static"]
html_css_files = ["drawings.css"]
