"""
What a benchmark found, as people read it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median


class Spread:
    """
    One figure, measured in several rounds: ``median (least..greatest)``.

    :param values: one for each round.
    """

    def __init__(self, values: Iterable[float]) -> None:
        self._values = sorted(values)
        self.middle = median(self._values)

    def __format__(self, form: str) -> str:
        least, greatest = self._values[0], self._values[-1]
        return f"{self.middle:{form}} ({least:{form}}..{greatest:{form}})"

    def ratio(self, base: "Spread | None") -> str:
        """
        How many times another figure this is; a dash where that was not measured.
        """
        return "-" if base is None else f"{self.middle / base.middle:.2f}"


@dataclass(frozen=True)
class Bar:
    """
    One bar of the picture.

    :param name: whose it is.
    :param value: how long.
    :param group: bars of one group stand together.
    """

    name: str
    value: float
    group: str = ""


@dataclass
class Table:
    """
    The results of one benchmark.

    :param title: what was measured, in a word.
    :param work: with how much work.
    :param columns: their headings.
    :param unit: of the bars.
    """

    title: str
    work: str
    columns: Sequence[str]
    unit: str
    rows: list[Sequence[str]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    #: How much did not come as promised; 0 is the only good number.
    faults: int = 0

    def add(self, *cells: object) -> None:
        """
        Append a row.
        """
        self.rows.append([str(cell) for cell in cells])

    def __str__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines)]
        texts = [
            "  ".join(
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(line, widths))
            )
            for line in lines
        ]
        heading = f"{self.title}: {self.work}"
        return "\n".join([heading, "", texts[0], "-" * len(texts[0]), *texts[1:], ""])
