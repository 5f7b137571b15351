/* The rows of a picture as a PNG stores them, straight from its runs. */

#ifndef COCOSEG_ROWS_H
#define COCOSEG_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs of one value in the order of rows, or of columns: ``values`` of ``bytes`` (1 or 2) bytes, as machines do. */
typedef struct {
    const uint8_t *values;
    const int64_t *lengths;
    size_t count;
    uint32_t height, width;
    unsigned bytes;
} Painting;

/* Whether the lengths are those of a picture of this size. */
bool is_whole(const Painting *painting);

/* Write all rows, each after its filter type, as differences from the row above (Up), the first byte of two first.
 *
 * ``rows`` are height * (1 + width * bytes) zeros; the painting is whole.
 */
void write_rows(const Painting *painting, uint8_t *rows);

/* The same of runs that go down the columns. */
void write_columns(const Painting *painting, uint8_t *rows);

#endif
