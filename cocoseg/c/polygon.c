/* pycocotools walks outlines on a grid five times as fine, and keeps the steps from one fine column to the next in the
 * middle of a column of pixels: there that column changes from outside to inside, or back. Here only these steps are
 * computed, with its arithmetic, rounding included. It must not be contracted to fused operations.
 */

#include "polygon.h"

#include "sort.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#endif

/* Whether a double has its own precision in every step of a sum. */
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0
#define EXACT false
#else
#define EXACT true
#endif

#define FARTHEST 1e8            /* coordinates up to here are exact */
#define MOST_CHANGES (1u << 22) /* of all columns along all edges; 64 MiB */
#define MOST_PIXELS (1u << 31)

/* A change of a column: position down the columns << 1 | whether the ring is left there. */
typedef uint64_t Change;

typedef struct {
    const Outlines *outlines;
    Change *changes, *scratch; /* of one mask: those of the rings before, then those of this one */
    size_t count;
} Filling;

/* An edge on the fine grid, seen from the end from which it is walked. */
typedef struct {
    double x, y, slope;
    int64_t first, last; /* columns of pixels that it crosses; none if last is before first */
    bool flat;           /* at least as wide as high: walked along x, else along y */
} Edge;

static double on_grid(double coordinate)
{
    return (double)(int64_t)(5.0 * coordinate + 0.5);
}

/* The columns whose middle step, from 5 x + 2 to 5 x + 3, lies on the way from ``left`` to ``right``. */
static void cross(Edge *edge, int64_t left, int64_t right, int64_t width)
{
    edge->first = left <= 2 ? 0 : (left + 2) / 5;
    edge->last = right < 3 ? -1 : (right - 3) / 5;
    if (edge->last >= width)
        edge->last = width - 1;
}

static Edge edge_between(const double *start, const double *end, int64_t width)
{
    double x = on_grid(start[0]), y = on_grid(start[1]), to_x = on_grid(end[0]), to_y = on_grid(end[1]);
    double run = to_x - x, rise = to_y - y;
    bool flat = (run < 0 ? -run : run) >= (rise < 0 ? -rise : rise), from_end = (flat ? run : rise) < 0;
    Edge edge = {from_end ? to_x : x, from_end ? to_y : y, 0, 0, 0, flat};
    cross(&edge, (int64_t)(run < 0 ? to_x : x), (int64_t)(run < 0 ? x : to_x), width);
    if (edge.first <= edge.last)
        edge.slope = flat ? rise / run : run / rise;
    return edge;
}

/* The position of a change in the fine row after ``row``. */
static inline Change change_at(int64_t column, int64_t row, int64_t height)
{
    int64_t pixel = row < -2 ? 0 : (row + 2) / 5;
    return (Change)(column * height + (pixel < height ? pixel : height)) << 1;
}

/* Of the two rows between which an edge steps along x, the upper one. */
static void change_flat(Filling *filling, const Edge *edge, int64_t height)
{
    const double later = edge->slope < 0;
    for (int64_t column = edge->first; column <= edge->last; column++) {
        double step = (double)(5 * column + 2) - edge->x + later;
        filling->changes[filling->count++] = change_at(column, (int64_t)(edge->y + edge->slope * step + 0.5), height);
    }
}

static inline bool is_across(const Edge *edge, double step, double fine)
{
    return (edge->x + edge->slope * step + 0.5 >= fine + 1) == (edge->slope > 0);
}

static inline double rounded_up(double number)
{
    double whole = (double)(int64_t)number;
    return whole < number ? whole + 1 : whole;
}

/* Along y, the row before the one that has left the fine column. The guess is at most one step off. */
static void change_steep(Filling *filling, const Edge *edge, int64_t height)
{
    for (int64_t column = edge->first; column <= edge->last; column++) {
        double fine = (double)(5 * column + 2), guess = rounded_up((fine + 0.5 - edge->x) / edge->slope);
        double before = guess - is_across(edge, guess - 1, fine) - 1 + !is_across(edge, guess, fine);
        filling->changes[filling->count++] = change_at(column, (int64_t)(edge->y + before), height);
    }
}

static void change_along(Filling *filling, size_t start, size_t stop)
{
    const Outlines *outlines = filling->outlines;
    for (size_t point = start; point < stop; point++) {
        const double *from = outlines->points + 2 * point;
        const double *to = outlines->points + 2 * (point + 1 < stop ? point + 1 : start);
        Edge edge = edge_between(from, to, outlines->width);
        (edge.flat ? change_flat : change_steep)(filling, &edge, outlines->height);
    }
}

/* The ring's own changes from ``start`` on, sorted: twice at one place is no change; they lead in and out in turn. */
static void settle_ring(Filling *filling, size_t start)
{
    Change *changes = filling->changes;
    size_t kept = start;
    sort_keys(changes + start, filling->scratch, filling->count - start, 1);
    for (size_t index = start; index < filling->count; index++) {
        if (kept > start && changes[kept - 1] == changes[index])
            kept--;
        else
            changes[kept++] = changes[index];
    }
    for (size_t index = start; index < kept; index++)
        changes[index] |= (index - start) & 1;
    filling->count = kept;
}

/* The changes of a mask, of those of its rings: where the number of rings that cover a pixel becomes 0, or was 0. */
static void unite(Filling *filling)
{
    Change *changes = filling->changes;
    size_t kept = 0;
    int64_t covering = 0;
    sort_keys(changes, filling->scratch, filling->count, 1);
    for (size_t index = 0; index < filling->count;) {
        const bool was = covering > 0;
        const Change place = changes[index] >> 1;
        for (; index < filling->count && changes[index] >> 1 == place; index++)
            covering += changes[index] & 1 ? -1 : 1;
        if (was != (covering > 0))
            changes[kept++] = place << 1;
    }
    filling->count = kept;
}

/* The run lengths of the mask's changes, of which one at the end of the picture is none. */
static int64_t *write_counts(const Filling *filling, int64_t *counts)
{
    const int64_t pixels = (int64_t)filling->outlines->height * filling->outlines->width;
    int64_t before = 0;
    for (size_t index = 0; index < filling->count; index++) {
        const int64_t position = (int64_t)(filling->changes[index] >> 1);
        if (position >= pixels)
            break;
        *counts++ = position - before;
        before = position;
    }
    *counts++ = pixels - before;
    return counts;
}

static int64_t *fill_mask(Filling *filling, size_t first, size_t last, int64_t *counts)
{
    const int64_t *offsets = filling->outlines->ring_offsets;
    filling->count = 0;
    for (size_t ring = first; ring < last; ring++) {
        const size_t start = filling->count;
        change_along(filling, (size_t)offsets[ring], (size_t)offsets[ring + 1]);
        settle_ring(filling, start);
    }
    if (last > first + 1)
        unite(filling);
    return write_counts(filling, counts);
}

/* Whether offsets rise from 0 to ``end``, each by at least ``least``. */
static bool are_offsets(const int64_t *offsets, size_t groups, int64_t least, size_t end)
{
    if (offsets[0] != 0)
        return false;
    for (size_t group = 0; group < groups; group++)
        if (offsets[group + 1] < offsets[group] || offsets[group + 1] - offsets[group] < least)
            return false;
    return (uint64_t)offsets[groups] == end;
}

static bool are_near(const Outlines *outlines)
{
    for (size_t number = 0; number < outlines->numbers; number++)
        if (!(outlines->points[number] >= -FARTHEST && outlines->points[number] <= FARTHEST))
            return false; /* or not a number */
    return true;
}

static bool are_sound(const Outlines *outlines)
{
    const uint64_t pixels = (uint64_t)outlines->height * outlines->width;
    if (!EXACT || !pixels || pixels >= MOST_PIXELS || outlines->masks > SIZE_MAX / 8 / sizeof(double))
        return false;
    return are_offsets(outlines->mask_offsets, outlines->masks, 0, outlines->rings)
        && are_offsets(outlines->ring_offsets, outlines->rings, 3, outlines->numbers / 2) && are_near(outlines);
}

/* How many columns the edges of a ring cross in all. */
static uint64_t crossed(const Outlines *outlines, size_t start, size_t stop)
{
    uint64_t columns = 0;
    for (size_t point = start; point < stop; point++) {
        const size_t following = point + 1 < stop ? point + 1 : start;
        const double x = on_grid(outlines->points[2 * point]), to = on_grid(outlines->points[2 * following]);
        Edge edge;
        cross(&edge, (int64_t)(x < to ? x : to), (int64_t)(x < to ? to : x), outlines->width);
        columns += edge.first <= edge.last ? (uint64_t)(edge.last - edge.first + 1) : 0;
    }
    return columns;
}

/* How many changes there are at most, of the largest mask and of all; false if there are too many. */
static bool count_changes(const Outlines *outlines, size_t *largest, size_t *all)
{
    *largest = *all = 0;
    for (size_t mask = 0; mask < outlines->masks; mask++) {
        const size_t before = *all;
        for (int64_t ring = outlines->mask_offsets[mask]; ring < outlines->mask_offsets[mask + 1]; ring++) {
            const size_t start = (size_t)outlines->ring_offsets[ring], stop = (size_t)outlines->ring_offsets[ring + 1];
            const uint64_t more = crossed(outlines, start, stop);
            if (more > MOST_CHANGES - *all)
                return false;
            *all += (size_t)more;
        }
        *largest = *all - before > *largest ? *all - before : *largest;
    }
    return true;
}

static void box_points(const double *points, size_t count, double *box)
{
    for (unsigned bound = 0; bound < 4; bound++)
        box[bound] = points[bound & 1];
    for (size_t number = 0; number < 2 * count; number++) {
        double *least = box + (number & 1), *greatest = least + 2;
        *least = points[number] < *least ? points[number] : *least;
        *greatest = points[number] > *greatest ? points[number] : *greatest;
    }
}

/* The boxes of all masks; false if one has no points. */
static bool box_masks(const Outlines *outlines, double *boxes)
{
    for (size_t mask = 0; mask < outlines->masks; mask++) {
        const int64_t start = outlines->ring_offsets[outlines->mask_offsets[mask]];
        const int64_t stop = outlines->ring_offsets[outlines->mask_offsets[mask + 1]];
        if (stop == start)
            return false;
        box_points(outlines->points + 2 * start, (size_t)(stop - start), boxes + 4 * mask);
    }
    return true;
}

static bool fill_all(const Outlines *outlines, size_t largest, Filled *found)
{
    Change *changes = malloc((2 * largest + 1) * sizeof *changes);
    Filling filling = {outlines, changes, changes ? changes + largest : NULL, 0};
    int64_t *next = found->counts;
    if (!changes)
        return false;
    for (size_t mask = 0; mask < outlines->masks; mask++) {
        found->offsets[mask] = next - found->counts;
        next = fill_mask(&filling, (size_t)outlines->mask_offsets[mask], (size_t)outlines->mask_offsets[mask + 1], next);
    }
    found->offsets[outlines->masks] = next - found->counts;
    free(changes);
    return true;
}

bool fill_outlines(const Outlines *outlines, Filled *found)
{
    size_t largest, all;
    *found = (Filled){0};
    if (!are_sound(outlines) || !count_changes(outlines, &largest, &all))
        return false;
    found->counts = malloc((all + outlines->masks + 1) * sizeof *found->counts);
    found->offsets = malloc((outlines->masks + 1) * sizeof *found->offsets);
    found->boxes = malloc((4 * outlines->masks + 1) * sizeof *found->boxes);
    if (!found->counts || !found->offsets || !found->boxes || !fill_all(outlines, largest, found)) {
        release_filled(found);
        return false;
    }
    if (!box_masks(outlines, found->boxes)) {
        free(found->boxes);
        found->boxes = NULL;
    }
    return true;
}

void release_filled(Filled *filled)
{
    free(filled->counts);
    free(filled->offsets);
    free(filled->boxes);
    *filled = (Filled){0};
}
