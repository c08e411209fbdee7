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

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}

html_theme = "furo"
html_title = f"twisted_messenger {VERSION}"
