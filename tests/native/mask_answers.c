/* What the native part makes of outlines by chance: a line for each set of masks, with checksums that are the same on
 * every machine, whatever it does with sums of doubles if nobody tells it not to.
 */

#include "layers.h"
#include "pairs.h"
#include "planes.h"
#include "polygon.h"

#include <stdio.h>
#include <stdlib.h>

enum { SETS = 3000, MASKS = 6, RINGS = 3, CORNERS = 60 };

static uint64_t chance = 1;

static uint32_t below(uint32_t end)
{
    chance = chance * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(chance >> 33) % end;
}

/* A checksum of numbers that follow others (FNV-1a, by numbers instead of bytes). */
static uint64_t sum_numbers(uint64_t sum, const int64_t *numbers, size_t count)
{
    for (size_t index = 0; index < count; index++)
        sum = (sum ^ (uint64_t)numbers[index]) * 1099511628211u;
    return sum;
}

/* Mostly within the picture, of all fineness. */
static double coordinate(uint32_t side)
{
    static const double FINENESS[] = {1, 2, 5, 10, 100, 1000, 7, 3};
    const double parts = FINENESS[below(8)];
    const double whole = below((uint32_t)(2 * side * parts)) - side * parts / 2;
    return whole / parts;
}

static void draw(Outlines *outlines, double *points, int64_t *rings, int64_t *masks)
{
    *outlines = (Outlines){points, rings, masks, 0, 0, 1 + below(MASKS), 1 + below(300), 1 + below(300)};
    for (size_t mask = 0; mask < outlines->masks; mask++) {
        masks[mask] = (int64_t)outlines->rings;
        for (uint32_t more = 1 + below(RINGS); more; more--) {
            rings[outlines->rings++] = (int64_t)outlines->numbers / 2;
            for (uint32_t corners = 3 + below(CORNERS - 3); corners; corners--) {
                points[outlines->numbers++] = coordinate(outlines->width);
                points[outlines->numbers++] = coordinate(outlines->height);
            }
        }
    }
    rings[outlines->rings] = (int64_t)outlines->numbers / 2;
    masks[outlines->masks] = (int64_t)outlines->rings;
}

static uint64_t sum_planes(const Layers *layers, const Masks *masks)
{
    const Parted parted = {layers->segments, layers->lengths, layers->count, masks->masks, masks->pixels};
    uint8_t *planes = malloc(masks->masks * (size_t)masks->pixels);
    uint64_t sum = write_planes(&parted, planes);
    for (size_t place = 0; place < masks->masks * masks->pixels; place++)
        sum = (sum ^ planes[place]) * 1099511628211u;
    free(planes);
    return sum;
}

static uint64_t sum_pairs(const Filled *filled, const Layers *layers)
{
    const Lengths first = {filled->counts, (size_t)filled->offsets[1]}, second = {layers->lengths, layers->count};
    const size_t count = first.count + second.count;
    int64_t *found = malloc(3 * count * sizeof *found);
    uint64_t sum;
    pair_runs(first, second, found, found + count, found + 2 * count);
    sum = sum_numbers(0, found, 3 * count);
    free(found);
    return sum;
}

static void print_sum(uint64_t sum)
{
    printf(" %08lx%08lx", (unsigned long)(sum >> 32), (unsigned long)(sum & 0xFFFFFFFF));
}

static void answer(int number, const Outlines *outlines)
{
    int64_t order[MASKS];
    Filled filled;
    Masks masks;
    Layers layers;
    printf("set %d", number);
    for (size_t rank = 0; rank < outlines->masks; rank++)
        order[rank] = (int64_t)(outlines->masks - 1 - rank);
    if (fill_outlines(outlines, &filled)) {
        masks = (Masks){filled.counts, filled.offsets, (size_t)filled.offsets[outlines->masks], outlines->masks,
                        (uint64_t)outlines->height * outlines->width};
        print_sum(sum_numbers(0, masks.counts, masks.runs));
        if (layer_masks(&masks, order, &layers)) {
            print_sum(sum_numbers(sum_numbers(0, layers.segments, layers.count), layers.lengths, layers.count));
            print_sum(sum_planes(&layers, &masks));
            print_sum(sum_pairs(&filled, &layers));
            release_layers(&layers);
        }
        release_filled(&filled);
    }
    printf("\n");
}

int main(void)
{
    static double points[MASKS * RINGS * CORNERS * 2];
    static int64_t rings[MASKS * RINGS + 1], masks[MASKS + 1];
    for (int number = 0; number < SETS; number++) {
        Outlines outlines;
        draw(&outlines, points, rings, masks);
        answer(number, &outlines);
    }
    return 0;
}
