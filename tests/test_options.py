"""
The fifth field of a registration.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.errors import WireError
from twisted_messenger.options import RegistrationOptions, formatOptions, readOptions
from twisted_messenger.refusal import Reason
from twisted_messenger.roster import MemberOptions

_OPTIONS = st.builds(
    RegistrationOptions,
    st.builds(MemberOptions, st.booleans(), st.booleans(), st.booleans(), st.integers(0, 999_999)),
    st.none()
    | st.text(st.sampled_from("abcXYZ019-_=.é "), min_size=8, max_size=128).map(
        lambda key: key.strip().ljust(8, "x")
    ),
    st.booleans(),
    st.booleans(),
)


class OptionsTests(SynchronousTestCase):
    """
    Options are words between commas.
    """

    def test_words(self) -> None:
        """
        Each word is one option; blanks around it and empty ones do not matter.
        """
        key = "correct-horse"
        for text, options in (
            ("", RegistrationOptions()),
            (" , ", RegistrationOptions()),
            ("newline", RegistrationOptions(MemberOptions(newline=True))),
            ("json, ack", RegistrationOptions(MemberOptions(json=True, ack=True))),
            ("history=12", RegistrationOptions(MemberOptions(history=12))),
            (f"key={key}", RegistrationOptions(key=key)),
            (f"refresh,key = {key}", RegistrationOptions(key=key, refresh=True)),
            ("who", RegistrationOptions(who=True)),
        ):
            self.assertEqual((text, readOptions(text)), (text, options))

    @settings(deadline=None, database=None)
    @given(_OPTIONS)
    def test_written(self, options: RegistrationOptions) -> None:
        """
        What our own peer writes is read as it was meant.
        """
        self.assertEqual(readOptions(formatOptions(options)), options)

    def refused(self, text: str) -> str:
        """
        Fail unless the field is refused as malformed.

        :returns: why.
        """
        error = self.assertRaises(WireError, readOptions, text)
        assert isinstance(error, WireError)
        refusal = error.refusal
        self.assertIs(refusal.reason, Reason.MALFORMED)
        return refusal.detail

    def test_unknown(self) -> None:
        """
        What we do not know is refused by its name, and told with all that there is.
        """
        for text, name in (("jason", "jason"), ("json,ttl=5", "ttl"), ("JSON", "JSON")):
            detail = self.refused(text)
            self.assertIn(f"unknown option {name};", detail)
            for known in ("newline", "json", "ack", "history", "key", "refresh", "who"):
                self.assertIn(known, detail)

    def test_values(self) -> None:
        """
        A value that makes no sense is refused, and so is one where none belongs.
        """
        for text in ("history=", "history=-1", "history=1e3", "history=1000000", "history"):
            self.assertIn("history=N", self.refused(text))
        for text in ("json=1", "key", "who=me", "ack,ack", "history=1,history=2"):
            self.refused(text)

    def test_keys(self) -> None:
        """
        A key is neither guessed in a moment, nor longer than a line, nor invisible.
        """
        for key in ("", "short12", "x" * 129, "tab\tinside", "zero\u200bwidth"):
            self.assertIn("8 to 128", self.refused(f"key={key}"))

    def test_secret(self) -> None:
        """
        A key is in no refusal, which is logged, however it was mistyped; nor in a value's repr.
        """
        secret = "correct-horse"
        for text in (f"kee={secret}", f"={secret}", f"key={secret},key={secret}", f"1{secret}"):
            self.assertNotIn(secret, self.refused(text))
        detail = self.refused(f"key=a-comma,{secret}")
        self.assertNotIn(secret, detail)
        self.assertIn("no comma", detail)
        self.assertNotIn(secret, repr(readOptions(f"key={secret}")))
