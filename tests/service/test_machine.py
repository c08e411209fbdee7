"""
What a program knows of its machine.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.service.machine import thisMachine


class ThisMachineTests(SynchronousTestCase):
    """
    A word for this machine.
    """

    def test_word(self) -> None:
        """
        It is the same each time, since names belong to it, and does not give the machine-id away.
        """
        self.assertEqual(thisMachine(), thisMachine())
        self.assertRegex(thisMachine(), "^[0-9a-f]{16}$")
