"""
The prompt's history where it can be kept, and where not.
"""

from pathlib import Path

from prompt_toolkit.buffer import Buffer

from twisted_messenger.terminal.kepthistory import KeptHistory


def _entered(history: KeptHistory, *lines: str) -> list[str]:
    """
    Type lines and enter them.

    :returns: what was left in the prompt after each.
    """
    left = []
    for line in lines:
        buffer = Buffer(history=history, accept_handler=lambda buffer: False)
        buffer.text = line
        buffer.validate_and_handle()
        left.append(buffer.text)
    return left


def test_kept(tmp_path: Path) -> None:
    """
    What was typed is there at the next start, the newest first.
    """
    told: list[str] = []
    path = tmp_path / "history"
    assert (
        _entered(KeptHistory(path, told.append), "one", "two\nlines", "caf\u00e9 \udcff")
        == [""] * 3
    )
    kept = list(KeptHistory(path, told.append).load_history_strings())
    assert kept == ["caf\u00e9 ?", "two\nlines", "one"]
    assert told == []


def test_failing(tmp_path: Path) -> None:
    """
    Where it cannot be kept, a line leaves the prompt all the same, and it is told once; Up brings
    the line back, and when the folder is there again, lines are kept again.
    """
    told: list[str] = []
    folder = tmp_path / "gone"
    history = KeptHistory(folder / "history", told.append)
    assert _entered(history, "one", "two") == ["", ""]
    (line,) = told
    assert line.startswith("what you type is not kept: ")
    assert "No such file or directory" in line
    assert history.get_strings() == ["one", "two"]
    folder.mkdir()
    assert _entered(history, "three") == [""]
    assert list(KeptHistory(folder / "history", told.append).load_history_strings()) == ["three"]
    assert len(told) == 1


def test_unreadable(tmp_path: Path) -> None:
    """
    What cannot be read is told, and the prompt begins without it.
    """
    told: list[str] = []
    assert list(KeptHistory(tmp_path, told.append).load_history_strings()) == []
    assert "Is a directory" in told[0]
