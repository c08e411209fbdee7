"""
Mutates and shrinks scripts.
"""

from collections.abc import Callable
from random import Random

from tests.fuzz.bytestream import mutatedBytes
from tests.fuzz.cases import MESSAGES
from tests.fuzz.pieces import repeated, shrunk, spliced, without
from tests.fuzz.script import VERBS, WAITS, Act, Script

# Acts of one script; the messages among them then meet each other, and it ends soon.
_MOST = 60

# Somewhat more than the stage's room takes.
_LONGEST = 10_000

_STACKED = (1, 1, 2, 3, 5)

# Some of each kind of sender, connection and time.
_WHOS = (*range(-3, len(WAITS)), -1, -1, -1)

_Mutation = Callable[[Script, Script, Random], Script]


def _actPut(script: Script, other: Script, random: Random) -> Script:
    (verb,) = random.choices(list(VERBS), list(VERBS.values()))
    data = mutatedBytes(random.choice(MESSAGES), b"", random, _LONGEST) if verb == "write" else b""
    at = random.randrange(len(script) + 1)
    return (*script[:at], Act(verb, random.choice(_WHOS), data), *script[at:])


def _changed(
    script: Script,
    random: Random,
    change: Callable[[Act], Script],
    isMeant: Callable[[Act], object],
) -> Script:
    """
    Put others in the place of one act.

    :param isMeant: whether an act can be the one.
    """
    places = [at for at, act in enumerate(script) if isMeant(act)]
    if not places:
        return script
    at = random.choice(places)
    return (*script[:at], *change(script[at]), *script[at + 1 :])


def _isWritten(act: Act) -> bool:
    return bool(act.data)


def _whoChanged(script: Script, other: Script, random: Random) -> Script:
    def change(act: Act) -> Script:
        return (act._replace(who=random.choice(_WHOS)),)

    return _changed(script, random, change, bool)


def _dataChanged(script: Script, other: Script, random: Random) -> Script:
    lent = random.choice([act.data for act in other if act.data] or [b""])

    def change(act: Act) -> Script:
        return (act._replace(data=mutatedBytes(act.data, lent, random, _LONGEST)),)

    return _changed(script, random, change, _isWritten)


def _writeCut(script: Script, other: Script, random: Random) -> Script:
    def change(act: Act) -> Script:
        at = random.randrange(len(act.data) + 1)
        return act._replace(data=act.data[:at]), act._replace(data=act.data[at:])

    return _changed(script, random, change, _isWritten)


def _repeated(script: Script, other: Script, random: Random) -> Script:
    return repeated(script, other, random, _MOST)


_MUTATIONS: tuple[_Mutation, ...] = (
    *(without, _repeated, spliced, spliced, _actPut, _actPut),
    *(_whoChanged, _dataChanged, _dataChanged, _writeCut),
)


def mutatedScript(script: Script, other: Script, random: Random) -> Script:
    """
    Change some acts, once or several times over.

    :param other: lends pieces.
    """
    for _ in range(random.choice(_STACKED)):
        script = random.choice(_MUTATIONS)(script, other, random)[:_MOST]
    return script


def shrunkScript(script: Script, fails: Callable[[Script], bool]) -> Script:
    """
    Leave out acts, then parts of what is written.
    """
    script = shrunk(script, fails)
    for at in range(len(script)):
        script = _withLessData(script, at, fails)
    return script


def _withLessData(script: Script, at: int, fails: Callable[[Script], bool]) -> Script:
    def with_(data: bytes) -> Script:
        return (*script[:at], script[at]._replace(data=data), *script[at + 1 :])

    return with_(shrunk(script[at].data, lambda data: fails(with_(data))))
