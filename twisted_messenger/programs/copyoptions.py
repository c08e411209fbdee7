"""
The options of ``twisted-messenger copy`` and ``twisted-messenger backup``.
"""

from collections.abc import Sequence

from twisted.python.usage import UsageError

from twisted_messenger.programs.tap import TapOptions
from twisted_messenger.storeparser import MAIN_ROOM


class CopyOptions(TapOptions):
    """
    The options of ``twisted-messenger copy``.
    """

    command = "twisted-messenger copy"
    synopsis = "Usage: twisted-messenger copy [options] FROM TO"
    longdesc = (
        "Copies a room: members with their options, keys and places, and all messages that wait, "
        "with their positions. FROM and TO are what --store takes: sqlite:PATH, "
        "postgresql://USER@HOST/DB, or a store of another package. Stop the room first, start it "
        "on TO afterwards, and never on both: members would get everything twice. TO must be new "
        "or unused; when the copy is interrupted, it still is. At the end TO is read again, and "
        "compared. Example: twisted-messenger copy sqlite:chatserver-8880.sqlite "
        "postgresql://chat@db.example/chat"
    )
    optParameters = [
        ["from-room", None, MAIN_ROOM, "Which room of a postgresql: FROM"],
        ["to-room", None, MAIN_ROOM, "Which room of a postgresql: TO"],
    ]

    def parseArgs(self, *stores: str) -> None:
        """
        Take the two stores.
        """
        self["from"], self["to"] = _two(
            stores, "FROM and TO, such as sqlite:room.sqlite postgresql://HOST/DB"
        )


class BackupOptions(TapOptions):
    """
    The options of ``twisted-messenger backup``.
    """

    command = "twisted-messenger backup"
    synopsis = "Usage: twisted-messenger backup [options] STORE FILE"
    longdesc = (
        "Writes a room, as it is at one moment, into one new file, also while servers are running. "
        "STORE is what --store takes. FILE is a sqlite: store: serve it with --store sqlite:FILE, "
        "or bring it back with twisted-messenger copy sqlite:FILE STORE. It appears when it is "
        "whole, and was compared with the room. Example: twisted-messenger backup "
        "sqlite:chatserver-8880.sqlite room-monday.sqlite"
    )
    optParameters = [["room", None, MAIN_ROOM, "Which room of a postgresql: STORE"]]

    def parseArgs(self, *places: str) -> None:
        """
        Take the store and the file.
        """
        self["store"], self["file"] = _two(
            places, "STORE and FILE, such as sqlite:room.sqlite backup.sqlite"
        )


def _two(given: Sequence[str], what: str) -> Sequence[str]:
    late = next((one for one in given if one.startswith("-")), None)
    if late is not None:
        raise UsageError(f"{late}: options stand before {what.split()[0]}")
    if len(given) != 2:
        raise UsageError(f"give {what}")
    return given
