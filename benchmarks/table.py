"""
What a benchmark found, as people read it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median


class Spread:
    """
    One figure, measured in several rounds: ``median (least..greatest)``.

    :param values: one for each round, in their order.
    """

    def __init__(self, values: Iterable[float]) -> None:
        self._values = list(values)
        self.middle = median(self._values)

    def __format__(self, form: str) -> str:
        least, greatest = min(self._values), max(self._values)
        return f"{self.middle:{form}} ({least:{form}}..{greatest:{form}})"

    def times(self, base: "Spread | None") -> float | None:
        """
        How many times another figure this is, round by round: what else the machine did in one of
        them, it did to both.

        :returns: the median; ``None`` where the other was not measured.
        """
        if base is None:
            return None
        return median(one / other for one, other in zip(self._values, base._values, strict=True))

    def ratio(self, base: "Spread | None") -> str:
        """
        The same for people; a dash where that was not measured.
        """
        times = self.times(base)
        return "-" if times is None else f"{times:.2f}"


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


@dataclass(frozen=True)
class Goal:
    """
    What a figure of ours shall be.

    :param figure: which one it is, and its unit.
    :param value: what it is.
    :param most: what it shall be at most.
    """

    figure: str
    value: float
    most: float

    @property
    def isReached(self) -> bool:
        """
        Whether it is so.
        """
        return self.value <= self.most


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
    goals: list[Goal] = field(default_factory=list)
    #: How much did not come as promised; 0 is the only good number.
    faults: int = 0

    def add(self, *cells: object) -> None:
        """
        Append a row.
        """
        self.rows.append([str(cell) for cell in cells])

    def aim(self, figure: str, value: float | None, most: float) -> None:
        """
        Say what a figure shall be at most.

        :param value: what it is; ``None`` where it was not measured.
        """
        if value is not None:
            self.goals.append(Goal(figure, value, most))

    def __str__(self) -> str:
        """
        As a page of documentation has it, which is the same as people read.
        """
        lines = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines)]
        texts = [
            "  ".join(
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(line, widths))
            )
            for line in lines
        ]
        border = "  ".join("=" * width for width in widths)
        heading = f"**{self.title}**: {self.work}"
        return "\n".join([heading, "", border, texts[0], border, *texts[1:], border, ""])


def goals(tables: Iterable[Table]) -> Table:
    """
    What all tables are to show, in one.
    """
    found = [goal for table in tables for goal in table.goals]
    reached = sum(goal.isReached for goal in found)
    columns = ("figure", "measured", "at most", "goal")
    table = Table("goals", f"{reached} of {len(found)} reached", columns, "")
    for goal in found:
        verdict = "reached" if goal.isReached else "missed"
        value = f"{goal.value:.0f}" if goal.value >= 100 else f"{goal.value:.3g}"
        table.add(goal.figure, value, f"{goal.most:g}", verdict)
    return table
