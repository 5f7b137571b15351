/* Sorts keys by their upper bits. */

#ifndef COCOSEG_SORT_H
#define COCOSEG_SORT_H

#include <stddef.h>
#include <stdint.h>

/* Sort keys by what is above their ``low`` lowest bits; equal ones keep their order. ``scratch`` has room for as many. */
void sort_keys(uint64_t *keys, uint64_t *scratch, size_t count, unsigned low);

#endif
