/* A row of labels mostly goes on as the one above does. So two walks along the runs, a row apart, are compared, and only
 * where they differ something is written. The picture itself is never made.
 */

#include "rows.h"

#include <string.h>

#define UP 2

typedef struct {
    const Painting *painting;
    size_t next;       /* the run that comes next */
    uint64_t stop;     /* pixels to the end of this one */
    unsigned value;
} Walk;

bool is_whole(const Painting *painting)
{
    const int64_t pixels = (int64_t)painting->height * painting->width;
    int64_t left = pixels;
    for (size_t run = 0; run < painting->count; run++) {
        if (painting->lengths[run] < 0 || painting->lengths[run] > left)
            return false;
        left -= painting->lengths[run];
    }
    return pixels > 0 && left == 0;
}

/* Go on to the run that has the pixel at ``place``, which is before the end of the picture. */
static inline void walk_to(Walk *walk, uint64_t place)
{
    const Painting *painting = walk->painting;
    while (walk->stop <= place) {
        const uint8_t *value = painting->values + walk->next * painting->bytes;
        uint16_t wide;
        walk->value = *value;
        if (painting->bytes == 2) {
            memcpy(&wide, value, 2);
            walk->value = wide;
        }
        walk->stop += (uint64_t)painting->lengths[walk->next++];
    }
}

static inline void fill(uint8_t *at, unsigned bytes, unsigned value, unsigned above, size_t pixels)
{
    uint8_t high = (uint8_t)((value >> 8) - (above >> 8)), low = (uint8_t)(value - above);
    if (bytes == 1) {
        memset(at, low, pixels);
        return;
    }
    for (; pixels; pixels--) {
        *at++ = high;
        *at++ = low;
    }
}

void write_rows(const Painting *painting, uint8_t *rows)
{
    const uint64_t width = painting->width, pixels = width * painting->height;
    Walk here = {.painting = painting}, above = {.painting = painting};
    for (uint64_t row = 0; row < pixels; row += width) {
        uint8_t *line = rows;
        *line++ = UP;
        for (uint64_t place = row, next; place < row + width; place = next) {
            walk_to(&here, place);
            next = here.stop < row + width ? here.stop : row + width;
            if (row) {
                walk_to(&above, place - width);
                next = above.stop + width < next ? above.stop + width : next;
            }
            if (here.value != above.value)
                fill(line + (place - row) * painting->bytes, painting->bytes, here.value, above.value, next - place);
        }
        rows = line + width * painting->bytes;
    }
}
