"""
``twisted-messenger copy`` and ``twisted-messenger backup``: a room from one store into another.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TextIO, cast

from twisted_messenger.contents import LoggedEntry, RoomContents
from twisted_messenger.errors import StartError
from twisted_messenger.interfaces import IPortableStore, PortableStore
from twisted_messenger.programs.copyoptions import BackupOptions, CopyOptions
from twisted_messenger.programs.standardio import standardOutput
from twisted_messenger.service.startline import storeName
from twisted_messenger.storeparser import MAIN_ROOM
from twisted_messenger.stores import storeFromString

# Seconds between two looks at how far it is.
_SHOW_SECONDS = 0.1

# What a file that is being made has beside it.
_BESIDE = ("", "-wal", "-shm", "-lock")


@dataclass
class Tally:
    """
    What has gone by of a room.

    :param head: the last position of its log.
    :param members: how many there are.
    :param messages: how many of the log have gone by.
    :param bytes: of their texts.
    :param digest: of all that must be the same in a copy; "" as long as not all has gone by.
    """

    head: int = 0
    members: int = 0
    messages: int = 0
    bytes: int = 0
    digest: str = ""

    def through(self, contents: RoomContents, show: "ProgressLine | None" = None) -> RoomContents:
        """
        The same contents, counted as somebody goes through them.

        :param show: is told how far it is.
        """
        self.head, self.members = contents.head, len(contents.members)
        return replace(contents, entries=self._counted(contents, show))

    def _counted(
        self, contents: RoomContents, show: "ProgressLine | None"
    ) -> Iterator[LoggedEntry]:
        digest = sha256(str(contents.head).encode())
        for state in contents.members:
            # Ids and revisions are each store's own.
            same = replace(state, member=replace(state.member, id=0), registered=0)
            digest.update(repr(same).encode())
        for one in contents.entries:
            self.messages += 1
            self.bytes += len(one.entry.text.encode())
            digest.update(repr(one).encode())
            if show is not None:
                show.reached(self)
            yield one
        self.digest = digest.hexdigest()

    def __str__(self) -> str:
        messages = f"{self.messages} of {self.bytes} bytes"
        return f"members: {self.members}, messages: {messages}, the log up to position {self.head}"


class ProgressLine:
    """
    How far it is, in one line of a terminal.

    :param terminal: where to; elsewhere nothing is shown.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal if terminal.isatty() else None
        self._next = 0.0

    def reached(self, tally: Tally) -> None:
        """
        Show it now and then.
        """
        if self._terminal is not None and time.monotonic() >= self._next:
            self._next = time.monotonic() + _SHOW_SECONDS
            self._terminal.write(f"\r{tally.messages} messages")
            self._terminal.flush()

    def end(self) -> None:
        """
        Make room for what is said next.
        """
        if self._terminal is not None:
            self._terminal.write("\r\x1b[K")
            self._terminal.flush()


def portableStore(description: str, room: str) -> PortableStore:
    """
    A store by its description.

    :raises StartError: there is no such store, or it cannot be copied.
    """
    # Not at the top: a reactor is installed by that.
    from twisted.internet import reactor

    try:
        store = storeFromString(reactor, description, room)
    except ValueError as problem:
        raise StartError(f"{storeName(description)}: {problem}") from None
    if not IPortableStore.providedBy(store):
        raise StartError(f"{storeName(description)}: this kind of store cannot be copied")
    return cast(PortableStore, store)


def copyRoom(source: PortableStore, target: PortableStore, *, inUse: bool) -> Tally:
    """
    Copy a room, and compare what came of it.

    :param inUse: whether somebody may serve the source meanwhile.
    :raises StartError: it was not done; the target is unused.
    """
    sent, found = Tally(), Tally()
    line = ProgressLine(sys.stderr)
    try:
        source.export(lambda room: target.fill(sent.through(room, line)), inUse=inUse)
        target.export(lambda room: _exhaust(found.through(room).entries), inUse=False)
    finally:
        line.end()
    if sent != found:
        raise StartError(f"the copy is not what it should be: {found} in place of {sent}")
    return sent


def _exhaust(entries: Iterable[LoggedEntry]) -> None:
    for _ in entries:
        pass


def copy(arguments: Sequence[str]) -> None:
    """
    Run ``twisted-messenger copy``.

    :raises StartError: it was not done.
    """
    options = CopyOptions()
    options.parseOptions(arguments)
    source = portableStore(options["from"], options["from-room"])
    target = portableStore(options["to"], options["to-room"])
    tally = copyRoom(source, target, inUse=False)
    with standardOutput():
        print(f"copied to {storeName(options['to'])}, and compared: {tally}")


def backup(arguments: Sequence[str]) -> None:
    """
    Run ``twisted-messenger backup``.

    :raises StartError: it was not done.
    """
    options = BackupOptions()
    options.parseOptions(arguments)
    path = options["file"]
    if os.path.exists(path):
        raise StartError(f"{path} exists; give another FILE, or remove it")
    source = portableStore(options["store"], options["room"])
    tally = _backUp(source, path)
    with standardOutput():
        print(f"{path} has the room, and was compared: {tally}")


def _backUp(source: PortableStore, path: str) -> Tally:
    unfinished = f"{path}-unfinished"
    # What a run that was killed has left.
    _remove(unfinished)
    try:
        target = portableStore(f"sqlite:{unfinished}", MAIN_ROOM)
        tally = copyRoom(source, target, inUse=True)
        os.rename(unfinished, path)
    except BaseException:
        _remove(unfinished)
        raise
    _makeDurable(os.path.dirname(path) or ".")
    return tally


def _remove(path: str) -> None:
    for suffix in _BESIDE:
        with suppress(FileNotFoundError):
            os.remove(path + suffix)


def _makeDurable(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
