"""
The wire format as a suite for any chat server: ``python -m tests.wireconformance HOST PORT``.

The cases are in :mod:`tests.conformance`.
"""

import sys

from tests.conformance.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
