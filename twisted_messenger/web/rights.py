"""
Who may do what over HTTP. Pure.

==========  ==============  ======  ===================
right       control socket  local   from elsewhere
==========  ==============  ======  ===================
nothing     open            open    open
read        open            open    token, or read open
send        open            open    token
operate     open            token   token
==========  ==============  ======  ===================
"""

from dataclasses import dataclass
from enum import Enum

from twisted_messenger.address import Source
from twisted_messenger.web.problems import Problem


class Right(Enum):
    """
    What a route asks of who uses it.
    """

    #: It tells nothing that anybody must not know.
    NOTHING = "nothing"
    #: What was said, and who is there.
    READ = "read"
    #: To say something; to come and go under one's own name.
    SEND = "send"
    #: To look at everything, and to steer.
    OPERATE = "operate"


@dataclass(frozen=True)
class Caller:
    """
    Who asks for something, as far as a request can tell.

    :param source: as on the wire.
    :param atControl: whether it came in over the control socket: who may open that may do all.
    :param isBeyond: whether it may come from another machine.
    :param hasToken: whether it has shown the right token.
    """

    source: Source
    atControl: bool = False
    isBeyond: bool = True
    hasToken: bool = False

    @property
    def mayOperate(self) -> bool:
        """
        Whether it has every right.
        """
        return self.atControl or self.hasToken


@dataclass(frozen=True)
class DoorRules:
    """
    What an operator has said of rights.

    :param hasToken: whether there is a token at all.
    :param readOpen: whether everybody may read.
    :param control: the path of the control socket, which is told to who would need a token where
        there is none; "" where there is no such socket.
    """

    hasToken: bool = False
    readOpen: bool = False
    control: str = ""

    def judge(self, right: Right, caller: Caller) -> Problem | None:
        """
        Judge whether somebody may use a route.

        :returns: why not; ``None`` where it may.
        """
        if right is Right.NOTHING or caller.mayOperate:
            return None
        if right is not Right.OPERATE and not caller.isBeyond:
            return None
        if right is Right.READ and self.readOpen:
            return None
        if self.hasToken:
            return Problem("unauthorized", "show the token: Authorization: Bearer ...")
        where = f": {self.control}" if self.control and not caller.isBeyond else ""
        return Problem("no_token", f"there is no token; use the control socket{where}")
