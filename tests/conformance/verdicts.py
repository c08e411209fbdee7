"""
How a case can end.
"""

from enum import Enum


class Verdict(Enum):
    """
    The last column of the table.
    """

    OK = "ok"
    FAILED = "FAILED"
    SKIPPED = "skipped"


class Violation(Exception):
    """
    A promise is not kept; the message tells what was seen instead.
    """


class Skipped(Exception):
    """
    The case cannot be shown from here; the message says why.
    """
