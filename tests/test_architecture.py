"""
The pages about the package are true of it: the drawing, the packages, the names of files.
"""

import ast
import re
from pathlib import Path
from textwrap import dedent

from twisted.trial.unittest import SynchronousTestCase

from tests.test_layering import MAY_IMPORT

_ROOT = Path(__file__).resolve().parent.parent
_CODE = _ROOT / "twisted_messenger"
_PAGE = _ROOT / "docs" / "architecture.rst"

#: The pages that name files of ours.
_PAGES = [*sorted(_ROOT.glob("*.rst")), *sorted((_ROOT / "docs").glob("*.rst"))]

# A literal that names a file; those of the README's tutorial lie in no folder.
_FILE = re.compile(r"``([\w/]+/\w+\.(?:py|sql|rst|svg|c))``")

_ENTRANCE = re.compile(r"In: .+\sOut: .+\sBegin\swith\s``(\w+)``", re.DOTALL)


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def firstDrawing(text: str) -> str:
    """
    The first literal block of a text.
    """
    block = text.partition("::\n\n")[2]
    lines = block.split("\n")
    end = next((n for n, line in enumerate(lines) if line and line[0] != " "), len(lines))
    return dedent("\n".join(lines[:end])).rstrip()


class PictureTests(SynchronousTestCase):
    """
    Who reads the page and who reads the code see the same picture.
    """

    def test_firstDrawing(self) -> None:
        """
        A block is found with its blank lines, wherever it is indented.
        """
        for indent in (" ", "    "):
            text = f"Thus::\n\n{indent} a --> b\n\n{indent}c\n\nAnd so on::\n\n    d\n"
            self.assertEqual(firstDrawing(text), " a --> b\n\nc")

    def test_drawnOnce(self) -> None:
        """
        The drawing is the same in the page and in the docstring, and names every package on the
        way.
        """
        drawn = firstDrawing(_PAGE.read_text(encoding="utf-8"))
        self.assertEqual(drawn, firstDrawing(_docstring(_CODE / "__init__.py")))
        beside = {"service", "programs", "testing"}
        self.assertEqual(set(MAY_IMPORT) - beside - set(re.findall(r"\w+", drawn)), set())


class PackageTests(SynchronousTestCase):
    """
    No package is without a description.
    """

    def test_paragraphs(self) -> None:
        """
        The page has a paragraph for each package that imports are held for, and for no other.
        """
        described = re.findall(r"^``(\w+)``\n    In: ", _PAGE.read_text(encoding="utf-8"), re.M)
        self.assertEqual(sorted(described), sorted(MAY_IMPORT))

    def test_entrances(self) -> None:
        """
        Each package says what comes in, what goes out, and which file to read first.
        """
        packages = [path for path in sorted(_CODE.rglob("__init__.py")) if path.parent != _CODE]
        self.assertTrue(packages)
        for path in packages:
            found = _ENTRANCE.search(_docstring(path))
            self.assertIsNotNone(found, path)
            assert found is not None
            self.assertTrue((path.parent / f"{found[1]}.py").exists(), (path, found[1]))


class FileTests(SynchronousTestCase):
    """
    A reader finds every file that a page names.
    """

    def test_filesExist(self) -> None:
        """
        Names are those of the checkout, or of the package inside it.
        """
        named = [(page, name) for page in _PAGES for name in _FILE.findall(page.read_text("utf-8"))]
        self.assertTrue(named)
        missing = [
            f"{page.name}: {name}"
            for page, name in named
            if not (_ROOT / name).exists() and not (_CODE / name).exists()
        ]
        self.assertEqual(missing, [])

    def test_words(self) -> None:
        """
        The page's names without a folder are modules at the top.
        """
        names = re.findall(r"``(\w+\.py)``", _PAGE.read_text(encoding="utf-8"))
        # What a new store is to have is no file yet.
        missing = [name for name in names if not (_CODE / name).exists() and name != "store.py"]
        self.assertTrue(names)
        self.assertEqual(missing, [])
