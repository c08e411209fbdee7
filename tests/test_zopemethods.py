"""
A store's interface and its typing Protocol ask for the same.
"""

from inspect import signature

from twisted.trial.unittest import SynchronousTestCase
from zope.interface import Interface, implementer
from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyObject

from twisted_messenger.interfaces import (
    IMessageStore,
    IPortableStore,
    MessageStore,
    PortableStore,
)


class SameMembersTests(SynchronousTestCase):
    """
    Who types against the one and who provides the other mean the same store.
    """

    def test_same(self) -> None:
        """
        Each method is in both, with its arguments, their defaults, and what is said about it.
        """
        for interface, protocol in (
            (IMessageStore, MessageStore),
            (IPortableStore, PortableStore),
        ):
            public = [name for name in vars(protocol) if not name.startswith("_")]
            self.assertEqual(sorted(interface.names()), sorted(public))
            for name in public:
                method, asked = getattr(protocol, name), interface[name]
                first, *rest = signature(method).parameters.values()
                self.assertEqual(first.name, "self")
                info = asked.getSignatureInfo()
                positional = [one for one in rest if one.kind is not one.KEYWORD_ONLY]
                self.assertEqual(info["positional"], tuple(one.name for one in positional))
                optional = {one.name: one.default for one in positional if one.default != one.empty}
                self.assertEqual(info["optional"], optional)
                self.assertEqual(asked.getDoc(), method.__doc__)

    def test_missing(self) -> None:
        """
        What lacks a method, or one of its arguments, is not taken for a store.
        """

        class ISmall(Interface):
            locals().update({name: IMessageStore[name] for name in ("trim", "close")})

        @implementer(ISmall)
        class Whole:
            def close(self) -> None:
                """
                Close.
                """

            def trim(self, limits: object) -> None:
                """
                Trim.
                """

        @implementer(ISmall)
        class Closing:
            close = Whole.close

        @implementer(ISmall)
        class Trimming(Closing):
            def trim(self) -> None:
                """
                Trim to nothing.
                """

        self.assertTrue(verifyObject(ISmall, Whole()))
        for wrong in (Closing(), Trimming()):
            self.assertRaises(Invalid, verifyObject, ISmall, wrong)
