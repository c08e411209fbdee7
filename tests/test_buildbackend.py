"""
What goes into a wheel.
"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent

_BUILD = """
import sys
sys.path.insert(0, "tools")
from buildbackend import build_wheel
build_wheel("dist")
"""


def test_removedModule(tmp_path: Path) -> None:
    """
    A module that an earlier build has left behind does not come back.
    """
    for name in ("pyproject.toml", "setup.cfg", "README.rst", "LICENSE", "LICENSE-UNICODE"):
        shutil.copy(_ROOT / name, tmp_path)
    for name in ("twisted_messenger/version.py", "tools/buildbackend.py"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(_ROOT / name, tmp_path / name)
    left = tmp_path / "build" / "lib" / "twisted_messenger" / "removed.py"
    left.parent.mkdir(parents=True)
    left.touch()
    (tmp_path / "dist").mkdir()
    subprocess.run([sys.executable, "-c", _BUILD], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("dist/*.whl")
    with zipfile.ZipFile(wheel) as file:
        packed = file.namelist()
    assert "twisted_messenger/version.py" in packed
    assert "twisted_messenger/removed.py" not in packed
