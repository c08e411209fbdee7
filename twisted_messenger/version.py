"""
The version of this package, for programs that tell it.
"""

#: By semantic versioning.
VERSION = "0.1.0"
