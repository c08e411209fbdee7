"""
What goes over the wire to a member: an entry or a notice, as the member wants it. Pure.
"""

from twisted_messenger.entry import Entry
from twisted_messenger.roster import MemberOptions
from twisted_messenger.wire import formatJSONPush, formatPush


class PreparedPush:
    """
    An entry as it is pushed, made once for all members.

    :param entry: of the log.
    :param lineEnd: ends every push.
    """

    __slots__ = ("_json", "_lineEnd", "entry", "name", "payload", "position")

    def __init__(self, entry: Entry, lineEnd: bytes = b"") -> None:
        self.position = entry.position
        self.name = entry.name
        #: As nearly all members get it: those without options.
        self.payload = formatPush(entry.name, entry.text) + lineEnd
        #: As it stands in the log.
        self.entry = entry
        self._json: bytes | None = None
        self._lineEnd = lineEnd

    def payloadFor(self, options: MemberOptions) -> bytes:
        """
        The bytes for a member with options.
        """
        if options.json:
            if self._json is None:
                entry = self.entry
                self._json = formatJSONPush(entry.position, entry.time, entry.name, entry.text)
            return self._json
        return self.payload if self._lineEnd or not options.newline else self.payload + b"\n"


def notice(
    serverName: str, text: str, options: MemberOptions, lineEnd: bytes, time: float
) -> bytes:
    """
    The bytes of a notice, which has no place in the log.

    :param lineEnd: ends every push.
    :param time: seconds since the epoch.
    """
    if options.json:
        return formatJSONPush(None, time, serverName, text)
    return formatPush(serverName, text) + (b"\n" if options.newline else lineEnd)
