/* Two pictures of one size, both as runs in one order. */

#ifndef COCOSEG_PAIRS_H
#define COCOSEG_PAIRS_H

#include <stddef.h>
#include <stdint.h>

/* Lengths of the runs of a picture, one run at least. */
typedef struct {
    const int64_t *lengths;
    size_t count;
} Lengths;

/* The run of both pictures at each stretch in which neither changes, and its length, which may be 0: first.count +
 * second.count numbers each.
 */
void pair_runs(Lengths first, Lengths second, int64_t *ones, int64_t *others, int64_t *lengths);

#endif
