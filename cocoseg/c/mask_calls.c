/* The functions for polygons and masks that Python calls. */

#include "calls.h"

#include "layers.h"
#include "pairs.h"
#include "planes.h"
#include "polygon.h"

#include <stdlib.h>
#include <string.h>

#define MOST_NUMBERS (SIZE_MAX / 4 / sizeof(double)) /* that memory can hold: one list may stand in many places */

static PyObject *bytes_of(const void *numbers, size_t count, size_t size)
{
    return PyBytes_FromStringAndSize((const char *)numbers, (Py_ssize_t)(count * size));
}

static size_t numbers_in(PyObject *bytes, size_t size)
{
    return (size_t)PyBytes_Size(bytes) / size;
}

const char points_doc[] =
    "points(values) -> (points, ring_offsets, mask_offsets) or None\n\n"
    "Lists of masks, of rings, of x, y, x, y, ...: bytes of float64, and of int64 where each ring starts among the\n"
    "points and each mask among the rings. None says only that other code has to look at them.";

/* Numbers of rings, and where masks and rings start, as they are read. */
typedef struct {
    double *numbers;
    int64_t *rings, *masks;
    size_t number_count, ring_count, mask_count;
} Points;

/* How many rings and numbers there are; false for other things than lists of lists of rings, which are lists too. */
static bool count_points(PyObject *values, Points *found)
{
    if (!PyList_CheckExact(values))
        return false;
    found->mask_count = (size_t)PyList_Size(values);
    if (found->mask_count > MOST_NUMBERS)
        return false;
    for (size_t mask = 0; mask < found->mask_count; mask++) {
        PyObject *rings = PyList_GetItem(values, (Py_ssize_t)mask);
        if (!PyList_CheckExact(rings))
            return false;
        for (Py_ssize_t index = 0; index < PyList_Size(rings); index++) {
            PyObject *ring = PyList_GetItem(rings, index);
            if (!PyList_CheckExact(ring) || PyList_Size(ring) < 6 || PyList_Size(ring) % 2)
                return false;
            found->number_count += (size_t)PyList_Size(ring);
            if (found->number_count > MOST_NUMBERS)
                return false;
        }
        found->ring_count += (size_t)PyList_Size(rings);
    }
    return true;
}

/* A number as float does it; false for what is neither an int nor a float, and for one that is too large. */
static bool read_number(PyObject *item, double *number)
{
    if (Py_TYPE(item) == &PyFloat_Type) {
        *number = PyFloat_AsDouble(item);
        return true;
    }
    if (Py_TYPE(item) != &PyLong_Type)
        return false;
    *number = PyLong_AsDouble(item);
    return !PyErr_Occurred();
}

/* Nothing here runs code in Python, so that lists stay as they were counted. */
static bool read_points(PyObject *values, Points *found)
{
    double *number = found->numbers;
    int64_t *ring_offset = found->rings, rings_before = 0;
    for (size_t mask = 0; mask < found->mask_count; mask++) {
        PyObject *rings = PyList_GetItem(values, (Py_ssize_t)mask);
        Py_ssize_t ring_count = PyList_Size(rings);
        found->masks[mask] = rings_before;
        rings_before += ring_count;
        for (Py_ssize_t index = 0; index < ring_count; index++) {
            PyObject *ring = PyList_GetItem(rings, index);
            Py_ssize_t count = PyList_Size(ring);
            *ring_offset++ = (number - found->numbers) / 2;
            for (Py_ssize_t place = 0; place < count; place++)
                if (!read_number(PyList_GetItem(ring, place), number++))
                    return false;
        }
    }
    *ring_offset = (number - found->numbers) / 2;
    found->masks[found->mask_count] = rings_before;
    return true;
}

PyObject *call_points(PyObject *module, PyObject *values)
{
    Points points = {0};
    PyObject *found = NULL;
    (void)module;
    if (!count_points(values, &points))
        Py_RETURN_NONE;
    points.numbers = malloc((points.number_count + 1) * sizeof *points.numbers);
    points.rings = malloc((points.ring_count + 1) * sizeof *points.rings);
    points.masks = malloc((points.mask_count + 1) * sizeof *points.masks);
    if (points.numbers && points.rings && points.masks && read_points(values, &points))
        found = Py_BuildValue("(NNN)", bytes_of(points.numbers, points.number_count, sizeof(double)),
                              bytes_of(points.rings, points.ring_count + 1, 8),
                              bytes_of(points.masks, points.mask_count + 1, 8));
    free(points.numbers);
    free(points.rings);
    free(points.masks);
    if (found)
        return found;
    PyErr_Clear();
    Py_RETURN_NONE;
}

const char fill_doc[] =
    "fill(points, ring_offsets, mask_offsets, height, width) -> (counts, offsets, boxes) or None\n\n"
    "Masks of outlines, which are bytes as points makes them: bytes of int64, the run lengths of all masks and where\n"
    "each mask starts among them; and of float64, least x and y, greatest x and y of each mask's points, or None where\n"
    "one has none. None says only that other code has to look at them.";

static PyObject *as_filled(const Filled *filled, size_t masks)
{
    PyObject *boxes = filled->boxes ? bytes_of(filled->boxes, 4 * masks, sizeof(double)) : Py_BuildValue("");
    return Py_BuildValue("(NNN)", bytes_of(filled->counts, (size_t)filled->offsets[masks], 8),
                         bytes_of(filled->offsets, masks + 1, 8), boxes);
}

PyObject *call_fill(PyObject *module, PyObject *arguments)
{
    PyObject *points, *rings, *masks, *found;
    unsigned height, width;
    Outlines outlines;
    Filled filled;
    bool done = false;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "SSSII:fill", &points, &rings, &masks, &height, &width))
        return NULL;
    outlines = (Outlines){
        .points = (const double *)PyBytes_AsString(points),
        .ring_offsets = (const int64_t *)PyBytes_AsString(rings),
        .mask_offsets = (const int64_t *)PyBytes_AsString(masks),
        .numbers = numbers_in(points, sizeof(double)),
        .rings = numbers_in(rings, 8) - 1,
        .masks = numbers_in(masks, 8) - 1,
        .height = height,
        .width = width,
    };
    if (PyBytes_Size(rings) >= 8 && PyBytes_Size(masks) >= 8) {
        Py_BEGIN_ALLOW_THREADS
        done = fill_outlines(&outlines, &filled);
        Py_END_ALLOW_THREADS
    }
    if (!done)
        Py_RETURN_NONE;
    found = as_filled(&filled, outlines.masks);
    release_filled(&filled);
    return found;
}

const char layers_doc[] =
    "layers(counts, offsets, order, pixels) -> (segments, lengths, contested) or None\n\n"
    "Masks painted one over another: run lengths of all masks down their columns, where each mask starts among them,\n"
    "and their order, the lowest first, all bytes of int64. Bytes of int64, the topmost mask of each stretch, or their\n"
    "number where there is none, and its pixels; and of bool, whether several cover it. None says only that other code\n"
    "has to look at them.";

static PyObject *as_layers(const Layers *layers)
{
    return Py_BuildValue("(NNN)", bytes_of(layers->segments, layers->count, 8), bytes_of(layers->lengths, layers->count, 8),
                         bytes_of(layers->contested, layers->count, 1));
}

PyObject *call_layers(PyObject *module, PyObject *arguments)
{
    PyObject *counts, *offsets, *order, *found;
    unsigned long long pixels;
    Masks masks;
    Layers layers;
    bool done = false;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "SSSK:layers", &counts, &offsets, &order, &pixels))
        return NULL;
    masks = (Masks){
        .counts = (const int64_t *)PyBytes_AsString(counts),
        .offsets = (const int64_t *)PyBytes_AsString(offsets),
        .runs = numbers_in(counts, 8),
        .masks = numbers_in(order, 8),
        .pixels = pixels,
    };
    if (numbers_in(offsets, 8) == masks.masks + 1) {
        Py_BEGIN_ALLOW_THREADS
        done = layer_masks(&masks, (const int64_t *)PyBytes_AsString(order), &layers);
        Py_END_ALLOW_THREADS
    }
    if (!done)
        Py_RETURN_NONE;
    found = as_layers(&layers);
    release_layers(&layers);
    return found;
}

const char planes_doc[] =
    "planes(numbers, lengths, masks, pixels, planes)\n\n"
    "Masks of a picture that is given as runs in the order of rows: bytes of int64, the mask of each run, or their\n"
    "number for none, and its length. They are written into ``planes``, an array of the caller's with a byte for each\n"
    "pixel of each mask, 0 or 1. Raises ValueError where the runs are not those of such a picture.";

/* The array is numpy's, since only numpy asks for large pages, which are there ten times as soon; its memory is the
 * caller's to be written to, although this is called reading.
 */
PyObject *call_planes(PyObject *module, PyObject *arguments)
{
    PyObject *numbers, *lengths;
    unsigned long long masks, pixels;
    const char *planes;
    Py_ssize_t size;
    Parted parted;
    bool done = false;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "SSKKy#:planes", &numbers, &lengths, &masks, &pixels, &planes, &size))
        return NULL;
    parted = (Parted){
        .numbers = (const int64_t *)PyBytes_AsString(numbers),
        .lengths = (const int64_t *)PyBytes_AsString(lengths),
        .count = numbers_in(lengths, 8),
        .masks = (size_t)masks,
        .pixels = pixels,
    };
    if (numbers_in(numbers, 8) == parted.count && pixels && masks <= (size_t)size / pixels
        && (unsigned long long)size == masks * pixels) {
        Py_BEGIN_ALLOW_THREADS
        done = write_planes(&parted, (uint8_t *)planes);
        Py_END_ALLOW_THREADS
    }
    if (done)
        Py_RETURN_NONE;
    PyErr_SetString(PyExc_ValueError, "the runs are not those of a picture of this size");
    return NULL;
}

const char pairs_doc[] =
    "pairs(first, second) -> (ones, others, lengths)\n\n"
    "Two pictures of one size, each given as the lengths of its runs, bytes of int64: the run of each at every stretch\n"
    "in which neither changes, and its length, which may be 0; bytes of int64. Raises ValueError where there is no run.";

PyObject *call_pairs(PyObject *module, PyObject *arguments)
{
    PyObject *first, *second, *parts[3];
    Lengths runs, other_runs;
    int64_t *lists[3];
    (void)module;
    if (!PyArg_ParseTuple(arguments, "SS:pairs", &first, &second))
        return NULL;
    runs = (Lengths){(const int64_t *)PyBytes_AsString(first), numbers_in(first, 8)};
    other_runs = (Lengths){(const int64_t *)PyBytes_AsString(second), numbers_in(second, 8)};
    if (!runs.count || !other_runs.count) {
        PyErr_SetString(PyExc_ValueError, "a picture has no runs");
        return NULL;
    }
    for (unsigned part = 0; part < 3; part++) {
        parts[part] = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)((runs.count + other_runs.count) * 8));
        lists[part] = parts[part] ? (int64_t *)PyBytes_AsString(parts[part]) : NULL;
    }
    if (lists[0] && lists[1] && lists[2]) {
        Py_BEGIN_ALLOW_THREADS
        pair_runs(runs, other_runs, lists[0], lists[1], lists[2]);
        Py_END_ALLOW_THREADS
    }
    return Py_BuildValue("(NNN)", parts[0], parts[1], parts[2]);
}
