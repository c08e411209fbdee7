"""
The lowest of many cursors, which no message may wait for.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.stores.lowest import LowestCursor

_STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), max_size=300)


class LowestCursorTests(SynchronousTestCase):
    """
    It is what a look at all of them would find.
    """

    @settings(deadline=None, database=None)
    @given(_STEPS)
    def test_asALookAtAll(self, steps: list[tuple[int, int]]) -> None:
        """
        However members come, move on and go.
        """
        cursors, lowest = dict[int, int](), LowestCursor()
        for member, cursor in steps:
            before = cursors.get(member)
            if before is not None and not cursor:
                lowest.remove(cursors.pop(member))
            elif before is None or cursor >= before:
                cursors[member] = cursor
                lowest.add(cursor)
                if before is not None:
                    lowest.remove(before)
            self.assertEqual(lowest.lowest(), min(cursors.values(), default=None))
