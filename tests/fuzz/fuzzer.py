"""
Runs one target: mutates what was found interesting, keeps what is new, shrinks what fails.
"""

import traceback
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from random import Random
from time import process_time
from typing import Generic, Protocol, TypeVar

from tests.fuzz.edges import Edge, EdgeWatch, Way

Input = TypeVar("Input", bound=Sized)

# The newest of the corpus are mutated as often as all of it.
_NEWEST = 20


class Target(Protocol[Input]):
    """
    Something to be tried with many inputs.
    """

    @property
    def name(self) -> str:
        """
        :returns: what reports call it.
        """

    @property
    def seconds(self) -> float:
        """
        :returns: how much processor time one input may take.
        """

    @property
    def cases(self) -> Sequence[Input]:
        """
        :returns: the inputs to begin with.
        """

    def check(self, input: Input) -> None:
        """
        Try one input.

        :raises Exception: of any kind: something is wrong.
        """

    def mutated(self, input: Input, other: Input, random: Random) -> Input:
        """
        Change an input.

        :param other: lends pieces.
        """

    def shrunk(self, input: Input, fails: Callable[[Input], bool]) -> Input:
        """
        Make an input as small as it can be and still fail.
        """


@dataclass(frozen=True)
class Trouble:
    """
    What was wrong with one input.

    :param where: the check or the line that found it; the same for the same bug.
    :param why: for people.
    """

    where: str
    why: str


@dataclass(frozen=True)
class Finding(Generic[Input]):
    """
    An input that fails.

    :param input: the smallest that was found.
    :param execution: the number of the one that it was found in.
    """

    input: Input
    trouble: Trouble
    execution: int


def troubleWith(target: Target[Input], input: Input) -> Trouble | None:
    """
    Try one input.
    """
    began = process_time()
    try:
        target.check(input)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.filename}:{place.lineno}"
        return Trouble(where, f"{type(error).__name__}: {error}")
    took = process_time() - began
    return Trouble("time", f"it takes {took:.1f} s") if took > target.seconds else None


class Fuzzer(Generic[Input]):
    """
    Looks for inputs that fail.

    :param watch: entered; sees where inputs go.
    :param seed: decides everything.
    """

    def __init__(self, target: Target[Input], watch: EdgeWatch, seed: int) -> None:
        self.target = target
        self.executions = 0
        #: The cases, and inputs that took new ways.
        self.corpus: list[Input] = list(target.cases)
        #: Processor time used.
        self.seconds = 0.0
        self._ways: set[Way] = set()
        self._watch = watch
        self._random = Random(f"{target.name} {seed}")

    @property
    def edges(self) -> set[Edge]:
        """
        All that were taken.
        """
        return {edge for edge, _ in self._ways}

    def run(self, executions: int) -> Finding[Input] | None:
        """
        Try inputs until there were so many, or one fails.
        """
        finding = None
        while finding is None and self.executions < executions:
            finding = self.step()
        return finding

    def step(self) -> Finding[Input] | None:
        """
        Try one input.
        """
        began = process_time()
        input = self._next()
        self.executions += 1
        self._watch.begin()
        trouble = troubleWith(self.target, input)
        if trouble is None:
            self._keepIfNew(input)
        self.seconds += process_time() - began
        return None if trouble is None else self._finding(input, trouble)

    def _next(self) -> Input:
        if self.executions < len(self.target.cases):
            return self.target.cases[self.executions]
        return self.target.mutated(self._pick(), self._pick(), self._random)

    def _pick(self) -> Input:
        newest = self._random.random() < 0.5
        among = self.corpus[-_NEWEST:] if newest else self.corpus
        # Of two the shorter: it takes less time, and what it does is more easily changed.
        return min(self._random.choices(among, k=2), key=len)

    def _keepIfNew(self, input: Input) -> None:
        ways = self._watch.ways()
        if ways <= self._ways:
            return
        self._ways |= ways
        if self.executions > len(self.target.cases):
            self.corpus.append(input)

    def _finding(self, input: Input, trouble: Trouble) -> Finding[Input]:
        def fails(smaller: Input) -> bool:
            found = troubleWith(self.target, smaller)
            return found is not None and found.where == trouble.where

        smallest = self.target.shrunk(input, fails)
        return Finding(smallest, troubleWith(self.target, smallest) or trouble, self.executions)
