"""
What twistd finds: the two programs.
"""

from twisted.application.service import ServiceMaker

chatserver = ServiceMaker(
    "Chat server",
    "twisted_messenger.programs.chatserver",
    "A chat room over raw TCP that pushes every message to registered addresses.",
    "chatserver",
)

chatpeer = ServiceMaker(
    "Chat peer",
    "twisted_messenger.programs.chatpeer",
    "Talk to a friend or in a room from a terminal.",
    "chatpeer",
)
