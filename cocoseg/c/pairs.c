#include "pairs.h"

/* The run that goes on, the last one at the end. */
static int64_t within(Lengths runs, size_t place)
{
    return (int64_t)(place < runs.count ? place : runs.count - 1);
}

void pair_runs(Lengths first, Lengths second, int64_t *ones, int64_t *others, int64_t *lengths)
{
    uint64_t before = 0, stop = (uint64_t)first.lengths[0], other_stop = (uint64_t)second.lengths[0];
    for (size_t one = 0, other = 0; one < first.count || other < second.count;) {
        const int is_first = other == second.count || (one < first.count && stop <= other_stop);
        const uint64_t end = is_first ? stop : other_stop;
        *ones++ = within(first, one);
        *others++ = within(second, other);
        *lengths++ = (int64_t)(end - before);
        before = end;
        if (is_first && ++one < first.count)
            stop += (uint64_t)first.lengths[one];
        else if (!is_first && ++other < second.count)
            other_stop += (uint64_t)second.lengths[other];
    }
}
