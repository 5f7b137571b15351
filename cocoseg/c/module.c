/* What the module offers. */

#include "calls.h"

static struct PyModuleDef_Slot SLOTS[] = {{0, NULL}};

static PyMethodDef METHODS[] = {
    {"runs", call_runs, METH_VARARGS, runs_doc},
    {"rows", call_rows, METH_VARARGS, rows_doc},
    {"points", call_points, METH_O, points_doc},
    {"fill", call_fill, METH_VARARGS, fill_doc},
    {"layers", call_layers, METH_VARARGS, layers_doc},
    {"planes", call_planes, METH_VARARGS, planes_doc},
    {"pairs", call_pairs, METH_VARARGS, pairs_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_native",
    .m_doc = "Label pictures as runs, from their PNG and to its rows; polygons, and masks one over another.",
    .m_methods = METHODS,
    .m_slots = SLOTS,
};

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&MODULE);
}
