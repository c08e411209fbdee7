"""
What a seed says: who is there, how the server is set, and what happens when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from tests.simulation.server import Settings
from twisted_messenger.options import RegistrationOptions
from twisted_messenger.roster import MemberOptions

#: Who may be members.
NAMES = ("ann", "bob", "cyd", "dan")


class Action(NamedTuple):
    """
    One thing that happens.

    :param verb: a method of :class:`~tests.simulation.acts.Acts`.
    :param who: which member it concerns.
    :param size: how much, from 0 to 1.
    :param wait: seconds until the next one.
    """

    verb: str
    who: int
    size: float
    wait: float


class Story(NamedTuple):
    """
    A whole day.

    :param hosts: the last number of each member's address at first; those at one may merge.
    :param wishes: what they register with; those with a key may move to another host.
    :param windowBytes: of the network.
    """

    seed: int
    hosts: Sequence[int]
    wishes: Sequence[RegistrationOptions]
    windowBytes: int
    settings: Settings
    actions: Sequence[Action]


#: How often each thing happens, against the others.
_VERBS = {
    "say": 26,
    "converse": 4,
    "burst": 4,
    "stranger": 5,
    "impostor": 1,
    "big": 2,
    "register": 7,
    "move": 3,
    "leave": 2,
    "leaveBehind": 4,
    "merge": 3,
    "mergeInPush": 4,
    "steal": 2,
    "die": 5,
    "restart": 3,
    "comeBack": 8,
    "swallow": 3,
    "hang": 3,
    "tarpit": 2,
    "slow": 3,
    "rude": 2,
    "postpone": 3,
    "decline": 2,
    "babble": 1,
    "forward": 2,
    "reset": 4,
    "crash": 3,
    "fuse": 5,
    "trip": 6,
    "stop": 2,
    "fill": 2,
    "backUp": 4,
    "restore": 2,
    "failOver": 3,
    "idle": 1,
}

#: The same, where the program listens to its own room.
_HEARING = {
    "hark": 4,
    "ignore": 2,
    "rewind": 3,
    "raising": 3,
    "pensive": 3,
    "attentive": 4,
    "mimic": 1,
}

#: What some stories begin with, while all is well, with the settings that it needs.
_OPENINGS: Mapping[str, Mapping[str, Any]] = {
    "stream": {"diskSeconds": 0.1, "maxPushes": 8, "backlog": 0},
    "crowd": {"maxPushes": 8, "backlog": 0},
    "outlive": {"evictSeconds": 900.0},
    "fallBack": {"backlog": 0},
    "work": {"backlog": 0},
    "vanish": {"backlog": 0},
    "unplug": {"backlog": 0, "evictSeconds": 900.0, "shortWays": True},
}
_OPENING_SHARE = 0.12

# A store that fails over is one that nodes share, and there nobody subscribes.
_UNHEARD = ("failOver", "fallBack")

# Nothing, a store's time, a back-off's, a time-out's.
_WAITS = (0.0, 0.02, 1.0, 15.0)
_WAIT_WEIGHTS = (6, 6, 5, 3)


def storyOf(seed: int) -> Story:
    """
    Every seed has a story of its own, and always the same one.
    """
    random = Random(seed)
    members = random.choice((1, 2, 2, 3, 3, 4))
    settings = Settings(
        diskSeconds=random.choice((0.0, 0.005, 0.005, 0.02, 0.1)),
        backlog=random.choice((0, 0, 0, 0, 0, 0, random.randint(1, 6))),
        evictSeconds=random.choice((0.0, 86_400.0, 86_400.0, 30.0, 900.0)),
        retryUnconfirmed=random.random() < 0.2,
        maxPushes=random.choice((256, 256, 2, 4)),
        receipts=random.random() < 0.3,
        shortWays=seed % 2 == 0,
    )
    opening = random.choice(list(_OPENINGS)) if random.random() < _OPENING_SHARE else None
    if opening is not None:
        settings = replace(settings, **_OPENINGS[opening])
        members = len(NAMES)
    windowBytes = random.choice((65_536, 65_536, 16_384))
    actions = [Action("register", who, random.random(), _wait(random)) for who in range(members)]
    if opening is not None:
        actions.append(Action(opening, random.randrange(members), random.random(), 0.0))
    verbs, weights = list(_VERBS), list(_VERBS.values())
    for verb in random.choices(verbs, weights, k=int(5 + 55 * random.random() ** 4)):
        actions.append(Action(verb, random.randrange(members), random.random(), _wait(random)))
    hosts = [2 + who for who in range(members)]
    if random.random() < 0.4:
        hosts[-1] = hosts[-2:][0]
    wishes = {host: _wish(random, host) for host in hosts}
    if random.random() < 0.4:
        actions = _withHearing(random, actions)
    return Story(seed, hosts, [wishes[host] for host in hosts], windowBytes, settings, actions)


def _withHearing(random: Random, actions: Sequence[Action]) -> list[Action]:
    actions = [one for one in actions if one.verb not in _UNHEARD]
    # Early: what is said before it subscribes, the listener does not hear.
    together = [Action("hark", 0, 0.0, _wait(random)), *actions]
    verbs, weights = list(_HEARING), list(_HEARING.values())
    for verb in random.choices(verbs, weights, k=1 + len(actions) // 3):
        action = Action(verb, 0, random.random(), _wait(random))
        together.insert(random.randint(1, len(together)), action)
    return together


def _wish(random: Random, host: int) -> RegistrationOptions:
    newline, json, ack = (random.random() < 0.25 for _ in range(3))
    history = random.choice((0, 0, 0, 1, 3))
    key = f"correct-horse-{host}" if random.random() < 0.5 else None
    return RegistrationOptions(MemberOptions(newline, json, ack, history), key)


def _wait(random: Random) -> float:
    return random.choices(_WAITS, _WAIT_WEIGHTS)[0] * random.random()
