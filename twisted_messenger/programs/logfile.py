"""
The program's log in a file, which logrotate and the like may take away, or on standard output,
which may be full or gone.
"""

from typing import TextIO

from twisted.logger import ILogObserver, LogEvent, Logger, textFileLogObserver
from twisted.python.logfile import LogFile
from zope.interface import provider


def standardLog(output: TextIO, problems: TextIO) -> ILogObserver:
    """
    A log observer that writes text to standard output, and goes on without it.

    :param problems: is told when that begins to fail.
    """
    observer = textFileLogObserver(output)
    failing = False

    def observe(event: LogEvent) -> None:
        nonlocal failing
        try:
            observer(event)
            failing = False
        except OSError as error:
            if not failing:
                failing = True
                print(f"the log cannot be written: {error.strerror}", file=problems, flush=True)

    found: ILogObserver = provider(ILogObserver)(observe)
    return found


class ReopenedLog:
    """
    A file for the log, as twistd makes it.

    :param path: where; it is made here if it is not there.
    """

    log = Logger()

    def __init__(self, path: str) -> None:
        self._file = LogFile.fromFullPath(path)
        #: Writes the log there.
        self.observer: ILogObserver = textFileLogObserver(self._file)

    def reopen(self) -> None:
        """
        Go on in a file of this name: the one so far may have another name now.
        """
        try:
            # What cannot be opened leaves the old one open.
            open(self._file.path, "ab").close()
        except OSError as error:
            self.log.error("the log stays where it was: {why}", why=error)
        else:
            self._file.reopen()

    def rotate(self) -> None:
        """
        Keep what there is as ``NAME.1``, and so on, and begin anew.
        """
        self._file.rotate()
