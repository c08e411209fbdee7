"""
What a room says of itself at its start.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.entry import LogLimits
from twisted_messenger.roster import Member, MemberState, Progress
from twisted_messenger.service.startline import nodeOf, startLine, storeName, whatIsKept, whatWaits


def _member(cursor: int) -> MemberState:
    return MemberState(Member("ann", "127.0.0.1", 9001, "127.0.0.1", cursor), Progress(cursor), 1)


class StartLineTests(SynchronousTestCase):
    """
    One line, and nothing in it that nobody else is to know.
    """

    def test_line(self) -> None:
        """
        It has the store, what waits, where the room listens, and its limits.
        """
        self.assertEqual(
            startLine("memory:", "2 members", ["127.0.0.1:8880", "/run/room"], "64 connections"),
            "memory: has 2 members; listening at 127.0.0.1:8880, /run/room; 64 connections",
        )
        self.assertIn("listening at nowhere", startLine("memory:", "0 members", [], ""))
        doors = ["http://127.0.0.1:8881/", "room.control"]
        line = startLine("memory:", "0 members", [], "64 connections", doors)
        self.assertTrue(line.endswith("; the door: http://127.0.0.1:8881/, room.control"))

    def test_node(self) -> None:
        """
        Of several programs that share a store, each says which it is.
        """
        self.assertEqual(
            nodeOf("postgresql://db/rooms", "1b9d"), "node 1b9d of postgresql://db/rooms"
        )

    def test_waits(self) -> None:
        """
        An operator sees that somebody has not got everything.
        """
        for cursors, told in (
            ([], "0 members"),
            ([9], "1 member"),
            ([9, 9], "2 members"),
            ([9, 2, 5], "3 members, 2 of them up to 7 messages behind"),
        ):
            self.assertEqual(whatWaits([_member(one) for one in cursors], 9), told)

    def test_kept(self) -> None:
        """
        Only limits that are set are told.
        """
        for limits, told in (
            (LogLimits(), "268435456 bytes, 86400 s"),
            (LogLimits(100, 0, 0), "100 messages"),
            (LogLimits(0, 0, 0), "everything"),
        ):
            kept = f"kept for who is behind: {told}; who comes later: 1000 messages, 86400 s"
            self.assertEqual(whatIsKept(limits), kept)
        for limits in (LogLimits(keptEntries=0), LogLimits(keptSeconds=0)):
            self.assertTrue(whatIsKept(limits).endswith("; who comes later: nothing"))

    def test_secrets(self) -> None:
        """
        The store is named, without a password.
        """
        for description, told in (
            ("memory:", "memory:"),
            ("sqlite:/var/lib/a:b@c/room.sqlite", "sqlite:/var/lib/a:b@c/room.sqlite"),
            ("postgresql://chat@db/rooms", "postgresql://chat@db/rooms"),
            ("postgresql://chat:secret@db:5432/rooms", "postgresql://chat@db:5432/rooms"),
            ("postgresql://chat:se@cret@a,b:1/rooms", "postgresql://chat@a,b:1/rooms"),
            ("postgresql://db/rooms?user=chat&password=secret", "postgresql://db/rooms"),
            ("postgresql:///rooms", "postgresql:///rooms"),
            ("other:secret", "other:"),
        ):
            self.assertEqual(storeName(description), told)
