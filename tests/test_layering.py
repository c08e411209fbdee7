"""
Imports go one way, and the rules of the package know neither the network nor the clock.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGE = "twisted_messenger"

#: What each package may import besides itself and the words, which lie at the top and import no
#: package. Nothing that runs may need ``testing``.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "room": (),
    "stores": (),
    "push": (),
    "incoming": ("room",),
    "delivery": ("push",),
    "peer": ("push",),
    "client": ("room", "push", "incoming", "peer"),
    "terminal": ("peer",),
    "web": ("room", "incoming"),
    "operate": (),
    "service": ("room", "stores", "push", "incoming", "delivery", "web"),
    "programs": (
        *("room", "stores", "push", "incoming", "delivery", "peer", "terminal", "operate"),
        *("service", "web"),
    ),
    "testing": ("room", "stores", "push", "incoming", "delivery", "service"),
}

#: They take time and chance as arguments, so that every case can be tested and none waits. Their
#: docstrings say "Pure.", and so may those of others, which are held to it then.
_PURE = frozenset(
    {
        *(
            "text",
            "refusal",
            "result",
            "errors",
            "wire",
            "roster",
            "registering",
            "address",
            "certificate",
            "hostport",
            "rates",
            "backoff",
        ),
        *("key", "options", "entry", "steering", "repeats"),
        *(
            "room.policy",
            "stores.lowest",
            "stores.memorylog",
            "stores.memoryroster",
            "stores.memoryrepeats",
            "delivery.state",
            "delivery.steps",
            "delivery.trouble",
            "delivery.slots",
            "incoming.connectiontable",
            "incoming.unfinished",
        ),
        *("operate.tables", "operate.views"),
        *("web.rights", "web.origins", "web.problems", "web.routes", "web.shapes", "web.forms"),
        *("stores.retention", "stores.postgresql.partitions", "stores.postgresql.neighbours"),
        *(
            "peer.ownmessage",
            "peer.commandline",
            "terminal.colours",
            "terminal.pasting",
            "peer.addressbook",
            "terminal.transcript",
        ),
    }
)

#: Parts of the standard library that would let the outside in.
_OUTSIDE = {"os", "io", "pathlib", "tempfile", "sqlite3", "sys", "subprocess", "signal"}
_OUTSIDE |= {"socket", "ssl", "select", "selectors", "asyncio", "threading", "multiprocessing"}
_OUTSIDE |= {"time", "datetime", "random", "secrets", "uuid"}

_FOR_TESTS_ONLY = frozenset({"pytest", "_pytest", "pytest_twisted", "hypothesis", "tests"})

_SOURCES = {
    ".".join([_PACKAGE, *path.relative_to(_ROOT / _PACKAGE).with_suffix("").parts]): path
    for path in sorted((_ROOT / _PACKAGE).rglob("*.py"))
}
_MODULES = {name.removesuffix(".__init__"): path for name, path in _SOURCES.items()}


def importsOf(source: str, package: str = _PACKAGE, known: Iterable[str] = _MODULES) -> set[str]:
    """
    The full names of the modules that a module imports, wherever in it the statements stand.

    :param package: that the module lies in, for relative imports.
    :param known: the names of our modules.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                parents = package.split(".")
                start = parents[: len(parents) + 1 - node.level]
                origin = ".".join([*start, *filter(None, [node.module])])
            for alias in node.names:
                # "from package import module" reaches the module, not what the package offers.
                name = f"{origin}.{alias.name}"
                found.add(name if name in known else origin)
    return found


def _imports(name: str) -> set[str]:
    path = _MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return importsOf(path.read_text(encoding="utf-8"), package)


def closureOf(name: str) -> set[str]:
    """
    The full names of all modules that a module of ours needs, itself included.
    """
    found, unread = {name}, [name]
    while unread:
        new = _imports(unread.pop()) - found
        found |= new
        unread += new & set(_MODULES)
    return found


def _packageOf(name: str) -> str:
    """
    The package that a module of ours lies in; empty for the words.
    """
    parts = name.split(".")[1:]
    return parts[0] if parts and parts[0] in MAY_IMPORT else ""


def backwards(name: str, imports: Iterable[str]) -> list[str]:
    """
    The imports of a module that it may not have, as ``module -> imported``.

    :param name: in full.
    """
    own = _packageOf(name)
    welcome = {own, "", *MAY_IMPORT.get(own, ())}
    ours = sorted(one for one in imports if one.split(".")[0] == _PACKAGE)
    return [f"{name} -> {one}" for one in ours if one == _PACKAGE or _packageOf(one) not in welcome]


def _circles(uses: dict[str, set[str]]) -> Iterator[str]:
    """
    The ways on which a module leads back to itself.
    """
    settled: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> Iterator[str]:
        if name in way:
            yield " -> ".join([*way[way.index(name) :], name])
        elif name not in settled:
            for one in sorted(uses[name]):
                yield from walk(one, (*way, name))
            settled.add(name)

    for name in uses:
        yield from walk(name, ())


class ReadingTests(SynchronousTestCase):
    """
    No way of writing an import escapes the tests below.
    """

    def test_everySpelling(self) -> None:
        """
        Absolute or relative, at the top or inside a function: the module is found.
        """
        for source, package, expected in (
            ("import twisted_messenger.wire", _PACKAGE, "twisted_messenger.wire"),
            ("import twisted_messenger.wire as w", _PACKAGE, "twisted_messenger.wire"),
            ("from twisted_messenger.wire import parse", _PACKAGE, "twisted_messenger.wire"),
            ("from twisted_messenger import wire", _PACKAGE, "twisted_messenger.wire"),
            ("from twisted_messenger import ChatRoom", _PACKAGE, "twisted_messenger"),
            ("from . import wire", _PACKAGE, "twisted_messenger.wire"),
            ("from .wire import parse", _PACKAGE, "twisted_messenger.wire"),
            ("from ..wire import parse", "twisted_messenger.stores", "twisted_messenger.wire"),
            (
                "from . import memory",
                "twisted_messenger.stores",
                "twisted_messenger.stores.memory",
            ),
            ("def f():\n    import time", _PACKAGE, "time"),
            ("if TYPE_CHECKING:\n    from os import path", _PACKAGE, "os"),
        ):
            self.assertEqual((source, importsOf(source, package)), (source, {expected}))

    def test_backwards(self) -> None:
        """
        A package on the other side, and the public names of the whole, are told; its own package,
        one on its way and the words are not.
        """
        ours = ["", ".wire", ".incoming.receipt", ".room.policy", ".delivery.tail", ".stores"]
        self.assertEqual(
            backwards("twisted_messenger.incoming.server", [_PACKAGE + one for one in ours]),
            [
                "twisted_messenger.incoming.server -> twisted_messenger",
                "twisted_messenger.incoming.server -> twisted_messenger.delivery.tail",
                "twisted_messenger.incoming.server -> twisted_messenger.stores",
            ],
        )

    def test_circles(self) -> None:
        """
        A circle is told by its modules, and who only leads to it is not in it.
        """
        uses = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set[str]()}
        self.assertEqual(list(_circles(uses)), ["b -> c -> b"])


class DirectionTests(SynchronousTestCase):
    """
    A message's way through the packages has no step back.
    """

    def test_oneWay(self) -> None:
        """
        Every import goes the way of :data:`MAY_IMPORT`; the words import no package.
        """
        inside = [name for name in _MODULES if name != _PACKAGE]
        wrong = [arrow for name in inside for arrow in backwards(name, _imports(name))]
        self.assertEqual(wrong, [])

    def test_noCircles(self) -> None:
        """
        A package can be read from the bottom, and nothing in it needs what comes later.
        """
        uses = {name: _imports(name) & set(_MODULES) for name in _MODULES}
        self.assertEqual(list(_circles(uses)), [])


class PurityTests(SynchronousTestCase):
    """
    The rules run without a network, a clock or chance.
    """

    def _pure(self) -> set[str]:
        saying = {
            name
            for name, path in _MODULES.items()
            if "Pure." in (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
        }
        return {f"{_PACKAGE}.{name}" for name in _PURE} | saying

    def test_pure(self) -> None:
        """
        They need the standard library only, and of that nothing that reaches outside.
        """
        allowed = {*sys.stdlib_module_names, _PACKAGE} - _OUTSIDE
        wrong = [
            f"{name} -> {one}"
            for name in sorted(self._pure())
            for one in sorted(_imports(name))
            if one.split(".")[0] not in allowed
        ]
        self.assertEqual(wrong, [])

    def test_pureBelow(self) -> None:
        """
        What the rules import is as pure as they are.
        """
        pure = self._pure()
        used = {one for name in pure for one in _imports(name) if one in _MODULES}
        self.assertEqual(used - pure, set())


class OutsideTests(SynchronousTestCase):
    """
    What is installed needs no test tools and leaves Twisted's own packages alone.
    """

    def test_noTestTools(self) -> None:
        """
        Nobody needs the tools of the tests to run, embed or measure.
        """
        paths = [
            path
            for folder in (_PACKAGE, "twisted", "examples", "benchmarks")
            for path in sorted((_ROOT / folder).rglob("*.py"))
        ]
        self.assertIn(_ROOT / _PACKAGE / "wire.py", paths)
        wrong = [
            f"{path.relative_to(_ROOT)} -> {one}"
            for path in paths
            for one in sorted(importsOf(path.read_text(encoding="utf-8")))
            if one.split(".")[0] in _FOR_TESTS_ONLY
        ]
        self.assertEqual(wrong, [])

    def test_pluginFolders(self) -> None:
        """
        The plugin folders stay open: an __init__.py there would hide Twisted's own.
        """
        plugins = _ROOT / "twisted" / "plugins"
        self.assertTrue(list(plugins.glob("*.py")))
        for folder in (plugins.parent, plugins):
            self.assertFalse((folder / "__init__.py").exists())
