/* Masks painted one over another, as stretches down the columns. */

#ifndef COCOSEG_LAYERS_H
#define COCOSEG_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Run lengths of ``masks`` masks of one size down their columns, each beginning with those outside it. Mask m has the
 * runs from offsets[m]; ``offsets`` has one number more.
 */
typedef struct {
    const int64_t *counts, *offsets;
    size_t runs, masks;
    uint64_t pixels; /* of each */
} Masks;

/* The topmost mask of each stretch, or the number of masks where there is none, and whether several cover it;
 * release_layers frees them. Stretches are not empty, and neighbours differ.
 */
typedef struct {
    int64_t *segments, *lengths;
    uint8_t *contested;
    size_t count;
} Layers;

/* Paint the masks in this order, which names each once, the lowest first. False if these are no masks of this size,
 * if it is no such order, for 2^32 pixels and more, and where memory is short.
 */
bool layer_masks(const Masks *masks, const int64_t *order, Layers *found);

void release_layers(Layers *layers);

#endif
