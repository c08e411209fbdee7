"""
What nobody can see from outside.
"""

from dataclasses import dataclass

from tests.conformance.verdicts import Skipped


@dataclass(frozen=True)
class Setup:
    """
    How the server was started, and what this machine has, as the user says it.

    :param second: another address of this machine, which the server takes for another host.
    :param otherHost: the server's address in the other version of IP.
    :param receipts: whether it answers with positions.
    :param reserved: ``NAME=ADDRESS``, a name that only that address may have.
    :param proxyPort: where it listens for a proxy's header and then a message.
    :param tlsPort: where it listens for TLS.
    :param slow: whether cases are tried that take more than ten seconds each.
    """

    second: str | None = None
    otherHost: str | None = None
    receipts: bool = False
    reserved: str | None = None
    proxyPort: int | None = None
    tlsPort: int | None = None
    slow: bool = False

    def said(self, option: str) -> str:
        """
        What an option says.

        :param option: its field.
        :raises Skipped: nothing.
        """
        value = getattr(self, option)
        if not value:
            raise Skipped(f"only with {OPTIONS[option]}")
        return str(value)


#: How the fields are called on the command line.
OPTIONS = {
    "second": "--second",
    "otherHost": "--other-host",
    "receipts": "--receipts",
    "reserved": "--reserved",
    "proxyPort": "--proxy-port",
    "tlsPort": "--tls-port",
    "slow": "--slow",
}
