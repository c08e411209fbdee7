"""
What must hold when everything that a script began has ended.
"""

import re
from collections import Counter

from tests.fuzz.sender import Sender, Verdict
from tests.fuzz.stage import BYSTANDER, COLLECTING_PORT, MAX_MESSAGE_BYTES, Stage
from tests.fuzz.wiretarget import checkRefusalLine
from twisted_messenger.errors import WireError
from twisted_messenger.names import BadName, cleanName
from twisted_messenger.refusal import Reason
from twisted_messenger.wire import Command, RoomMessage, formatPush, parse

# The trimmer's, the cursors', the pushes', those of members that wait, and some to come.
_MOST_TIMERS = 8

_DROPPED = re.compile(rb"server: (1 message was|[0-9]+ messages were) dropped")
_MOVED = re.compile(rb"server: .+ is registered elsewhere now")


def checkRest(stage: Stage) -> None:
    """
    Judge what has come to rest.
    """
    assert not stage.receipts.protocols, f"{len(stage.receipts.protocols)} connections are left"
    timers = stage.network.getDelayedCalls()
    assert len(timers) <= _MOST_TIMERS, f"{len(timers)} timers: {timers}"
    _checkAnswers(stage)
    _checkCounts(stage)
    _checkLog(stage)
    _checkPushes(stage)
    _checkMembers(stage)


def checkEnd(stage: Stage) -> None:
    """
    Judge what is left of a room that was stopped.
    """
    assert stage.stopped is not None and stage.stopped.called, "the room does not stop"
    assert stage.stopped.result is None, stage.stopped.result
    assert stage.network.getDelayedCalls() == [], stage.network.getDelayedCalls()


def _who(stage: Stage, verdict: Verdict) -> list[Sender]:
    return [sender for sender in stage.senders if sender.verdict is verdict]


def _checkAnswers(stage: Stage) -> None:
    """
    Every sender saw an answer with one meaning, and no reset if it had ended its message.
    """
    for sender in stage.senders:
        sender.assertSound()
    reset = [sender.said for sender in _who(stage, Verdict.RESET) if sender.finished]
    # Their end may be on its way when there is no room, or when it stops.
    counters = stage.room.counters
    crowded = counters["evicted.connection_cap"] + counters["refused.connection_cap"]
    assert stage.stopped or len(reset) <= crowded, f"ended and not answered: {reset}"


def _checkCounts(stage: Stage) -> None:
    """
    The room's counters say what the senders saw, but for those who did not look.
    """
    counters = stage.room.counters
    counts = counters.snapshot()
    stored, unseen = len(_who(stage, Verdict.STORED)), len(_who(stage, Verdict.UNSEEN))
    registered = sum(count for name, count in counts.items() if name.startswith("registered."))
    taken = counters["accepted"] + registered + stage.store.departures + counters["probes"]
    further = sum(sender.further for sender in stage.senders)
    # Who said nothing was a probe, however it ended; so was who had not been heard at the stop.
    silent = sum(
        stage.stopped is not None or not sender.wrote for sender in _who(stage, Verdict.RESET)
    )
    assert stored <= taken <= stored + unseen + further + silent, (
        f"{stored} receipts, {unseen} unseen, {further} further: {counts}"
    )
    told = Counter(_toldReason(sender) for sender in _who(stage, Verdict.REFUSED))
    untold = [counters[f"refused.{reason.value}"] - told[reason] for reason in Reason]
    assert min(untold) >= 0, f"more refusals than were counted: {told}, {counts}"
    reset = len(_who(stage, Verdict.RESET))
    assert sum(untold) <= reset + unseen + further, f"{reset} resets, {unseen} unseen: {counts}"
    # Whoever had not come in when the room stopped is reset by the kernel.
    assert stage.stopped or reset - silent <= sum(untold), f"{reset} resets: {counts}"


def _toldReason(sender: Sender) -> Reason:
    line = bytes(sender.data)
    checkRefusalLine(line)
    return Reason(line[2:].partition(b":")[0].decode())


def _checkLog(stage: Stage) -> None:
    """
    What was acknowledged is in the log, as it was said, and nothing else but what was unseen.
    """
    log = Counter(stage.store.posts)
    assert len(stage.store.posts) == stage.room.counters["accepted"]
    for sender in _who(stage, Verdict.STORED):
        assert _struckOut(log, sender), f"acknowledged, not stored: {sender.said!r}"
    for sender in _who(stage, Verdict.UNSEEN):
        _struckOut(log, sender)
    for name, text in +log:
        assert _saidFurther(stage, text), f"stored, though nobody was told so: {name}, {text!r}"


def _saidFurther(stage: Stage, text: str) -> bool:
    """
    Whether somebody who sent several lines may have said this in a later one.
    """
    lines = text.replace("?", "").split("\n")
    wrote = [sender.wrote.decode("utf-8", "ignore") for sender in stage.senders if sender.further]
    return any(all(line in one.replace("?", "") for line in lines) for one in wrote)


def _struckOut(log: Counter[tuple[str, str]], sender: Sender) -> bool:
    """
    Strike what a sender said out of the log.

    :returns: whether it was there, or nothing that belongs there.
    """
    commands = _commands(sender)
    posts = [
        (command.name, command.text) for command in commands if isinstance(command, RoomMessage)
    ]
    # What is shorter may be all that another one said.
    for post in sorted((*posts, *_lineByLine(sender)), key=lambda post: -len(post[1])):
        if log[post]:
            log[post] -= 1
            return True
    return bool(commands and not posts) or not sender.said


def _commands(sender: Sender) -> list[Command]:
    """
    What a sender may have meant: all it said, or some lines of it.
    """
    commands = []
    # Where lines are read, those of Windows are as any others.
    plain = sender.said.replace(b"\r\n", b"\n")
    lines = plain.split(b"\n")
    some = [b"\n".join(lines[:end]) for end in range(1, len(lines))]
    for message in (sender.said, plain, *some):
        try:
            command = parse(message, MAX_MESSAGE_BYTES)
            commands.append(command._replace(name=cleanName(command.name)))
        except (WireError, BadName):
            pass
    return commands


def _lineByLine(sender: Sender) -> list[tuple[str, str]]:
    """
    What lines come to that a sender wrote one after the other, each with its name in front, which
    is heard once.
    """
    lines = sender.said.split(b"\n")
    header = lines[0].partition(b"|")[0] + b"|"
    try:
        found = [parse(header + line.removeprefix(header), MAX_MESSAGE_BYTES) for line in lines]
        said = [(cleanName(one.name), one.text) for one in found if isinstance(one, RoomMessage)]
    except (WireError, BadName):
        return []
    texts = [text for _, text in said]
    return [(name, "\n".join(texts[: end + 1])) for end, (name, _) in enumerate(said)]


def _checkPushes(stage: Stage) -> None:
    """
    Well-behaved members have everything, in order, each message once.
    """
    posts = stage.store.posts
    expected = [formatPush(name, text) for name, text in posts if name != BYSTANDER]
    got = stage.bystander.messages
    assert got == expected[: len(got)], f"the bystander got {got}, not {expected}"
    # What a room that stops has not pushed, it pushes when it starts again.
    if not stage.stopped:
        assert len(got) == len(expected), f"the bystander lacks {expected[len(got) :]}"
        behind = stage.store.behind(COLLECTING_PORT)
        assert not behind, f"these members lack something: {behind}"


def _checkMembers(stage: Stage) -> None:
    """
    Nobody got what was not said, or is thought to have read what it did not.
    """
    pushes = {formatPush(name, text) for name, text in stage.store.posts}
    for message in (message for member in stage.members for message in member.messages):
        known = message in pushes or _DROPPED.fullmatch(message) or _MOVED.fullmatch(message)
        assert known, f"a member got {message!r}"
    read = [message for member in stage.closing for message in member.messages]
    # How a farewell ends, nobody counts.
    closed = sum(not _MOVED.fullmatch(message) for message in read) + len(stage.careless.made)
    confirmed = stage.room.counters["pushes.confirmed"]
    assert confirmed <= closed, f"{confirmed} pushes were confirmed, {closed} were closed in order"
