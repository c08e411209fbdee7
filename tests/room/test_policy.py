"""
Which callback addresses and which senders are welcome.
"""

from ipaddress import ip_network
from itertools import product

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import LOCAL, PROGRAM, Source, machineKey
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.room.policy import (
    AdmissionPolicy,
    Callbacks,
    Senders,
    readCallbacks,
    readReservation,
)
from twisted_messenger.roster import Member, RosterLimits

#: Connections to a server at 10.0.0.1, and over its loopback.
_LAN = Source.between("10.0.0.5", "10.0.0.1")
_SELF = Source.between("10.0.0.1", "10.0.0.1")
_LOOPBACK = Source.between("127.0.0.1", "127.0.0.1")
_LOOPBACK6 = Source.between("::1", "::1")
_OTHER_LOOPBACK = Source.between("127.0.0.2", "127.0.0.1")
_LAN6 = Source.between("2001:db8::5", "2001:db8::1")
_UNIX = Source.between(None, None)

_OWN = AdmissionPolicy()
_CIDR = AdmissionPolicy(networks=(ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")))
_ANY = AdmissionPolicy(callbacks=Callbacks.ANY)
_CLOSED = AdmissionPolicy(callbacks=Callbacks.NONE)


def _reason(refusal: Refusal | None) -> Reason | str | None:
    return None if refusal is None else refusal.reason


class CallbackHostTests(SynchronousTestCase):
    """
    The HOST of a registration means one address.
    """

    def test_whereICameFrom(self) -> None:
        """
        Somebody who does not know the own address need not say it.
        """
        hosts = ("", "0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0")
        for policy, host in product((_OWN, _CIDR, _ANY), hosts):
            self.assertEqual((host, policy.callbackHost(host, _LAN)), (host, "10.0.0.5"))
        self.assertEqual(_OWN.callbackHost("0.0.0.0", _UNIX), "127.0.0.1")
        self.assertEqual(_OWN.callbackHost("", _LOOPBACK6), "::1")

    def test_localhost(self) -> None:
        """
        From the server's machine localhost is itself; from elsewhere it is a mistake, and told.
        """
        for policy, host in product((_OWN, _CIDR, _ANY), ("localhost", "LOCALHOST", "localhost.")):
            for source in (_LOOPBACK, _LOOPBACK6, _SELF, _UNIX):
                self.assertEqual(policy.callbackHost(host, source), "127.0.0.1")
            for source in (_LAN, _OTHER_LOOPBACK, _LAN6):
                refusal = policy.callbackHost(host, source)
                assert isinstance(refusal, Refusal)
                self.assertIs(refusal.reason, Reason.FOREIGN_CALLBACK)
                self.assertIn(source.host, refusal.detail)

    def test_literalsAndNames(self) -> None:
        """
        An address is taken in its one spelling; a name is left to be looked up.
        """
        for host, meant in (
            ("10.0.0.5", "10.0.0.5"),
            ("::ffff:10.0.0.5", "10.0.0.5"),
            ("[2001:DB8::5]", "2001:db8::5"),
            ("8.8.8.8", "8.8.8.8"),
            ("example.org", None),
            ("localhost.example.org", None),
            ("127.1", None),
        ):
            self.assertEqual((host, _OWN.callbackHost(host, _LAN)), (host, meant))


class JudgeRegistrationTests(SynchronousTestCase):
    """
    A room can be closed to newcomers.
    """

    def test_closed(self) -> None:
        """
        Where registration is closed, that is all there is to know; elsewhere one may go on.
        """
        refusal = _CLOSED.judgeRegistration("alice", "", 9000, _LAN)
        assert isinstance(refusal, Refusal)
        self.assertIs(refusal.reason, Reason.FOREIGN_CALLBACK)
        self.assertIsNone(_OWN.judgeRegistration("alice", "", 9000, _LAN))


class JudgeCallbackTests(SynchronousTestCase):
    """
    The server connects to nobody who has not asked for it.
    """

    def test_foreign(self) -> None:
        """
        By default one can register the own address only; a network or "any" allows more.
        """
        # own, with networks, any: whether each takes the address.
        for host, source, taken in (
            ("10.0.0.5", _LAN, (True, True, True)),
            ("10.0.0.6", _LAN, (False, True, True)),
            ("192.168.0.1", _LAN, (False, False, True)),
            ("2001:db8::9", _LAN, (False, True, True)),
            ("2001:db9::9", _LAN, (False, False, True)),
            ("2001:db8::5", _LAN6, (True, True, True)),
            ("127.0.0.1", _LAN, (False, False, True)),
            ("::1", _LAN6, (False, False, True)),
            ("127.0.0.1", _OTHER_LOOPBACK, (False, False, True)),
            ("127.0.0.2", _OTHER_LOOPBACK, (True, True, True)),
            ("127.0.0.2", _LOOPBACK, (False, False, True)),
            ("127.0.0.1", _LOOPBACK, (True, True, True)),
            ("::1", _LOOPBACK, (True, True, True)),
            ("127.0.0.1", _LOOPBACK6, (True, True, True)),
            ("127.0.0.1", _SELF, (True, True, True)),
            ("::1", _SELF, (True, True, True)),
            ("127.0.0.1", _UNIX, (True, True, True)),
            ("192.168.0.1", _UNIX, (False, False, True)),
        ):
            verdicts = [
                policy.judgeCallback(host, host, 9000, source, ownListener=False)
                for policy in (_OWN, _CIDR, _ANY)
            ]
            reasons = tuple(_reason(verdict) for verdict in verdicts)
            expected = tuple(None if one else Reason.FOREIGN_CALLBACK for one in taken)
            self.assertEqual((host, source, reasons), (host, source, expected))

    def test_thisMachine(self) -> None:
        """
        Who is on the server's machine may register any address of it, as its own name may mean;
        other addresses of 127/8 stay other hosts, and so do those who come from them.
        """
        for host, taken in (
            ("127.0.1.1", True),
            ("10.0.0.1", True),
            ("192.168.7.1", True),
            ("fd00::1", True),
            ("fe80::1%eth0", True),
            ("127.0.0.2", False),
            ("127.1.1.1", False),
            ("224.0.0.1", False),
            ("ff02::1", False),
        ):
            expected = None if taken else Reason.FOREIGN_CALLBACK
            for source in (_LOOPBACK, _LOOPBACK6, _SELF, _UNIX):
                refusal = _OWN.judgeCallback(
                    host, host, 9000, source, ownListener=False, thisMachine=True
                )
                self.assertEqual((host, source, _reason(refusal)), (host, source, expected))
            for source in (_LAN, _LAN6, _OTHER_LOOPBACK):
                refusal = _OWN.judgeCallback(
                    host, host, 9000, source, ownListener=False, thisMachine=True
                )
                if machineKey(host) != source.machine:
                    self.assertIs(_reason(refusal), Reason.FOREIGN_CALLBACK, (host, source))
        self.assertIsNotNone(
            _OWN.judgeCallback("", "192.168.7.1", 9000, _LOOPBACK, ownListener=False)
        )

    def test_foreignIsTold(self) -> None:
        """
        The refusal names both addresses: behind NAT nobody knows the own one.
        """
        refusal = _OWN.judgeCallback("192.168.0.1", "192.168.0.1", 9000, _LAN, ownListener=False)
        assert refusal is not None
        self.assertIn("192.168.0.1", refusal.detail)
        self.assertIn("10.0.0.5", refusal.detail)

    def test_otherFamily(self) -> None:
        """
        Who came over IPv6 and names the own IPv4 address, or the other way round, is told what to
        do; who names another machine's is not.
        """
        for host, source, mend in (
            ("10.0.0.5", _LAN6, "connect over IPv4, or leave HOST empty to get pushes over IPv6"),
            ("2001:db8::5", _LAN, "connect over IPv6, or leave HOST empty to get pushes over IPv4"),
        ):
            refusal = _OWN.judgeCallback(host, host, 9000, source, ownListener=False)
            assert refusal is not None
            detail = f"{host} is not your address, you are {source.host}: {mend}"
            self.assertEqual(refusal.detail, detail)
        for host, source in (("10.0.0.6", _LAN), ("2001:db8::6", _LAN6)):
            refusal = _OWN.judgeCallback(host, host, 9000, source, ownListener=False)
            assert refusal is not None
            self.assertNotIn("over", refusal.detail)

    def test_ownListener(self) -> None:
        """
        Nobody can make the server talk to itself, whatever else is allowed.
        """
        for policy in (_OWN, _CIDR, _ANY, AdmissionPolicy(minCallbackPort=1)):
            refusal = policy.judgeCallback("", "10.0.0.5", 8880, _LAN, ownListener=True)
            assert refusal is not None
            self.assertIs(refusal.reason, Reason.OWN_PORT)
            self.assertIn("8880", refusal.detail)

    def test_entrance(self) -> None:
        """
        Nor where the registration itself came in, though nobody has told the room that it listens
        there.
        """
        here = Source.between("127.0.0.1", "127.0.0.1", localPort=8880)
        for policy, port, reason in (
            (_OWN, 8880, Reason.OWN_PORT),
            (_ANY, 8880, Reason.OWN_PORT),
            (_OWN, 8881, None),
        ):
            refusal = policy.judgeCallback("", "127.0.0.1", port, here, ownListener=False)
            self.assertEqual((policy, port, _reason(refusal)), (policy, port, reason))

    def test_lowPort(self) -> None:
        """
        Ports below the limit are refused, the limit itself is not.
        """
        low = AdmissionPolicy(minCallbackPort=80)
        for policy, port, reason in (
            (_OWN, 1, Reason.LOW_PORT),
            (_OWN, 1023, Reason.LOW_PORT),
            (_OWN, 1024, None),
            (_OWN, 65535, None),
            (_ANY, 1023, Reason.LOW_PORT),
            (low, 79, Reason.LOW_PORT),
            (low, 80, None),
        ):
            refusal = policy.judgeCallback("", "10.0.0.5", port, _LAN, ownListener=False)
            self.assertEqual((port, _reason(refusal)), (port, reason))


class JudgeSenderTests(SynchronousTestCase):
    """
    A registered name is spoken under by its owner.
    """

    def test_everyCase(self) -> None:
        """
        Owner, somebody else and a name nobody registered, under each rule.
        """
        mine = Member("alice", "10.0.0.5", 9000, "10.0.0.5", 1)
        theirs = Member("alice", "10.0.0.6", 9000, "10.0.0.6", 2)
        allowed = {
            (Senders.OWNED, mine): True,
            (Senders.OWNED, theirs): False,
            (Senders.OWNED, None): True,
            (Senders.REGISTERED, mine): True,
            (Senders.REGISTERED, theirs): False,
            (Senders.REGISTERED, None): False,
            (Senders.ANY, mine): True,
            (Senders.ANY, theirs): True,
            (Senders.ANY, None): True,
        }
        self.assertEqual(set(allowed), set(product(Senders, (mine, theirs, None))))
        for (senders, named), taken in allowed.items():
            refusal = AdmissionPolicy(senders=senders).judgeSender("alice", _LAN, named)
            reason = None if taken else Reason.NOT_OWNER
            self.assertEqual((senders, named, _reason(refusal)), (senders, named, reason))

    def test_loopbackIsOneMachine(self) -> None:
        """
        Who registered over IPv4 may speak over IPv6 or a Unix socket of the same machine.
        """
        named = Member("alice", "127.0.0.1", 9000, "127.0.0.1", 1)
        for source in (_LOOPBACK, _LOOPBACK6, _UNIX):
            self.assertIsNone(_OWN.judgeSender("alice", source, named))
        self.assertIsNotNone(_OWN.judgeSender("alice", _OTHER_LOOPBACK, named))

    def test_certificates(self) -> None:
        """
        A name that was registered with a certificate is its holder's, from wherever it comes, and
        nobody else's, even at the same address; a name without one is its address's.
        """
        mine = Member("alice", "10.0.0.5", 9000, "certificate ann", 1)
        plain = Member("alice", "10.0.0.5", 9000, "10.0.0.5", 1)
        ann = Source("10.0.0.5", False, "ann")
        for named, source, taken in (
            (mine, ann, True),
            (mine, Source("10.0.0.9", False, "ann"), True),
            (mine, Source("10.0.0.5", False, "bob"), False),
            (mine, _LAN, False),
            (plain, ann, False),
        ):
            refusal = _OWN.judgeSender("alice", source, named)
            self.assertEqual((named, source, refusal is None), (named, source, taken))

    def test_whoseItIsIsTold(self) -> None:
        """
        The refusal says what the owner is known by, but not who it is.
        """
        for owner, told in (
            ("10.0.0.6", "alice is registered from another address"),
            ("certificate 77ff", "alice is registered with another certificate"),
        ):
            named = Member("alice", "10.0.0.6", 9000, owner, 1)
            refusal = _OWN.judgeSender("alice", _LAN, named)
            assert refusal is not None
            self.assertEqual(refusal.detail, told)


class ReservedTests(SynchronousTestCase):
    """
    A name that the operator keeps for some machines.
    """

    def judge(self, address: str, source: Source) -> None:
        """
        Fail unless the name is for that source, and for no other.

        :param address: as the operator gave it.
        """
        reserved = dict([readReservation(f"ci={address}")])
        for senders, named in product(Senders, (None, Member("ci", "10.0.0.6", 9, "10.0.0.6", 1))):
            policy = AdmissionPolicy(reserved=reserved, senders=senders)
            self.assertIsNone(policy.judgeSender("ci", source, named))
            self.assertIsNone(policy.judgeRegistration("ci", "", 9000, source))
            for other in {_LAN, _LAN6, _SELF, _LOOPBACK, _OTHER_LOOPBACK} - {source}:
                if source.sameMachine and other.sameMachine:
                    continue
                refusals = [
                    policy.judgeSender("ci", other, named),
                    policy.judgeRegistration("ci", "", 9000, other),
                ]
                reasons = [getattr(refusal, "reason", None) for refusal in refusals]
                self.assertEqual(reasons, [Reason.NOT_OWNER, Reason.NAME_TAKEN])
                for refusal in refusals:
                    assert isinstance(refusal, Refusal)
                    self.assertIn(other.host, refusal.detail)

    def test_onlyFromThere(self) -> None:
        """
        A job that never registers keeps its name, whatever else is allowed, and though somebody
        had registered it before.
        """
        for address, source in (
            ("10.0.0.5", _LAN),
            ("2001:DB8::5", _LAN6),
            ("[2001:db8:0::5]", _LAN6),
            ("::ffff:10.0.0.5", _LAN),
            ("127.0.0.2", _OTHER_LOOPBACK),
            ("localhost", _LOOPBACK),
            ("::1", _SELF),
        ):
            self.judge(address, source)

    def test_several(self) -> None:
        """
        Each of several addresses is as good as the other.
        """
        policy = AdmissionPolicy(reserved=dict([readReservation("ci = 10.0.0.5, 2001:db8::5")]))
        for source in (_LAN, _LAN6):
            self.assertIsNone(policy.judgeSender("ci", source, None))
        self.assertIsNotNone(policy.judgeSender("ci", _SELF, None))

    def test_programs(self) -> None:
        """
        What the program has taken is the program's, though the name was meant for somebody else.
        """
        named = Member("ci", "", 0, PROGRAM, 1)
        for senders in Senders:
            reserved = dict([readReservation("ci=10.0.0.5")])
            policy = AdmissionPolicy(reserved=reserved, senders=senders)
            self.assertIsNone(policy.judgeSender("ci", LOCAL, named))
            for other in (_LAN, _SELF):
                self.assertIsNotNone(policy.judgeSender("ci", other, named))

    def test_others(self) -> None:
        """
        Other names are as ever.
        """
        policy = AdmissionPolicy(reserved=dict([readReservation("ci=10.0.0.6")]))
        self.assertIsNone(policy.judgeSender("alice", _LAN, None))
        self.assertIsNone(policy.judgeRegistration("alice", "", 9000, _LAN))

    def test_spelling(self) -> None:
        """
        A name is reserved in its one spelling, and may hold the sign that ends it.
        """
        self.assertEqual(
            readReservation("\uff43i  a=b=10.0.0.5"), ("ci a=b", frozenset({"10.0.0.5"}))
        )

    def test_none(self) -> None:
        """
        A slip of the pen is told, with what was wrong.
        """
        for text, told in (
            ("ci", "="),
            ("ci=", "''"),
            ("ci=10.0.0.5,", "''"),
            ("ci=example.org", "example.org"),
            ("ci=10.0.0.0/8", "10.0.0.0/8"),
            ("ci=0.0.0.0", "0.0.0.0"),
            ("=10.0.0.5", "a name"),
            ("a|b=10.0.0.5", "|"),
            ("Server=10.0.0.5", "server"),
        ):
            self.assertIn(told, str(self.assertRaises(ValueError, readReservation, text)))


class OptionTests(SynchronousTestCase):
    """
    An operator says the rules in a word.
    """

    def test_defaults(self) -> None:
        """
        Without a word the rules are safe for a LAN.
        """
        self.assertEqual(
            AdmissionPolicy(),
            AdmissionPolicy(
                callbacks=Callbacks.OWN,
                networks=(),
                minCallbackPort=1024,
                senders=Senders.OWNED,
                serverName="server",
                limits=RosterLimits(10_000, 32),
                maxMessageBytes=65536,
                reserved={},
            ),
        )

    def test_callbacks(self) -> None:
        """
        Each word and each list of networks is understood.
        """
        ten, six = ip_network("10.0.0.0/8"), ip_network("fd00::/8")
        for text, expected in (
            ("own", (Callbacks.OWN, ())),
            ("any", (Callbacks.ANY, ())),
            ("none", (Callbacks.NONE, ())),
            ("cidr:10.0.0.0/8", (Callbacks.OWN, (ten,))),
            ("cidr:10.0.0.0/8, fd00::/8", (Callbacks.OWN, (ten, six))),
            ("cidr:10.0.0.5", (Callbacks.OWN, (ip_network("10.0.0.5/32"),))),
        ):
            self.assertEqual((text, readCallbacks(text)), (text, expected))

    def test_noCallbacks(self) -> None:
        """
        A slip of the pen is an error that quotes it, not another rule.
        """
        for text in ("", "ANY", "owns", "10.0.0.0/8", "cidr", "cidr:", "cidr:10.0.0.0/33"):
            error = self.assertRaises(ValueError, readCallbacks, text)
            self.assertIn(text.removeprefix("cidr:"), str(error))
        for text in ("cidr:10.0.0.1/8", "cidr:10.0.0.0/8,", "cidr:example.org"):
            self.assertRaises(ValueError, readCallbacks, text)


class UnspecifiedTests(SynchronousTestCase):
    """
    Addresses that are none.
    """

    def test_resolvedToEverywhere(self) -> None:
        """
        A host that turns out to mean "everywhere" is nobody's address, even where any is allowed.
        """
        policy = AdmissionPolicy(callbacks=Callbacks.ANY)
        for host in ("0.0.0.0", "::"):
            refusal = policy.judgeCallback(host, host, 9001, _LAN, ownListener=False)
            assert isinstance(refusal, Refusal)
            self.assertIs(refusal.reason, Reason.FOREIGN_CALLBACK)

    def test_sourceWithoutAddress(self) -> None:
        """
        What a broken proxy tells is no address, owns nothing and is never connected to.
        """
        source = Source.between("e\x1b[31mvil", "127.0.0.1")
        self.assertEqual((source.host, source.sameMachine), ("unknown", False))
        refusal = AdmissionPolicy(callbacks=Callbacks.ANY).callbackHost("", source)
        assert isinstance(refusal, Refusal)
        self.assertIs(refusal.reason, Reason.FOREIGN_CALLBACK)
