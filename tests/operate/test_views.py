"""
What is said of members, from what the door tells of them.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.operate.views import (
    counterTable,
    memberTable,
    span,
    summary,
    waitingTable,
    worstFirst,
)

_NOW = 10_000.0


def _member(name: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "name": name,
        "state": "healthy",
        "host": "192.0.2.7",
        "port": 9001,
        "behind": 0,
        "failingSince": None,
        "attempts": 0,
        "nextTry": None,
        "lastError": None,
        "lastReached": 9_990.0,
        "node": "",
    }
    return {**usual, **changes}


_PRINTER = _member(
    "printer",
    state="failing",
    behind=12,
    failingSince=9_700.0,
    lastError="refused.",
    nextTry=10_020.0,
)
_LAB = _member("lab", state="hanging", behind=3)


class SummaryTests(SynchronousTestCase):
    """
    The room in a few lines.
    """

    def test_trouble(self) -> None:
        """
        Who is in trouble, for how long, why, what waits, and when it is tried again.
        """
        self.assertEqual(
            summary([_member("ann"), _LAB, _PRINTER], _NOW),
            [
                "2 of 3 members in trouble",
                "  printer cannot be reached, for 5 min: refused; 12 waiting; next try in 20 s",
                "  lab keeps its connection open, so that what follows waits; 3 waiting",
            ],
        )

    def test_well(self) -> None:
        """
        Nothing is wrong, or nobody is there.
        """
        self.assertEqual(summary([_member("ann")], _NOW), ["1 member, none in trouble"])
        self.assertEqual(summary([], _NOW), ["nobody has registered"])

    def test_paused(self) -> None:
        """
        Who is paused is not in trouble, and is not forgotten.
        """
        lines = summary([_member("ann", state="paused")], _NOW)
        self.assertEqual(lines, ["1 member, none in trouble", "1 paused: ann"])

    def test_many(self) -> None:
        """
        A long list is left to the table.
        """
        lines = summary([{**_PRINTER, "name": f"p{n}"} for n in range(9)], _NOW)
        self.assertEqual(len(lines), 7)
        self.assertIn("4 more", lines[-1])

    def test_nodes(self) -> None:
        """
        In a cluster it says which node serves how many.
        """
        lines = summary([_member("ann", node="a:1"), _member("bob", node="b:1")], _NOW)
        self.assertEqual(lines[1:], ["node a:1 serves 1", "node b:1 serves 1"])

    def test_readers(self) -> None:
        """
        Who may only read learns names and states.
        """
        seen = {"name": "printer", "state": "failing"}
        self.assertEqual(summary([seen], _NOW)[1], "  printer cannot be reached")


class MemberTableTests(SynchronousTestCase):
    """
    The tables.
    """

    def test_members(self) -> None:
        """
        Who is in trouble comes first; nodes are shown where there are any.
        """
        lines = memberTable([_member("ann"), _LAB, _PRINTER], _NOW, None)
        self.assertEqual([line.split()[0] for line in lines], ["NAME", "printer", "lab", "ann"])
        for part in ("12", "refused.", "5 min", "in 20 s", "192.0.2.7:9001"):
            self.assertIn(part, lines[1])
        self.assertNotIn("NODE", lines[0])
        self.assertIn("NODE", memberTable([_member("ann", node="a:1")], _NOW, None)[0])

    def test_addresses(self) -> None:
        """
        An IPv6 address stands in brackets; a function of the program has none.
        """
        lines = memberTable([_member("six", host="::1"), _member("bot", host="")], _NOW, None)
        self.assertIn("(in the program)", lines[1])
        self.assertIn("[::1]:9001", lines[2])

    def test_readers(self) -> None:
        """
        Who may only read gets names and states.
        """
        lines = memberTable([{"name": "ann", "state": "new"}], _NOW, None)
        self.assertEqual(lines, ["NAME  STATE", "ann   new"])
        self.assertEqual(memberTable([], _NOW, None), ["nobody has registered"])

    def test_waiting(self) -> None:
        """
        Who waits for most comes first, and there is a sum.
        """
        lines = waitingTable([_LAB, _PRINTER, _member("ann")], _NOW, None)
        self.assertEqual([line.split()[0] for line in lines[1:]], ["printer", "lab", "in"])
        self.assertIn("15", lines[-1])
        self.assertEqual(waitingTable([_member("ann")], _NOW, None), ["nothing waits"])

    def test_counters(self) -> None:
        """
        Every count, or that there is none.
        """
        self.assertIn("accepted", counterTable({"accepted": 3}, None)[1])
        self.assertEqual(counterTable({}, None), ["nothing was counted yet"])

    def test_order(self) -> None:
        """
        Of the same state, who is furthest behind comes first, then by name.
        """
        found = worstFirst([_member("b"), _member("a"), _member("c", behind=1)])
        self.assertEqual([one["name"] for one in found], ["c", "a", "b"])

    def test_spans(self) -> None:
        """
        The largest unit that fits, and nothing negative.
        """
        found = [span(seconds) for seconds in (-3, 0, 59, 60, 3599, 3600, 86_399, 86_400, 1e6)]
        expected = ["0 s", "0 s", "59 s", "1 min", "59 min", "1 h", "23 h", "1 d", "11 d"]
        self.assertEqual(found, expected)
