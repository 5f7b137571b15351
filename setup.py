"""Builds the native part where there is a C compiler; without one, the package is complete, only slower."""

from __future__ import annotations

import sys
import sysconfig
from glob import glob

from setuptools import Extension, setup

FOLDER = "cocoseg/c/"

native = Extension(
    "cocoseg._native",
    sorted(glob(f"{FOLDER}*.c")),
    depends=sorted(glob(f"{FOLDER}*.h")),
    # Polygons are filled with the sums of pycocotools, each rounded. MSVC rounds each without being told.
    extra_compile_args=[] if sys.platform == "win32" else ["-ffp-contract=off"],
    py_limited_api=True,
    optional=True,
)
# An interpreter without the GIL does not load what keeps to the limits of those with it.
limited = not sysconfig.get_config_var("Py_GIL_DISABLED")

setup(ext_modules=[native] if limited else [], options={"bdist_wheel": {"py_limited_api": "cp310"}} if limited else {})
