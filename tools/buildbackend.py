"""
setuptools, without what earlier builds have left: it would put removed modules into the wheel.
"""

import shutil
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]


def build_wheel(wheel_directory: str, *details: Any) -> str:
    """
    Build a wheel of what there is now; in the project's folder, as PEP 517 says.

    :param wheel_directory: where to.
    :param details: the settings, and where the metadata is.
    :returns: the name of the file.
    """
    shutil.rmtree(Path("build", "lib"), ignore_errors=True)
    name: str = build_meta.build_wheel(wheel_directory, *details)
    return name
