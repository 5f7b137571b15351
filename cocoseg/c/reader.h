/* Reads a label picture as runs of one value, straight from its PNG (W3C PNG specification, third edition). */

#ifndef COCOSEG_READER_H
#define COCOSEG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GREY = 0, RGB = 2, PALETTE = 3, RGBA = 6 };

/* Pixels of one value in the order of rows, from ``start`` to the start of the next run. */
typedef struct {
    uint32_t start, value; /* of a picture that is read, the value is a place in ``values`` */
} Run;

typedef struct {
    uint32_t kinds; /* a bit 1 << color for each kind that may be read */
    uint64_t most;  /* pixels */
    uint32_t kept;  /* the bits of RGB and RGBA that remain */
} Wanted;

typedef struct {
    uint32_t height, width;
    uint8_t depth, color; /* bits of a sample, and one of the kinds above */
    Run *runs;            /* neighbours have different values; release_picture frees them */
    size_t count;
    uint32_t *values;     /* those that occur, each once, in the order in which they do; freed too */
    size_t different;
} Picture;

/* Read a PNG of ``size`` bytes: R + 256 G + 65536 B (+ 2^24 A) of 8-bit RGB and RGBA, and the numbers of grey of 8 and
 * 16 bits and of palettes of 8 bits.
 *
 * False for whatever is not perfect, not wanted, too dense for runs, or does not fit memory. It says nothing about the
 * picture: another decoder has to look at it.
 */
bool read_runs(const uint8_t *data, size_t size, const Wanted *wanted, Picture *found);

void release_picture(Picture *picture);

#endif
