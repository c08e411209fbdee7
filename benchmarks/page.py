"""
Where the figures stand in the documentation.
"""

import os
import platform
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.programs import BenchmarkError

# The comments in the page between which the figures stand.
_BEGIN, _END = ".. figures: begin\n", ".. figures: end\n"


def rewrite(page: Path, parts: Sequence[object]) -> None:
    """
    Put figures in the place of those that stand in a page.

    :param parts: paragraphs and tables.
    :raises BenchmarkError: it has no place for them.
    """
    before, begin, rest = page.read_text().partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not end:
        raise BenchmarkError(f"{page} has no lines {_BEGIN.strip()!r} and {_END.strip()!r}")
    figures = "\n\n".join(str(part).strip() for part in parts)
    page.write_text(f"{before}{begin}\n{figures}\n\n{end}{after}")


def thisMachine(seconds: float) -> str:
    """
    Where and when figures were measured, for who compares them. A load of more than two says that
    others had work to do, too.

    :param seconds: that it took.
    """
    return (
        f"Measured in {seconds / 60:.1f} minutes on {date.today()}: {os.cpu_count()} cores, a load "
        f"of {os.getloadavg()[1]:.1f}, Python {platform.python_version()}, "
        f"Twisted {version('twisted')}."
    )
