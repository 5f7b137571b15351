/* Masks as pictures, of the runs of one picture. */

#ifndef COCOSEG_PLANES_H
#define COCOSEG_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs of pixels in the order of rows: the mask of each, or ``masks`` for none, and its length. */
typedef struct {
    const int64_t *numbers, *lengths;
    size_t count, masks;
    uint64_t pixels;
} Parted;

/* Write all masks one after the other, a byte for each pixel, 0 or 1; ``planes`` has masks * pixels bytes of any value.
 *
 * False, and nothing is said of the planes, where the runs are not those of such a picture.
 */
bool write_planes(const Parted *parted, uint8_t *planes);

#endif
