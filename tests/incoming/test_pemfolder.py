"""
Directories of certificates that Twisted would never have read.
"""

from pathlib import Path

import pytest

from tests.loopback.certificates import Authority
from twisted_messenger.errors import StartError
from twisted_messenger.incoming.pemfolder import checkFolder
from twisted_messenger.web.listening import webListeners


def _checked(folder: Path) -> None:
    checkFolder("tls:{}:8843".format(str(folder).replace(":", "\\:")))


def test_root(tmp_path: Path) -> None:
    """
    The root beside what it issued is refused, wherever it stands and however the folder is called,
    for the room and for the HTTP door.
    """
    authority = Authority("authority")
    server = authority.issue("server")
    for number, name in enumerate(("server.pem", "root.pem", "below/root.pem")):
        folder = tmp_path / f"a:{number}"
        (folder / "below").mkdir(parents=True)
        (folder / "server.pem").write_bytes(server.keyPem + server.pem)
        _checked(folder)
        with (folder / name).open("ab") as file:
            file.write(authority.identity.pem)
        with pytest.raises(StartError, match="take the root's certificate out"):
            _checked(folder)
        with pytest.raises(ValueError, match=r"^web tls:.* take the root's certificate out$"):
            webListeners(None, ["tls:{}:8843".format(str(folder).replace(":", "\\:"))])


def test_otherRoots(tmp_path: Path) -> None:
    """
    A root that issued nothing there harms nobody, nor does one whose key is there, such as a
    certificate that a server has issued for itself.
    """
    itself, server = Authority("itself").identity, Authority("authority").issue("server")
    (tmp_path / "itself.pem").write_bytes(itself.keyPem + itself.pem)
    (tmp_path / "server.pem").write_bytes(server.keyPem + server.pem)
    (tmp_path / "root.pem").write_bytes(Authority("another").identity.pem)
    (tmp_path / "notes").write_bytes(b"no certificate")
    _checked(tmp_path)
