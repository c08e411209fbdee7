"""
``twisted-messenger copy`` and ``backup``.
"""

import contextlib
import io
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from twisted_messenger.contents import RoomContents
from twisted_messenger.errors import StartError
from twisted_messenger.interfaces import IPortableStore
from twisted_messenger.programs.copying import ProgressLine, Tally, copyRoom
from twisted_messenger.programs.script import main
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.testing.contracts.portable import ENTRIES, ROOM


class Terminal(io.StringIO):
    """
    What a person looks at.
    """

    def isatty(self) -> bool:
        """
        It is.
        """
        return True


@implementer(IPortableStore)
class Shelf:
    """
    A store of another package.

    :param kept: what is in it.
    :param changed: what it makes of that as it is read.
    """

    def __init__(
        self,
        kept: RoomContents | None = None,
        changed: Callable[[RoomContents], RoomContents] = lambda room: room,
    ) -> None:
        self.kept = kept
        self._changed = changed

    def export(self, taken: Callable[[RoomContents], object], *, inUse: bool) -> None:
        """
        See :class:`IPortableStore`.
        """
        if self.kept is not None:
            taken(self._changed(self.kept))

    def fill(self, contents: RoomContents) -> None:
        """
        See :class:`IPortableStore`.
        """
        self.kept = replace(contents, entries=list(contents.entries))


class CopyRoomTests(SynchronousTestCase):
    """
    A room between two stores that provide the interface, whatever they are.
    """

    def test_copied(self) -> None:
        """
        The other store has it, and what is said of it is true.
        """
        target = Shelf()
        tally = copyRoom(Shelf(ROOM), target, inUse=False)
        self.assertEqual(target.kept, ROOM)
        self.assertEqual(
            str(tally), "members: 2, messages: 2 of 28 bytes, the log up to position 8"
        )

    def test_compared(self) -> None:
        """
        A store that loses, or changes, the least is found out.
        """
        (ann, bob), (first, last) = ROOM.members, ENTRIES
        moved = replace(bob, progress=replace(bob.progress, settled=4))
        changes: list[Callable[[RoomContents], RoomContents]] = [
            lambda room: replace(room, entries=[first]),
            lambda room: replace(room, entries=[first, last._replace(subscriber="10.0.0.9")]),
            lambda room: replace(room, members=[ann]),
            lambda room: replace(room, members=[ann, moved]),
            lambda room: replace(room, head=7),
        ]
        for changed in changes:
            with self.assertRaises(StartError):
                copyRoom(Shelf(ROOM), Shelf(changed=changed), inUse=False)

    def test_ownIds(self) -> None:
        """
        A store gives ids and revisions of its own.
        """

        def renumbered(room: RoomContents) -> RoomContents:
            members = [
                replace(one, registered=1, member=replace(one.member, id=number))
                for number, one in enumerate(room.members)
            ]
            return replace(room, members=members)

        copyRoom(Shelf(ROOM), Shelf(changed=renumbered), inUse=False)


class ProgressTests(SynchronousTestCase):
    """
    How far it is, for people.
    """

    def test_terminal(self) -> None:
        """
        A terminal shows it, and nothing of it stays.
        """
        terminal = Terminal()
        line = ProgressLine(terminal)
        line.reached(Tally(messages=3))
        line.reached(Tally(messages=4))
        line.end()
        self.assertEqual(terminal.getvalue(), "\r3 messages\r\x1b[K")

    def test_file(self) -> None:
        """
        Elsewhere there is nothing to be seen.
        """
        file = io.StringIO()
        line = ProgressLine(file)
        line.reached(Tally(messages=3))
        line.end()
        self.assertEqual(file.getvalue(), "")


class CommandTests(SynchronousTestCase):
    """
    The commands, on files.
    """

    def setUp(self) -> None:
        """
        Make a room in a file.
        """
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = directory.name
        self.path = os.path.join(self.folder, "room.sqlite")
        SQLiteFile(self.path).receive(ROOM)

    def output(self, *arguments: str) -> str:
        """
        Run a command.

        :returns: what it says, and its status where that is not 0.
        """
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                main(arguments)
            except SystemExit as end:
                return f"{said.getvalue()}{end.code or ''}"
        return said.getvalue()

    def test_copy(self) -> None:
        """
        The new file has the room, and one line says so.
        """
        target = os.path.join(self.folder, "new.sqlite")
        said = self.output("copy", f"sqlite:{self.path}", f"sqlite:{target}")
        self.assertEqual(
            said,
            f"copied to sqlite:{target}, and compared:"
            " members: 2, messages: 2 of 28 bytes, the log up to position 8\n",
        )
        self.assertIn("already", self.output("copy", f"sqlite:{self.path}", f"sqlite:{target}"))

    def test_copyInUse(self) -> None:
        """
        A room that is served is not moved: what is said meanwhile would be lost.
        """
        file = SQLiteFile(self.path)
        file.open()
        self.addCleanup(file.close)
        target = os.path.join(self.folder, "new.sqlite")
        said = self.output("copy", f"sqlite:{self.path}", f"sqlite:{target}")
        self.assertIn("twisted-messenger copy: ", said)
        self.assertIn("in use", said)
        self.assertFalse(os.path.exists(target))

    def test_backup(self) -> None:
        """
        It is, and nothing is left beside the backup, which is for its owner alone.
        """
        file = SQLiteFile(self.path)
        file.open()
        self.addCleanup(file.close)
        folder = os.path.join(self.folder, "backups")
        os.mkdir(folder)
        path = os.path.join(folder, "monday.sqlite")
        self.assertIn("members: 2", self.output("backup", f"sqlite:{self.path}", path))
        self.assertEqual(os.listdir(folder), ["monday.sqlite"])
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertIn("exists", self.output("backup", f"sqlite:{self.path}", path))

    def test_backupAgain(self) -> None:
        """
        What a run that was killed has left is in nobody's way.
        """
        path = os.path.join(self.folder, "monday.sqlite")
        SQLiteFile(f"{path}-unfinished").receive(ROOM)
        self.assertIn("members: 2", self.output("backup", f"sqlite:{self.path}", path))
        self.assertEqual(sorted(os.listdir(self.folder)), ["monday.sqlite", "room.sqlite"])

    def test_noBackup(self) -> None:
        """
        Where there is no room, there is no backup of it.
        """
        path = os.path.join(self.folder, "monday.sqlite")
        self.assertIn("No such file", self.output("backup", f"sqlite:{self.path}-no", path))
        self.assertEqual(os.listdir(self.folder), ["room.sqlite"])

    def test_mistakes(self) -> None:
        """
        A mistake is told in one line, which says what to give.
        """
        for arguments, told in (
            (("copy", "sqlite:a"), "give FROM and TO"),
            (("copy", "sqlite:a", "sqlite:b", "c"), "give FROM and TO"),
            (("copy", "sqlite:a", "sqlite:b", "--to-room=c"), "before FROM"),
            (("backup",), "give STORE and FILE"),
            (("copy", "--fast", "a", "b"), "--fast"),
            (("copy", "memory:", "sqlite:b"), "memory:"),
            (("copy", "b", "sqlite:b"), "sqlite:"),
            (("copy", "--from-room=x", f"sqlite:{self.path}", "sqlite:b"), "one room"),
            (("backups",), "backup"),
        ):
            said = self.output(*arguments)
            self.assertTrue(said.startswith("twisted-messenger"), said)
            self.assertIn(told, said)
            self.assertNotIn("\n", said)

    def test_help(self) -> None:
        """
        Each command shows how it is used.
        """
        self.assertIn("backup STORE FILE", self.output("--help"))
        for command, shown in (("copy", "FROM TO"), ("backup", "STORE FILE")):
            said = self.output(command, "--help")
            self.assertIn(f"Usage: twisted-messenger {command} [options] {shown}", said)
            self.assertIn("Example", said)
