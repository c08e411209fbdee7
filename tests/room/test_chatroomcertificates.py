"""
The room: names that belong to certificates.
"""

from tests.roomtestcase import GUEST, RoomTestCase
from twisted_messenger.address import Source
from twisted_messenger.refusal import Reason, Refusal

ANN = Source("10.0.0.7", False, "ann")
ANN_AWAY = Source("10.0.0.8", False, "ann")
BOB = Source("10.0.0.7", False, "bob")


class CertificateTests(RoomTestCase):
    """
    Ann has registered with her certificate.
    """

    def setUp(self) -> None:
        """
        Ann registers.
        """
        super().setUp()
        self.join("ann", source=ANN)
        self.events.clear()

    def test_elsewhere(self) -> None:
        """
        She may speak, move and leave from any address.
        """
        self.say("ann", "hi", ANN_AWAY)
        self.assertTrue(self.log()[0].owned)
        self.join("ann", source=ANN_AWAY)
        self.assertEqual(self.where(), {"ann": "10.0.0.8 5000"})
        self.join("ann", source=ANN)
        self.assertTaken(self.room.leave("ann", "", 5000, ANN))
        self.assertEqual(self.members(), [])

    def test_stranger(self) -> None:
        """
        Nobody else may speak in her name, not even from her address.
        """
        for number, source in enumerate((BOB, GUEST), 1):
            refusal = self.successResultOf(self.room.post("ann", "hi", source))
            assert isinstance(refusal, Refusal)
            self.assertEqual(refusal.detail, "ann is registered with another certificate")
            self.assertEqual(self.counters["refused.not_owner"], number)

    def test_strangersRegistration(self) -> None:
        """
        Nor have her name or her place.
        """
        for name, reason in (("ann", Reason.NAME_TAKEN), ("bob", Reason.NOT_OWNER)):
            refusal = self.successResultOf(self.room.register(name, "", 5000, BOB))
            assert isinstance(refusal, Refusal)
            self.assertIs(refusal.reason, reason)
            self.assertIn("with another certificate", refusal.detail)
        self.assertEqual(self.where(), {"ann": "10.0.0.7 5000"})

    def test_strangersDeparture(self) -> None:
        """
        Nor make her leave.
        """
        refusal = self.assertRefused(self.room.leave("ann", "", 5000, GUEST), Reason.NOT_OWNER)
        self.assertEqual(refusal.detail, "ann was registered with another certificate")
        self.assertEqual(len(self.members()), 1)

    def test_plain(self) -> None:
        """
        A name without a certificate is its address's; a certificate from there does not own it.
        """
        self.join("plain", port=6000, source=GUEST)
        refusal = self.assertRefused(self.room.post("plain", "hi", ANN), Reason.NOT_OWNER)
        self.assertEqual(refusal.detail, "plain is registered from another address")
        self.say("plain", "hi", GUEST)
