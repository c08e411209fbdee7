"""
The manual pages say what ``--help`` says.
"""

from pathlib import Path

from tools.manpages import pages

_FOLDER = Path(__file__).resolve().parent.parent / "man"


def test_current() -> None:
    """
    They are those of the options that there are; ``python -m tools.manpages man`` makes them.
    """
    found = {path.name: path.read_text(encoding="utf-8") for path in _FOLDER.iterdir()}
    assert found == dict(pages()), "python -m tools.manpages man"


def test_content() -> None:
    """
    Options, defaults and examples are in them, and no line is taken for a command of the formatter.
    """
    text = dict(pages())["twisted-messenger-chatserver.1"]
    assert "\\fB\\-p\\fR, \\fB\\-\\-port=\\fR" in text
    assert "\\-\\-listen=" in text
    assert "[default: main]" in text
    known = (".TH", ".SH", ".TP")
    for page in dict(pages()).values():
        assert all(line.startswith(known) for line in page.splitlines() if line.startswith("."))
