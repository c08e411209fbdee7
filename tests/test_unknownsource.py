"""
A proxy that tells nonsense makes nobody local.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import Source


class UnknownTests(SynchronousTestCase):
    """
    Two ends without an address.
    """

    def test_sameMachine(self) -> None:
        """
        Nobody knows that they are the same machine.
        """
        self.assertFalse(Source.between("nonsense", "unknown").sameMachine)
