/* Mutants of outlines and masks for what fills, layers and parts them. What it makes has to be what plain walks along
 * outlines and loops over pixels find.
 */

#include "layers.h"
#include "planes.h"
#include "polygon.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(claim)                                                                                                   \
    do {                                                                                                               \
        if (!(claim)) {                                                                                                \
            fprintf(stderr, "fuzz_masks.c: %s is wrong\n", #claim);                                                   \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

enum { MASKS = 80, RINGS = 8, CORNERS = 40, SIDE = 48 };

typedef struct {
    const uint8_t *next, *end;
} Input;

static uint32_t take(Input *input, unsigned bytes)
{
    uint32_t number = 0;
    for (; bytes; bytes--)
        number = number << 8 | (input->next < input->end ? *input->next++ : 0);
    return number;
}

/* Copies of exactly their size, so that no number behind them goes unnoticed. */
static void *copied(const void *items, size_t size)
{
    void *copy = malloc(size ? size : 1);
    memcpy(copy, items, size);
    return copy;
}

/* A coordinate: mostly tenths near the picture, sometimes far ones, and any bits at all. */
static double coordinate(Input *input)
{
    const uint32_t kind = take(input, 1);
    double number;
    uint64_t bits;
    if (kind < 250)
        return (int16_t)take(input, 2) / (kind < 160 ? 640.0 : kind < 244 ? 512.0 : kind < 249 ? 100.0 : 10.0);
    bits = (uint64_t)take(input, 4) << 32 | take(input, 4);
    memcpy(&number, &bits, sizeof number);
    return kind == 250 ? number : (double)(int32_t)(bits >> 36);
}

static Outlines read_outlines(Input *input, double *points, int64_t *rings, int64_t *masks)
{
    Outlines found = {0};
    found.height = 1 + take(input, 1) % SIDE;
    found.width = 1 + take(input, 1) % SIDE;
    found.masks = take(input, 1) % (input->end - input->next > 500 ? MASKS : 5);
    for (size_t mask = 0; mask < found.masks; mask++) {
        masks[mask] = (int64_t)found.rings;
        for (uint32_t more = take(input, 1) % RINGS / 2 + 1; more; more--) {
            rings[found.rings++] = (int64_t)found.numbers / 2;
            for (uint32_t corners = 3 + take(input, 1) % (CORNERS - 3); corners; corners--) {
                points[found.numbers++] = coordinate(input);
                points[found.numbers++] = coordinate(input);
            }
        }
    }
    rings[found.rings] = (int64_t)found.numbers / 2;
    masks[found.masks] = (int64_t)found.rings;
    if (take(input, 1) == 7) /* damage */
        (take(input, 1) & 1 ? rings : masks)[take(input, 1) % 3] ^= (int64_t)((uint64_t)take(input, 4) << take(input, 1) % 33);
    return found;
}

/* A change where the outline steps from fine column ``before`` to ``after``, at the upper of two fine rows. */
static void change(uint8_t *changes, const Outlines *outlines, int64_t before, int64_t after, int64_t upper)
{
    const int64_t fine = before < after ? before : after;
    const double row = ceil(((double)upper + 0.5) / 5 - 0.5);
    int64_t y;
    if (fine < 0 || fine % 5 != 2 || fine / 5 >= outlines->width)
        return;
    y = row < 0 ? 0 : row > outlines->height ? outlines->height : (int64_t)row;
    changes[fine / 5 * outlines->height + y] ^= 1;
}

/* Walk along an edge, a fine step at a time along the longer side, always from its lesser end. */
static void walk(uint8_t *changes, const Outlines *outlines, const double *from, const double *to, int64_t *last)
{
    const int64_t x0 = (int64_t)(5 * from[0] + .5), y0 = (int64_t)(5 * from[1] + .5);
    const int64_t x1 = (int64_t)(5 * to[0] + .5), y1 = (int64_t)(5 * to[1] + .5);
    const int64_t wide = llabs(x1 - x0), high = llabs(y1 - y0), steps = wide >= high ? wide : high;
    const bool flat = wide >= high, back = flat ? x0 > x1 : y0 > y1;
    const int64_t x = back ? x1 : x0, y = back ? y1 : y0;
    const double slope = !steps ? 0 : flat ? (double)((back ? y0 : y1) - y) / (double)wide
                                           : (double)((back ? x0 : x1) - x) / (double)high;
    for (int64_t step = 0; step <= steps; step++) {
        const double along = (double)(back ? steps - step : step);
        const int64_t u = flat ? x + (int64_t)along : (int64_t)((double)x + slope * along + .5);
        const int64_t v = flat ? (int64_t)((double)y + slope * along + .5) : y + (int64_t)along;
        if (last[2] && u != last[0])
            change(changes, outlines, last[0], u, v < last[1] ? v : last[1]);
        last[0] = u;
        last[1] = v;
        last[2] = 1;
    }
}

/* Fill the union of a mask's rings, down the columns. */
static void fill_plainly(const Outlines *outlines, size_t mask, uint8_t *pixels)
{
    const size_t count = (size_t)outlines->height * outlines->width;
    memset(pixels, 0, count);
    for (int64_t ring = outlines->mask_offsets[mask]; ring < outlines->mask_offsets[mask + 1]; ring++) {
        const int64_t start = outlines->ring_offsets[ring], stop = outlines->ring_offsets[ring + 1];
        uint8_t changes[SIDE * SIDE + 1] = {0}, inside = 0;
        int64_t last[3] = {0};
        for (int64_t point = start; point < stop; point++)
            walk(changes, outlines, outlines->points + 2 * point,
                 outlines->points + 2 * (point + 1 < stop ? point + 1 : start), last);
        for (size_t place = 0; place < count; place++)
            pixels[place] |= inside ^= changes[place];
    }
}

/* Whether a walk along all outlines is short enough to be tried on every mutant. */
static bool is_short(const Outlines *outlines)
{
    double way = 0;
    for (size_t number = 0; number < outlines->numbers; number++)
        way += fabs(outlines->points[number]);
    return way < 6000;
}

static void check_fill(const Outlines *outlines, const Filled *filled)
{
    uint8_t pixels[SIDE * SIDE];
    const int64_t count = (int64_t)outlines->height * outlines->width;
    const bool is_walked = is_short(outlines);
    for (size_t mask = 0; mask < outlines->masks; mask++) {
        const int64_t first = filled->offsets[mask], end = filled->offsets[mask + 1];
        int64_t place = 0;
        if (is_walked)
            fill_plainly(outlines, mask, pixels);
        for (int64_t run = first; run < end; run++) {
            const int64_t length = filled->counts[run];
            CHECK(length > 0 || (length == 0 && run == first));
            for (int64_t left = length; left; left--, place++) {
                CHECK(place < count);
                CHECK(!is_walked || pixels[place] == ((run - first) & 1));
            }
        }
        CHECK(place == count);
    }
}

/* The topmost mask of each pixel, and how many cover it. */
static void layer_plainly(const Masks *masks, const int64_t *order, int64_t *top, uint8_t *covering)
{
    for (uint64_t place = 0; place < masks->pixels; place++) {
        top[place] = (int64_t)masks->masks;
        covering[place] = 0;
    }
    for (size_t rank = 0; rank < masks->masks; rank++) {
        uint64_t place = 0;
        for (int64_t run = masks->offsets[order[rank]]; run < masks->offsets[order[rank] + 1]; run++)
            for (int64_t left = masks->counts[run]; left; left--, place++)
                if ((run - masks->offsets[order[rank]]) & 1) {
                    top[place] = order[rank];
                    covering[place]++;
                }
    }
}

static void check_planes(const Layers *layers, const Masks *masks, const int64_t *top)
{
    const Parted parted = {layers->segments, layers->lengths, layers->count, masks->masks, masks->pixels};
    uint8_t *planes = malloc(masks->masks * masks->pixels + 1);
    CHECK(write_planes(&parted, planes));
    for (uint64_t place = 0; place < masks->masks * masks->pixels; place++)
        CHECK(planes[place] == (top[place % masks->pixels] == (int64_t)(place / masks->pixels)));
    free(planes);
}

static void check_layers(const Masks *masks, const int64_t *order)
{
    int64_t top[SIDE * SIDE];
    uint8_t covering[SIDE * SIDE];
    uint64_t place = 0;
    Layers layers;
    CHECK(layer_masks(masks, order, &layers));
    layer_plainly(masks, order, top, covering);
    for (size_t stretch = 0; stretch < layers.count; stretch++) {
        CHECK(layers.lengths[stretch] > 0);
        for (int64_t left = layers.lengths[stretch]; left; left--, place++) {
            CHECK(place < masks->pixels);
            CHECK(layers.segments[stretch] == top[place]);
            CHECK(layers.contested[stretch] == (covering[place] > 1));
        }
    }
    CHECK(place == masks->pixels);
    check_planes(&layers, masks, top);
    release_layers(&layers);
}

/* Masks that were filled, in an order by chance; then with some numbers changed, which must harm nobody. */
static void layer_filled(Input *input, const Outlines *outlines, const Filled *filled)
{
    const size_t count = outlines->masks, runs = (size_t)filled->offsets[count];
    int64_t *counts = copied(filled->counts, runs * 8), *offsets = copied(filled->offsets, (count + 1) * 8);
    int64_t *order = malloc((count + 1) * 8), *exact;
    const Masks masks = {counts, offsets, runs, count, (uint64_t)outlines->height * outlines->width};
    uint8_t *planes;
    Layers layers;
    for (size_t rank = 0; rank < count; rank++) {
        const size_t other = take(input, 1) % (rank + 1);
        order[rank] = order[other];
        order[other] = (int64_t)rank;
    }
    exact = copied(order, count * 8);
    check_layers(&masks, exact);
    for (uint32_t times = take(input, 1) % 4; times && count; times--) {
        int64_t *lists[] = {counts, offsets, exact};
        const size_t sizes[] = {runs, count + 1, count};
        const uint32_t list = take(input, 1) % 3;
        const size_t place = take(input, 2) % sizes[list];
        const uint64_t more = (uint64_t)(int8_t)take(input, 1) << take(input, 1) % 57;
        lists[list][place] = (int64_t)((uint64_t)lists[list][place] + more);
    }
    if (layer_masks(&masks, exact, &layers))
        release_layers(&layers);
    planes = malloc(2 * masks.pixels);
    write_planes(&(Parted){counts, counts, runs, 2, masks.pixels}, planes);
    free(planes);
    free(exact);
    free(order);
    free(offsets);
    free(counts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static double points[MASKS * RINGS * CORNERS * 2];
    static int64_t rings[MASKS * RINGS + 4], masks[MASKS + 4];
    Input input = {data, data + size};
    Outlines outlines = read_outlines(&input, points, rings, masks);
    Filled filled;
    outlines.points = copied(points, outlines.numbers * sizeof *points);
    outlines.ring_offsets = copied(rings, (outlines.rings + 1) * sizeof *rings);
    outlines.mask_offsets = copied(masks, (outlines.masks + 1) * sizeof *masks);
    if (fill_outlines(&outlines, &filled)) {
        check_fill(&outlines, &filled);
        layer_filled(&input, &outlines, &filled);
        release_filled(&filled);
    }
    free((void *)outlines.points);
    free((void *)outlines.ring_offsets);
    free((void *)outlines.mask_offsets);
    return 0;
}
