"""
What a person's line means: something to say, or a command. Pure.

A line that looks like a command never reaches anybody by accident: an unknown one is told, not
sent. ``//`` says a line that begins with a slash.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Say:
    """
    A line for the other side.
    """

    text: str


@dataclass(frozen=True)
class Command:
    """
    Something for the program to do.

    :param name: one of :data:`COMMANDS`, without its slash.
    :param argument: what stands after it, trimmed; may be empty.
    """

    name: str
    argument: str


@dataclass(frozen=True)
class Unknown:
    """
    No command, and nothing to say.

    :param word: as it was typed, with its slash.
    """

    word: str


#: Each command, how it is written, and what it does.
COMMANDS: dict[str, tuple[str, str]] = {
    "help": ("/help", "this list"),
    "who": ("/who", "who is in the room, who was heard, and the address book"),
    "history": ("/history N", "the last N messages of the room, as far as its server has them"),
    "more": ("/more N", "in full what was too long to show; /more: the last one"),
    "me": ("/me TEXT", "say what you do: /me waves"),
    "to": ("/to NAME TEXT", "say something to a friend of the address book"),
    "friend": ("/friend NAME", "talk to that friend from now on; or [NAME=]HOST:PORT"),
    "nick": ("/nick NAME", "go by another name in the room"),
    "leave": ("/leave", "leave the room, or stop talking to the friend"),
    "join": ("/join", "back into the room, or take the name back from another window"),
    "pending": ("/pending", "what you said and nobody took yet"),
    "quit": ("/quit", "end; Ctrl-D does too"),
}

# What the words after a message mean.
_STATES = {
    "sent": "the server or the friend has it",
    "waiting": "it goes when they are there",
    "refused": "they do not want it",
    "unknown": "it may have arrived, or not",
}


def parse(line: str) -> Say | Command | Unknown:
    """
    Read a line that a person typed.
    """
    if not line.startswith("/"):
        return Say(line)
    if line.startswith("//"):
        return Say(line[1:])
    word, _, rest = line.partition(" ")
    name = word[1:].casefold()
    return Command(name, rest.strip()) if name in COMMANDS else Unknown(word)


def helpLines() -> list[str]:
    """
    Every command with its meaning, and what the words after a message say.
    """
    width = max(len(usage) for usage, _ in COMMANDS.values())
    lines = [
        *COMMANDS.values(),
        ("//TEXT", "say a line that begins with a slash"),
        *_STATES.items(),
    ]
    return [f"{word:{width}}  {meaning}" for word, meaning in lines]
