"""
Watches which ways through the package an input takes.
"""

import sys
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import twisted_messenger

#: A file, the line that ran before, 0 at the beginning of a function, and the line behind it.
Edge = tuple[str, int, int]

#: An edge, and how often it was taken: once, some times, often. Told apart further, the longest
#: inputs would always be news.
Way = tuple[Edge, int]

_OFTEN = 4

_PACKAGE = Path(str(twisted_messenger.__file__)).parent


class _Watch:
    # The part that does not depend on how Python tells what it does.

    def __init__(self) -> None:
        self._taken: defaultdict[Edge, int] = defaultdict(int)
        self._before: dict[str, int] = {}
        self._ours: dict[str, bool] = {}

    def begin(self) -> None:
        """
        Forget what was seen before.
        """
        self._taken.clear()

    def ways(self) -> set[Way]:
        """
        What was seen since the beginning.
        """
        # A coroutine that is collected meanwhile would add its own.
        taken = self._taken.copy()
        return {(edge, min(times, _OFTEN).bit_length()) for edge, times in taken.items()}

    def _isOurs(self, code: CodeType) -> bool:
        name = code.co_filename
        if name not in self._ours:
            # The doubles for tests are left out: a new way through them is no news.
            path = Path(name)
            self._ours[name] = _PACKAGE in path.parents and path.parent.name != "testing"
        return self._ours[name]

    def _entered(self, code: CodeType) -> None:
        # Else the way would depend on what happened to run before.
        self._before[code.co_filename] = 0

    def _reached(self, code: CodeType, line: int) -> None:
        name = code.co_filename
        self._taken[name, self._before.get(name, 0), line] += 1
        self._before[name] = line


if sys.version_info >= (3, 12):
    _monitoring = sys.monitoring
    _EVENTS = _monitoring.events

    # The numbers below are for debuggers, coverage and profilers, the next one for optimizers.
    _TOOL = 4

    class EdgeWatch(_Watch):
        """
        Watches while it is entered.
        """

        def __enter__(self) -> "EdgeWatch":
            _monitoring.use_tool_id(_TOOL, __name__)
            for event in (_EVENTS.PY_START, _EVENTS.PY_RESUME):
                _monitoring.register_callback(_TOOL, event, self._begun)
            _monitoring.register_callback(_TOOL, _EVENTS.LINE, self._ran)
            _monitoring.set_events(_TOOL, _EVENTS.PY_START | _EVENTS.PY_RESUME | _EVENTS.LINE)
            return self

        def __exit__(self, *exception: object) -> None:
            _monitoring.set_events(_TOOL, _EVENTS.NO_EVENTS)
            for event in (_EVENTS.PY_START, _EVENTS.PY_RESUME, _EVENTS.LINE):
                _monitoring.register_callback(_TOOL, event, None)
            _monitoring.free_tool_id(_TOOL)

        def _begun(self, code: CodeType, offset: int) -> Any:
            if not self._isOurs(code):
                return _monitoring.DISABLE
            return self._entered(code)

        def _ran(self, code: CodeType, line: int) -> Any:
            if not self._isOurs(code):
                return _monitoring.DISABLE
            return self._reached(code, line)

else:

    class EdgeWatch(_Watch):
        """
        Watches while it is entered.
        """

        def __enter__(self) -> "EdgeWatch":
            self._older = sys.gettrace()
            sys.settrace(self._called)
            return self

        def __exit__(self, *exception: object) -> None:
            sys.settrace(self._older)

        def _called(self, frame: FrameType, event: str, argument: object) -> Any:
            if not self._isOurs(frame.f_code):
                return None
            self._entered(frame.f_code)
            return self._ran

        def _ran(self, frame: FrameType, event: str, argument: object) -> Any:
            if event == "line":
                self._reached(frame.f_code, frame.f_lineno)
            return self._ran
