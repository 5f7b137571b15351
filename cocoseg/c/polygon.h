/* Fills polygons as COCO's tools do, into run lengths down the columns. */

#ifndef COCOSEG_POLYGON_H
#define COCOSEG_POLYGON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Outlines of ``masks`` masks: mask m has the rings from mask_offsets[m], ring r the points from ring_offsets[r], x and
 * y of each. Both lists have one number more, their ends.
 */
typedef struct {
    const double *points;
    const int64_t *ring_offsets, *mask_offsets;
    size_t numbers, rings, masks; /* numbers: twice the points */
    uint32_t height, width;
} Outlines;

/* Run lengths of all masks, mask m those from offsets[m] (offsets has one number more); release_filled frees them. */
typedef struct {
    int64_t *counts, *offsets;
    double *boxes; /* least x, least y, greatest x, greatest y of each mask's points; NULL if a mask has none */
} Filled;

/* Fill every mask: the union of its rings, each filled even-odd.
 *
 * False where something is wrong with the outlines, where they are very far, long or many, or do not fit memory. It
 * says nothing about them: other code has to look.
 */
bool fill_outlines(const Outlines *outlines, Filled *found);

void release_filled(Filled *filled);

#endif
