"""
Whether a machine has IPv6: Python may know it where the system has no address.
"""

import socket

import pytest


def hasIPv6() -> bool:
    """
    Whether one can listen at ``::1``.
    """
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needsIPv6 = pytest.mark.skipif(not hasIPv6(), reason="this machine has no IPv6")
