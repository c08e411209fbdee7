"""
Who may do what.
"""

import itertools

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import Source
from twisted_messenger.web.rights import Caller, DoorRules, Right

HERE = Caller(Source(), isBeyond=False)
THERE = Caller(Source("10.0.0.7", False))
KNOWN = Caller(Source("10.0.0.7", False), hasToken=True)
CONTROL = Caller(Source(), atControl=True, isBeyond=False)

NOTHING, READ, SEND, OPERATE = Right

#: Who may do what where there is a token.
MAY = {
    HERE: {NOTHING, READ, SEND},
    THERE: {NOTHING},
    KNOWN: {NOTHING, READ, SEND, OPERATE},
    CONTROL: {NOTHING, READ, SEND, OPERATE},
}


class RightsTests(SynchronousTestCase):
    """
    The table.
    """

    def test_table(self) -> None:
        """
        This machine reads and sends, others show the token, and who operates does so or uses the
        control socket.
        """
        rules = DoorRules(hasToken=True)
        for caller, right in itertools.product(MAY, Right):
            problem = rules.judge(right, caller)
            self.assertEqual(
                (caller, right, problem is None), (caller, right, right in MAY[caller])
            )
            if problem is not None:
                self.assertEqual((problem.code, problem.status), ("unauthorized", 401))

    def test_readOpen(self) -> None:
        """
        Everybody may read where the operator says so, and nothing else.
        """
        rules = DoorRules(hasToken=True, readOpen=True)
        self.assertIsNone(rules.judge(READ, THERE))
        for right in (SEND, OPERATE):
            self.assertIsNotNone(rules.judge(right, THERE))

    def test_noToken(self) -> None:
        """
        Where there is no token, nobody is asked for one: who is here is told of the control socket,
        and who is elsewhere learns no path of this machine.
        """
        rules = DoorRules(control="/run/room.control")
        here, there = rules.judge(OPERATE, HERE), rules.judge(OPERATE, THERE)
        assert here is not None
        assert there is not None
        self.assertEqual((here.code, here.status), ("no_token", 403))
        self.assertIn("/run/room.control", here.detail)
        self.assertEqual(there.code, "no_token")
        self.assertNotIn("/run", there.detail)
        self.assertIsNone(rules.judge(OPERATE, CONTROL))
