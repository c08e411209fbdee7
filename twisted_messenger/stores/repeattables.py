"""
The SQL of what is kept of messages, to know them again: the table ``repeats``.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from twisted_messenger.entry import LogLimits, Post
from twisted_messenger.refusal import Refusal
from twisted_messenger.repeats import (
    REPEAT_BYTES,
    REPEATS_PER_SOURCE,
    KeptRepeat,
    forgettable,
)
from twisted_messenger.stores.retention import STEP


class RepeatTables(ABC):
    """
    The keys that senders have given to their messages, and how statements are run.
    """

    @abstractmethod
    def _execute(self, sql: str, values: Mapping[str, object] | None = None) -> Any:
        """
        Run one statement.

        :param sql: with ``:name`` for each value.
        :returns: a cursor with the rows.
        """

    def _executeAll(self, sql: str, rows: Sequence[Mapping[str, object]]) -> None:
        """
        Run one statement for each of some rows.
        """
        for values in rows:
            self._execute(sql, values)

    def _step(self, most: int) -> int:
        """
        How many rows may be changed at once.

        :param most: where nothing is scarce.
        """
        return most

    @abstractmethod
    def running(self) -> float:
        """
        See :meth:`IMessageStore.running`.
        """

    def _known(self, post: Post) -> int | Refusal | None:
        """
        See :meth:`~twisted_messenger.repeats.Repeat.judge`.
        """
        if post.repeat is None:
            return None
        found = self._execute(
            "SELECT position, text FROM repeats WHERE source = :source AND key = :key",
            {"source": post.source, "key": post.repeat.key},
        ).fetchone()
        return post.repeat.judge(found)

    def _remember(self, kept: KeptRepeat) -> None:
        """
        Know a message again, and no more of its source than may be.
        """
        values = {
            "position": kept.position,
            "source": kept.source,
            "key": kept.repeat.key,
            "text": kept.repeat.text,
            "ran": kept.ran,
            "most": REPEATS_PER_SOURCE,
        }
        self._execute(
            "INSERT INTO repeats (position, source, key, text, ran)"
            " VALUES (:position, :source, :key, :text, :ran)",
            values,
        )
        self._execute(
            "DELETE FROM repeats WHERE source = :source AND position <= (SELECT position"
            " FROM repeats WHERE source = :source ORDER BY position DESC LIMIT 1 OFFSET :most)",
            values,
        )

    def _forgetRepeats(self, limits: LogLimits) -> int:
        """
        Forget, of so many keys at once, those that are too old or too many.

        :returns: how many these are.
        """
        oldest = self._execute(
            "SELECT position, ran FROM repeats ORDER BY position LIMIT :step",
            {"step": self._step(STEP)},
        ).fetchall()
        if not oldest:
            return 0
        (count,) = self._execute("SELECT count(*) FROM repeats").fetchone()
        floor = forgettable(oldest, count, limits.bytes // REPEAT_BYTES, self.running())
        if floor:
            self._execute("DELETE FROM repeats WHERE position <= :floor", {"floor": floor})
        return len([position for position, _ in oldest if position <= floor])
