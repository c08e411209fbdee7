"""
When the lines of a message are all that its sender has to say. Pure.

Many programs keep their connection and send a line now and then. A line that is complete, and no
end of file within 1.5 s of its newline, means that everything up to the last newline is a message.

A NUL between lines is nothing: programs in C send the one that ends their text along with it.
"""

#: Seconds after a newline. An end of file comes with the last bytes, or shortly after them.
LINE_SECONDS = 1.5


class Gathering:
    """
    The bytes of one message, as far as their time matters.

    :param begun: when its first byte came, in seconds; ``None`` before that.
    :param isFurther: whether it follows lines, so that a NUL does not begin it.
    """

    def __init__(self, begun: float | None = None, isFurther: bool = False) -> None:
        self.begun = begun
        self._isFurther = isFurther
        #: How many bytes have come since.
        self.size = 0
        self._lineEnded: float | None = None
        # When the first byte after the last newline came.
        self._tail = begun

    @property
    def empty(self) -> bool:
        """
        Whether nothing has come.
        """
        return self.begun is None

    @property
    def hasLine(self) -> bool:
        """
        Whether a line is complete.
        """
        return self._lineEnded is not None

    def received(self, data: bytes, now: float) -> None:
        """
        More has come.

        :param data: 1 byte or more.
        """
        self.size += len(data)
        newline = data.rfind(b"\n")
        isNothing = not data[newline + 1 :].strip(b"\0")
        if self.begun is None and not (isNothing and newline < 0 and self._isFurther):
            self.begun = now
        if newline >= 0:
            self._lineEnded = now if self._lineEnded is None else self._lineEnded
            self._tail = None
        if self._tail is None and not isNothing:
            self._tail = now

    def isDue(self, now: float) -> bool:
        """
        Whether its lines are a message now.
        """
        return self._lineEnded is not None and now - self._lineEnded >= LINE_SECONDS

    def rest(self) -> "Gathering":
        """
        What begins after its last newline.
        """
        return Gathering(self._tail, isFurther=True)
