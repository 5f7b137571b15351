/* A row of labels mostly goes on as the one above does. So two walks along the runs, a row apart, are compared, and
 * only where they differ something is written. Down a column, something is written where a run begins, and nowhere
 * else. The picture itself is never made.
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

static unsigned value_of(const Painting *painting, size_t run)
{
    uint16_t wide;
    if (painting->bytes == 1)
        return painting->values[run];
    memcpy(&wide, painting->values + 2 * run, 2);
    return wide;
}

/* Go on to the run that has the pixel at ``place``, which is before the end of the picture. */
static inline void walk_to(Walk *walk, uint64_t place)
{
    while (walk->stop <= place) {
        walk->value = value_of(walk->painting, walk->next);
        walk->stop += (uint64_t)walk->painting->lengths[walk->next++];
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

void write_columns(const Painting *painting, uint8_t *rows)
{
    const uint64_t row = 1 + (uint64_t)painting->width * painting->bytes;
    uint64_t x = 0, y = 0;
    unsigned above = 0;
    for (uint64_t number = 0; number < painting->height; number++)
        rows[number * row] = UP;
    for (size_t run = 0; run < painting->count; run++) {
        unsigned value = value_of(painting, run);
        for (uint64_t left = (uint64_t)painting->lengths[run], pixels; left; left -= pixels) {
            pixels = painting->height - y < left ? painting->height - y : left;
            if (value != above)
                fill(rows + y * row + 1 + x * painting->bytes, painting->bytes, value, above, 1);
            y += pixels;
            above = value;
            if (y == painting->height) {
                y = 0;
                above = 0;
                x++;
            }
        }
    }
}
