/* The functions that Python calls. They need what every CPython since 3.10 has, and nothing that changed since. */

#ifndef COCOSEG_CALLS_H
#define COCOSEG_CALLS_H

#define Py_LIMITED_API 0x030A0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

extern const char runs_doc[], rows_doc[], points_doc[], fill_doc[], layers_doc[], planes_doc[], pairs_doc[];

PyObject *call_runs(PyObject *module, PyObject *arguments);
PyObject *call_rows(PyObject *module, PyObject *arguments);
PyObject *call_points(PyObject *module, PyObject *values);
PyObject *call_fill(PyObject *module, PyObject *arguments);
PyObject *call_layers(PyObject *module, PyObject *arguments);
PyObject *call_planes(PyObject *module, PyObject *arguments);
PyObject *call_pairs(PyObject *module, PyObject *arguments);

#endif
