"""
What a typed line means.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.peer.commandline import COMMANDS, Command, Say, Unknown, helpLines, parse


class ParseTests(SynchronousTestCase):
    """
    Commands, things to say, and accidents.
    """

    def test_say(self) -> None:
        """
        What does not begin with a slash is said as it is, a slash or blanks in it included.
        """
        for line in ("hello", "", "  two blanks", "and/or", " /quit", "\N{FULLWIDTH SOLIDUS}quit"):
            self.assertEqual(parse(line), Say(line))

    def test_escaped(self) -> None:
        """
        Two slashes say one.
        """
        self.assertEqual(parse("//etc/hosts"), Say("/etc/hosts"))
        self.assertEqual(parse("//"), Say("/"))
        self.assertEqual(parse("///"), Say("//"))

    def test_commands(self) -> None:
        """
        A command may have an argument; its case does not matter.
        """
        self.assertEqual(parse("/quit"), Command("quit", ""))
        self.assertEqual(parse("/Me  waves  at you "), Command("me", "waves  at you"))
        for name in COMMANDS:
            self.assertEqual(parse(f"/{name} x"), Command(name, "x"))

    def test_unknown(self) -> None:
        """
        Everything else with a slash is said to nobody.
        """
        for line, word in (
            ("/quti", "/quti"),
            ("/usr/bin/env python", "/usr/bin/env"),
            ("/", "/"),
            ("/ quit", "/"),
            ("/quit!", "/quit!"),
        ):
            self.assertEqual(parse(line), Unknown(word))


class HelpTests(SynchronousTestCase):
    """
    ``/help``
    """

    def test_names(self) -> None:
        """
        Every command is named with its meaning, and so is every state.
        """
        text = "\n".join(helpLines())
        for word in (*COMMANDS, "/TEXT", "sent", "waiting", "refused", "unknown"):
            self.assertIn(word, text)
        for line in helpLines():
            self.assertLess(len(line), 78)
        for name, (usage, meaning) in COMMANDS.items():
            self.assertTrue(usage.startswith(f"/{name}"), usage)
            self.assertTrue(meaning)
