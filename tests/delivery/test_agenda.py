"""
Who is due when.
"""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.delivery.agenda import Agenda


class AgendaTests(SynchronousTestCase):
    """
    Everybody is due once, at the time noted last.
    """

    def setUp(self) -> None:
        """
        Begin with nothing.
        """
        self.agenda: Agenda[str] = Agenda()

    def test_empty(self) -> None:
        """
        Where nothing was put in, nothing is ever due.
        """
        self.assertEqual((len(self.agenda), self.agenda.first()), (0, None))
        self.assertEqual(self.agenda.due(1e12), [])
        self.assertNotIn("bob", self.agenda)

    def test_due(self) -> None:
        """
        What is due is taken out, in the order of its time, and the rest stays.
        """
        for thing, time in (("c", 3.0), ("a", 1.0), ("d", 4.0), ("b", 2.0)):
            self.agenda.put(thing, time)
        self.assertEqual((len(self.agenda), self.agenda.first()), (4, 1.0))
        self.assertEqual(self.agenda.due(0.5), [])
        self.assertEqual(self.agenda.due(3.0), ["a", "b", "c"])
        self.assertEqual((len(self.agenda), self.agenda.first()), (1, 4.0))
        self.assertNotIn("a", self.agenda)
        self.assertIn("d", self.agenda)
        self.assertEqual(self.agenda.due(3.0), [])

    def test_sameTime(self) -> None:
        """
        What is due at the same time comes in the order in which it was put in.
        """
        for thing in ("c", "a", "b"):
            self.agenda.put(thing, 1.0)
        self.assertEqual(self.agenda.due(1.0), ["c", "a", "b"])

    def test_unordered(self) -> None:
        """
        Things that have no order of their own can be due at the same time.
        """
        agenda: Agenda[object] = Agenda()
        things = [object(), object(), object()]
        for thing in things:
            agenda.put(thing, 1.0)
        self.assertEqual(agenda.due(1.0), things)

    def test_later(self) -> None:
        """
        What is put off is not due at its old time.
        """
        self.agenda.put("bob", 1.0)
        self.agenda.put("bob", 5.0)
        self.assertEqual((len(self.agenda), self.agenda.first()), (1, 5.0))
        self.assertEqual(self.agenda.due(4.0), [])
        self.assertEqual(self.agenda.due(5.0), ["bob"])

    def test_sooner(self) -> None:
        """
        What is brought forward is due once, and not again at its old time.
        """
        self.agenda.put("bob", 5.0)
        self.agenda.put("bob", 1.0)
        self.assertEqual(self.agenda.due(1.0), ["bob"])
        self.assertEqual((self.agenda.due(9.0), len(self.agenda)), ([], 0))

    def test_backAndForth(self) -> None:
        """
        Whoever is put back to a time noted before is still due once.
        """
        for time in (5.0, 9.0, 5.0):
            self.agenda.put("bob", time)
        self.assertEqual(self.agenda.due(9.0), ["bob"])
        self.assertIsNone(self.agenda.first())

    def test_removed(self) -> None:
        """
        What was taken out is never due, and may come back.
        """
        self.agenda.put("bob", 1.0)
        self.agenda.put("carol", 2.0)
        self.agenda.remove("bob")
        self.agenda.remove("nobody")
        self.assertNotIn("bob", self.agenda)
        self.assertEqual((len(self.agenda), self.agenda.first()), (1, 2.0))
        self.agenda.put("bob", 3.0)
        self.assertEqual(self.agenda.due(9.0), ["carol", "bob"])

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["put", "remove", "due"]),
                st.sampled_from("abc"),
                st.integers(0, 5),
            )
        )
    )
    def test_sameAsATable(self, steps: list[tuple[str, str, int]]) -> None:
        """
        Whatever is put in, moved and taken out, it does what a plain table would.
        """
        agenda: Agenda[str] = Agenda()
        table: dict[str, int] = {}
        for what, thing, time in steps:
            if what == "put":
                agenda.put(thing, time)
                table[thing] = time
            elif what == "remove":
                agenda.remove(thing)
                table.pop(thing, None)
            else:
                found = agenda.due(time)
                times = [table[one] for one in found]
                self.assertEqual(times, sorted(times))
                self.assertEqual(set(found), {one for one, at in table.items() if at <= time})
                table = {one: at for one, at in table.items() if at > time}
            self.assertEqual(len(agenda), len(table))
            self.assertEqual(agenda.first(), min(table.values(), default=None))
            self.assertEqual({one for one in "abc" if one in agenda}, set(table))
