"""
Imports go one way, and the heart of the package knows neither the network nor the clock.
"""

import ast
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGE = "twisted_messenger"

#: Every module of the package, lowest layer first. A module may import from layers below its
#: own, never from its own layer: whoever needs a neighbour gets a layer above it.
_LAYERS: tuple[tuple[str, ...], ...] = (
    ("text", "uptime"),
    ("refusal",),
    ("errors", "counters"),
    ("wire",),
    ("roster", "outgoing", "commands", "colours", "pasting"),
    ("source", "rates", "addressbook"),
    ("policy", "delivery", "agenda", "windows", "connections", "unfinished", "transcript"),
    ("interfaces",),
    ("retention", "stores.diskroom", "stores.partitions"),
    (
        *("tail", "cursors", "follower", "trimmer", "stores.roomtables"),
        *("sockets", "lookup", "refusallog", "leasewatch", "alarm"),
    ),
    (
        *("stores.sqlitetables", "stores.coalescing", "stores.postgresqltables"),
        *("stores.postgresqldatabase", "stores.leasetables", "stores.notices"),
    ),
    ("stores.sqlitefile", "pushsocket", "stores.leases"),
    ("stores.postgresql",),
    ("room", "socketbatch", "recipient", "stores", "stores.memory", "stores.sqlite", "turnstile"),
    ("server", "receipt", "peer", "push"),
    ("outcomes",),
    ("dispatcher",),
    ("broadcaster", "outermost"),
    ("listener",),
    # Of a peer: where lines wait, whom they go to, where they are typed, what they do.
    ("outbox", "friends", "descriptors", "history", "promptkeys"),
    ("conversation", "leaving", "console"),
    ("service", "talk", "plainconsole", "promptline"),
    ("orders", "peerservice", "promptconsole"),
    ("terminal",),
    ("tap",),
    ("servertap", "peertap"),
    ("script",),
    # Doubles for tests: nothing that runs may need them.
    ("testing.kernel", "testing.peers"),
    ("testing.transports", "testing.visits", "testing.listeners"),
    ("testing.network", "testing.tutorial", "testing.senders"),
    ("testing",),
    ("__init__",),
)

_PLACES = {name: place for place, layer in enumerate(_LAYERS) for name in layer}

#: They take time and chance as arguments, so that every case can be tested and none waits.
_PURE = (
    *("text", "refusal", "errors", "counters", "wire", "roster", "source"),
    *("policy", "delivery", "rates", "connections", "unfinished"),
    *("agenda", "windows", "stores.partitions"),
    *("outgoing", "commands", "colours", "pasting", "addressbook", "transcript"),
)

#: Parts of the standard library that would let the outside in.
_OUTSIDE = {"os", "io", "pathlib", "tempfile", "sqlite3", "sys", "subprocess", "signal"}
_OUTSIDE |= {"socket", "ssl", "select", "selectors", "asyncio", "threading", "multiprocessing"}
_OUTSIDE |= {"time", "datetime", "random", "secrets", "uuid"}

_FOR_TESTS_ONLY = frozenset({"pytest", "_pytest", "pytest_twisted", "hypothesis", "tests"})


def _fullName(name: str) -> str:
    """
    How Python calls a module of the table.
    """
    return _PACKAGE if name == "__init__" else f"{_PACKAGE}.{name}"


_TABLE = {_fullName(name): name for name in _PLACES}


def importsOf(source: str, package: str = _PACKAGE) -> set[str]:
    """
    The full names of the modules that a module imports, wherever in it the statements stand.

    :param package: that the module lies in, for relative imports.
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
                found.add(name if name in _TABLE else origin)
    return found


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _modules() -> dict[str, set[str]]:
    """
    Each module of the package, by its name in the table, and what it imports.
    """
    folder = _ROOT / _PACKAGE
    modules = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        own = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
        package = ".".join([_PACKAGE, *parts[:-1]])
        modules[".".join(own)] = importsOf(_read(path), package)
    return modules


def backwards(name: str, imports: set[str]) -> list[str]:
    """
    The imports of a module that it may not have, as ``module -> imported``.
    """
    ours = [one for one in imports if one.split(".")[0] == _PACKAGE]
    return [
        f"{name} -> {_TABLE.get(one, one)}"
        for one in sorted(ours)
        if one not in _TABLE or _PLACES[_TABLE[one]] >= _PLACES[name]
    ]


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
        A neighbour, a higher layer, the package itself and an unknown module are all told.
        """
        source = (
            "import time, twisted_messenger.text, twisted_messenger.nowhere\n"
            "from twisted_messenger import ChatRoom, delivery, room\n"
        )
        self.assertEqual(
            backwards("policy", importsOf(source)),
            [
                "policy -> __init__",
                "policy -> delivery",
                "policy -> twisted_messenger.nowhere",
                "policy -> room",
            ],
        )


class LayerTests(SynchronousTestCase):
    """
    Whoever reads the package from the bottom never meets what was not read yet.
    """

    def test_everyModuleHasAPlace(self) -> None:
        """
        A new module is put into the table, a module that went is taken out, none stands twice.
        """
        self.assertEqual(sorted(_modules()), sorted(name for layer in _LAYERS for name in layer))

    def test_oneWay(self) -> None:
        """
        Every import goes to a lower layer.
        """
        wrong = [arrow for name, used in _modules().items() for arrow in backwards(name, used)]
        self.assertEqual(wrong, [])

    def test_pure(self) -> None:
        """
        The rules run without a network, a clock or chance: they need the standard library only,
        and of that nothing that reaches outside.
        """
        allowed = {*sys.stdlib_module_names, _PACKAGE} - _OUTSIDE
        modules = _modules()
        wrong = [
            f"{name} -> {one}"
            for name in _PURE
            for one in sorted(modules[name])
            if one.split(".")[0] not in allowed
        ]
        self.assertEqual(wrong, [])

    def test_pureBelow(self) -> None:
        """
        What the rules import is as pure as they are.
        """
        modules = _modules()
        used = {_TABLE[one] for name in _PURE for one in modules[name] if one in _TABLE}
        self.assertEqual(used - set(_PURE), set())


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
            for one in sorted(importsOf(_read(path)))
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
