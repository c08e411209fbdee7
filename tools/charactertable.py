"""
Makes ``twisted_messenger/charactertable.py`` from the data files of Unicode.

::

    python3 -m tools.charactertable UCD CONFUSABLES > twisted_messenger/charactertable.py

UCD is a folder with the Unicode Character Database 15.0.0 and its emoji data, as in the Debian
package ``unicode-data``; CONFUSABLES is ``confusables.txt`` 13.0.0 of UTS 39.

Names are normalised by Python, whose versions know different versions of Unicode. The oldest that
we support knows 13.0: for its characters all later ones give the same (Unicode promises so), and
a character that came later is not for names. Emoji are the exception: they have no decomposition,
and Unicode has set apart where those to come will be, so that nobody waits for a new table.
"""

import json
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

#: What Python 3.10 normalises.
NEWEST = (13, 0)

_NEVER = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}

# An empty cell of Braille, the filler of Khitan and a note without a head draw nothing, though none
# is a Default_Ignorable_Code_Point.
_BLANK = {0x2800, 0x16FE4, 0x1D159}

# Scripts whose letters join, or whose viramas make conjuncts.
_JOINING = {
    *("Adlam", "Arabic", "Bengali", "Devanagari", "Gujarati", "Gurmukhi", "Kannada", "Khmer"),
    *("Malayalam", "Mongolian", "Myanmar", "Nko", "Oriya", "Sinhala", "Syriac", "Tamil", "Telugu"),
}

# Confusable with a colon in many fonts, though UTS 39 does not say so: the word space, the colon
# and the preface colon of Ethiopic, and the type colon.
_COLONS = (0x1361, 0x1365, 0x1366, 0x2982)

_ALIKE_IN_ROW = 7

# Of a line of a string.
_WIDTH = 90

_HEADER = '''"""
Tables of Unicode for names. Pure. Made by ``tools/charactertable.py``, not to be edited.

Characters of Unicode 13.0, and Extended_Pictographic of 15.0; what looks like ASCII is from
``confusables.txt`` 13.0.0 of UTS 39. Copyright 1991-2022 Unicode, Inc., see LICENSE-UNICODE.

A set is a string that has, in turn, the first character of a range and the first one after it. It
can be searched as it is: a table that must be made first keeps every start waiting.
"""
'''


def rows(path: Path) -> Iterator[list[str]]:
    """
    The fields of each line, without comments.
    """
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        fields = [field.strip() for field in line.partition("#")[0].split(";")]
        if len(fields) > 1:
            yield fields


def codes(text: str) -> range:
    """
    ``A..B``, or ``A``.
    """
    first, _, last = text.partition("..")
    return range(int(first, 16), int(last or first, 16) + 1)


def having(path: Path, wanted: Callable[[list[str]], bool]) -> set[int]:
    """
    The characters of the rows that are wanted.
    """
    return {code for row in rows(path) if wanted(row) for code in codes(row[0])}


def categories(path: Path) -> dict[int, str]:
    """
    The general category of each character that has one.
    """
    found = {}
    start = 0
    for row in rows(path):
        code = int(row[0], 16)
        if row[1].endswith("First>"):
            start = code
        for one in range(start if row[1].endswith("Last>") else code, code + 1):
            found[one] = row[2]
    return found


def old(age: str) -> bool:
    """
    Whether a character of that age is known to every Python that we support.
    """
    major, minor = age.split(".")
    return (int(major), int(minor)) <= NEWEST


def written(codes: Iterable[int]) -> str:
    """
    Characters, as a string has them.
    """
    return "".join(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}" for code in codes)


def ranges(found: set[int]) -> Iterator[str]:
    """
    The first character of each range, and the first one after it.
    """
    starts = sorted(code for code in found if code - 1 not in found)
    ends = sorted(code + 1 for code in found if code + 1 not in found)
    return map(written, zip(starts, ends))


def constant(name: str, comment: str, found: set[int]) -> str:
    """
    A set, as a string over several lines.
    """
    lines: list[str] = [""]
    for one in ranges(found):
        if len(lines[-1]) + len(one) > _WIDTH:
            lines.append("")
        lines[-1] += one
    body = "\n".join(f'    "{line}"' for line in lines)
    return f"\n#: {comment}\n{name} = (\n{body}\n)\n"


def looks(path: Path) -> dict[str, list[int]]:
    """
    What looks like ASCII, of all that is left by NFKC.
    """
    found = defaultdict(list)
    for source, target, *_ in rows(path):
        character = chr(int(source, 16))
        shown = "".join(chr(int(code, 16)) for code in target.split())
        kept = unicodedata.normalize("NFKC", character) == character
        if shown.isascii() and kept and not character.isascii():
            found[shown].append(ord(character))
    found[":"] += _COLONS
    return found


def lookRows(shown: str, alike: list[int]) -> Iterator[str]:
    """
    What looks like some ASCII, so many in a row that it fits a line.
    """
    for start in range(0, len(alike), _ALIKE_IN_ROW):
        row = written(alike[start : start + _ALIKE_IN_ROW])
        yield f'    ({json.dumps(shown)}, "{row}"),\n'


def main(ucd: Path, confusables: Path) -> str:
    """
    The text of the module.
    """
    category = categories(ucd / "UnicodeData.txt")
    known = having(ucd / "DerivedAge.txt", lambda row: old(row[1]))
    ignorable = having(
        ucd / "DerivedCoreProperties.txt", lambda row: row[1] == "Default_Ignorable_Code_Point"
    )
    emoji = ucd / "emoji"
    pictographs = having(emoji / "emoji-data.txt", lambda row: row[1] == "Extended_Pictographic")
    visible = {code for code in known if category.get(code, "Cn") not in _NEVER}
    nameable = (visible | pictographs) - ignorable - _BLANK
    marks = {code for code in nameable if category.get(code, "")[:1] == "M"}
    letters = {code for code in nameable if category.get(code, "")[:1] in ("L", "M")}
    joining = having(ucd / "Scripts.txt", lambda row: row[1] in _JOINING) & letters
    bases = {int(row[0].split()[0], 16) for row in rows(emoji / "emoji-variation-sequences.txt")}
    sets = "".join(
        constant(name, comment, found)
        for name, comment, found in (
            ("NAMEABLE", "What can be seen, and is the same in every Python.", nameable),
            ("MARKS", "Marks that belong to the letter before them.", marks),
            ("JOINING", "Letters and marks that joiners may stand between.", joining),
            ("PICTOGRAPHS", "Emoji that joiners may stand between.", pictographs),
            ("SELECTABLE", "What can be shown as text or as an emoji.", bases),
        )
    )
    similar = "".join(row for item in sorted(looks(confusables).items()) for row in lookRows(*item))
    return f"{_HEADER}{sets}\n#: ASCII, and what looks like it.\nLOOKS = (\n{similar})\n"


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1]), Path(sys.argv[2])))
