"""
The names that programs import.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import twisted_messenger

_WITHOUT_TWISTED = """
import sys, twisted_messenger
assert twisted_messenger.__version__
found = [name for name in sys.modules if name.partition(".")[0] in ("twisted", "zope")]
assert not found, found
import twisted_messenger.service.assembly
for name in twisted_messenger.__all__:
    getattr(twisted_messenger, name)
assert "twisted.internet.reactor" not in sys.modules
"""


class PublicNamesTests(SynchronousTestCase):
    """
    Every public name is there, and costs nothing until it is used.
    """

    def test_there(self) -> None:
        """
        Each one can be imported, and is told to who asks what there is.
        """
        for name in twisted_messenger.__all__:
            self.assertIsNotNone(getattr(twisted_messenger, name))
        self.assertEqual(set(twisted_messenger.__all__) - set(dir(twisted_messenger)), set())

    def test_others(self) -> None:
        """
        A name that is not there is told as Python does.
        """
        problem = self.assertRaises(AttributeError, getattr, twisted_messenger, "ChatRoon")
        self.assertIn("ChatRoon", str(problem))

    def test_typed(self) -> None:
        """
        A type checker sees the very same names.
        """
        tree = ast.parse(Path(twisted_messenger.__file__).read_text(encoding="utf-8"))
        (checked,) = [node for node in tree.body if isinstance(node, ast.If)]
        imports = [node for node in checked.body if isinstance(node, ast.ImportFrom)]
        seen = sorted(alias.name for node in imports for alias in node.names)
        self.assertEqual(seen, sorted(twisted_messenger.__all__))

    def test_documented(self) -> None:
        """
        The reference has each of them, and nothing else.
        """
        page = Path(__file__).resolve().parent.parent / "docs" / "api.rst"
        public = page.read_text(encoding="utf-8").partition("\nFor tests\n")[0]
        named = re.findall(r"^.. (?:auto\w+|data):: (\w+)$", public, re.MULTILINE)
        self.assertEqual(sorted(named), sorted(twisted_messenger.__all__))

    def test_light(self) -> None:
        """
        The package alone imports no Twisted, and none of its names chooses a reactor.
        """
        subprocess.run([sys.executable, "-c", _WITHOUT_TWISTED], check=True, timeout=60)
