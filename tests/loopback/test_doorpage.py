"""
What the page of the door shows with curl works, as a reader copies it.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.loopback.rig import PATIENCE, ROOT, chatserver
from tests.ports import freePort
from tests.test_documentation import blocksOf

needsCurl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")


@needsCurl
def test_curl(tmp_path: Path) -> None:
    """
    Each command gets an answer that is no refusal, in the folder of a server.
    """
    port, web = freePort(), freePort()
    (tmp_path / "notes").write_text("one\ntwo\n")
    blocks = [one.text for one in blocksOf(ROOT / "docs" / "door.rst") if "curl " in one.text]
    assert blocks
    with chatserver(tmp_path, port, f"--web={web}"):
        control = f"chatserver-{port}.sqlite.control"
        member = [
            *("curl", "-sf", "--unix-socket", control, "-X", "PUT"),
            *("-d", '{"port": 9001}', "http://x/members/ann"),
        ]
        subprocess.run(member, cwd=tmp_path, timeout=PATIENCE, check=True)
        for block in blocks:
            script = block.replace("8880", str(port)).replace("8881", str(web))
            script = "set -e\n" + script.replace("curl ", "curl -sSf ")
            ran = subprocess.run(
                ["sh", "-c", script],
                cwd=tmp_path,
                timeout=PATIENCE,
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 0, (script, ran.stdout, ran.stderr)
