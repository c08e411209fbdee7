"""
``twisted-messenger say --help``, in the form that the other commands have.
"""

from twisted_messenger.programs.sayoptions import FLAGS, PARAMETERS
from twisted_messenger.programs.tap import TapOptions


class SayOptions(TapOptions):
    """
    The options of ``twisted-messenger say``.
    """

    command = "twisted-messenger say"
    synopsis = "Usage: twisted-messenger say --server HOST:PORT --name NAME [options] [TEXT ...]"
    longdesc = (
        "Says something to a room, and ends when the room has it. The words of TEXT are joined by "
        "blanks; without TEXT it says standard input, all of it as one message, or with --lines "
        "each line. -- in front of TEXT lets it begin with a dash. It registers nothing, opens no "
        "port, and any number of them can run at once. The exit status is 0 when everything is "
        "stored; 1 when something was refused, and standard error says why; 75 when it was not "
        "taken in time, or nobody knows: the connection broke after all was sent, and to say it "
        "again may say it twice. With --lines the rest is said all the same, the number is told, "
        "and 1 comes before 75. "
        "Example: twisted-messenger say --server localhost:8880 --name ci build 7 is green"
    )
    optParameters = PARAMETERS
    optFlags = FLAGS
