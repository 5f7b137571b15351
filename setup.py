"""Builds the native part where there is a C compiler; without one, the package is complete, only slower."""

from __future__ import annotations

import sysconfig

from setuptools import Extension, setup

FOLDER = "cocoseg/files/c/"

native = Extension(
    "cocoseg.files._native",
    [FOLDER + name for name in ("module.c", "reader.c", "inflate.c", "rows.c")],
    depends=[FOLDER + name for name in ("reader.h", "inflate.h", "rows.h")],
    py_limited_api=True,
    optional=True,
)
# An interpreter without the GIL does not load what keeps to the limits of those with it.
limited = not sysconfig.get_config_var("Py_GIL_DISABLED")

setup(ext_modules=[native] if limited else [], options={"bdist_wheel": {"py_limited_api": "cp310"}} if limited else {})
