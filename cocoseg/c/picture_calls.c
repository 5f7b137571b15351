/* The functions for pictures that Python calls. */

#include "calls.h"

#include "reader.h"
#include "rows.h"

#include <string.h>

const char runs_doc[] =
    "runs(data, kinds, most, kept) -> (height, width, depth, values, numbers, lengths) or None\n\n"
    "Runs of a PNG in the order of rows: bytes of V uint32, the values that occur; of R intp, the place of\n"
    "each run's value among them; and of R intp, the pixels of each run. ``kinds`` has a bit 1 << type for\n"
    "each colour type that may be read, ``most`` is a number of pixels, ``kept`` are the bits that remain of\n"
    "colours. None says only that another decoder has to look at it.";

/* The numbers of the runs' values, and their lengths, written into bytes of one intp for each run. */
static void write_runs(const Picture *picture, char *numbers, char *lengths)
{
    for (size_t index = 0; index < picture->count; index++) {
        bool last = index + 1 == picture->count;
        uint32_t stop = last ? picture->height * picture->width : picture->runs[index + 1].start;
        Py_ssize_t number = (Py_ssize_t)picture->runs[index].value;
        Py_ssize_t pixels = (Py_ssize_t)(stop - picture->runs[index].start);
        memcpy(numbers + index * sizeof number, &number, sizeof number);
        memcpy(lengths + index * sizeof pixels, &pixels, sizeof pixels);
    }
}

static PyObject *as_tuple(const Picture *picture)
{
    Py_ssize_t size = (Py_ssize_t)(picture->count * sizeof(Py_ssize_t));
    PyObject *values = PyBytes_FromStringAndSize((const char *)picture->values,
                                                 (Py_ssize_t)(picture->different * sizeof *picture->values));
    PyObject *numbers = PyBytes_FromStringAndSize(NULL, size), *lengths = PyBytes_FromStringAndSize(NULL, size);
    PyObject *found = NULL;
    if (values && numbers && lengths) {
        write_runs(picture, PyBytes_AsString(numbers), PyBytes_AsString(lengths));
        found = Py_BuildValue("(IIIOOO)", (unsigned)picture->height, (unsigned)picture->width,
                              (unsigned)picture->depth, values, numbers, lengths);
    }
    Py_XDECREF(values);
    Py_XDECREF(numbers);
    Py_XDECREF(lengths);
    return found;
}

/* Read with the GIL released: ``data`` is bytes, which nobody changes, and the caller's arguments hold it. */
static bool read_without_gil(PyObject *data, const Wanted *wanted, Picture *picture)
{
    const uint8_t *bytes = (const uint8_t *)PyBytes_AsString(data);
    size_t size = (size_t)PyBytes_Size(data);
    bool read;
    Py_BEGIN_ALLOW_THREADS
    read = read_runs(bytes, size, wanted, picture);
    Py_END_ALLOW_THREADS
    return read;
}

PyObject *call_runs(PyObject *module, PyObject *arguments)
{
    PyObject *data, *found;
    unsigned long long most;
    unsigned long kinds, kept;
    Picture picture;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "SkKk:runs", &data, &kinds, &most, &kept))
        return NULL;
    if (!read_without_gil(data, &(Wanted){(uint32_t)kinds, most, (uint32_t)kept}, &picture))
        Py_RETURN_NONE;
    found = as_tuple(&picture);
    release_picture(&picture);
    return found;
}

const char rows_doc[] =
    "rows(values, lengths, height, width, depth, by_column) -> bytes\n\n"
    "The rows of a picture under the filter Up, of its runs in the order of rows or of columns: bytes of R\n"
    "uint8 or uint16 (depth 8 or 16) and of R int64. Raises ValueError where they are not those of a picture\n"
    "of this size.";

/* The rows as a new object, which nobody else sees while it is written with the GIL released. */
static PyObject *as_rows(const Painting *painting, void (*write)(const Painting *, uint8_t *))
{
    uint64_t size = ((uint64_t)painting->width * painting->bytes + 1) * painting->height;
    PyObject *found = size > SIZE_MAX / 2 ? PyErr_NoMemory() : PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    char *rows = found ? PyBytes_AsString(found) : NULL;
    if (!found)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    memset(rows, 0, (size_t)size);
    write(painting, (uint8_t *)rows);
    Py_END_ALLOW_THREADS
    return found;
}

/* Whether a painting has the sizes that its bytes have, and its runs all pixels. */
static bool fits(const Painting *painting, PyObject *values, PyObject *lengths, unsigned depth)
{
    if ((depth != 8 && depth != 16) || (uint64_t)painting->height * painting->width > 1u << 31)
        return false;
    return (size_t)PyBytes_Size(lengths) == painting->count * sizeof *painting->lengths
        && (size_t)PyBytes_Size(values) == painting->count * painting->bytes && is_whole(painting);
}

PyObject *call_rows(PyObject *module, PyObject *arguments)
{
    PyObject *values, *lengths;
    unsigned height, width, depth;
    int by_column;
    Painting painting;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "SSIIIp:rows", &values, &lengths, &height, &width, &depth, &by_column))
        return NULL;
    painting = (Painting){
        .values = (const uint8_t *)PyBytes_AsString(values),
        .lengths = (const int64_t *)PyBytes_AsString(lengths),
        .count = (size_t)PyBytes_Size(lengths) / sizeof(int64_t),
        .height = height,
        .width = width,
        .bytes = depth / 8,
    };
    if (!fits(&painting, values, lengths, depth)) {
        PyErr_SetString(PyExc_ValueError, "the runs are not those of a picture of this size");
        return NULL;
    }
    return as_rows(&painting, by_column ? write_columns : write_rows);
}
