/* The places where any mask begins or ends, sorted, cut the picture into stretches. A bit for each mask, the topmost
 * highest, says which of them cover a stretch.
 */

#include "layers.h"

#include "sort.h"

#include <stdlib.h>
#include <string.h>

#define MOST ((uint64_t)1 << 32) /* pixels, and masks */

enum { WORD = 64 };

/* A place where a mask begins or ends: position << 32 | its rank. */
typedef uint64_t Event;

typedef struct {
    uint64_t *words;  /* a bit for each rank */
    size_t high;      /* the last word that is not 0, or the first */
    size_t count;     /* of bits */
} Cover;

static bool are_masks(const Masks *masks)
{
    if (!masks->pixels || masks->pixels >= MOST || (uint64_t)masks->masks >= MOST)
        return false;
    if (masks->offsets[0] != 0 || (uint64_t)masks->offsets[masks->masks] != masks->runs)
        return false;
    for (size_t mask = 0; mask < masks->masks; mask++) {
        uint64_t left = masks->pixels;
        if (masks->offsets[mask + 1] < masks->offsets[mask] || (uint64_t)masks->offsets[mask + 1] > masks->runs)
            return false;
        for (int64_t run = masks->offsets[mask]; run < masks->offsets[mask + 1]; run++) {
            if (masks->counts[run] < 0 || (uint64_t)masks->counts[run] > left)
                return false;
            left -= (uint64_t)masks->counts[run];
        }
        if (left)
            return false;
    }
    return true;
}

/* The rank of each mask in an order that names each once; false for any other. */
static bool rank(const int64_t *order, size_t count, uint32_t *ranks)
{
    memset(ranks, 0xFF, count * sizeof *ranks);
    for (size_t place = 0; place < count; place++) {
        if (order[place] < 0 || (uint64_t)order[place] >= count || ranks[order[place]] != UINT32_MAX)
            return false;
        ranks[order[place]] = (uint32_t)place;
    }
    return true;
}

static size_t list_events(const Masks *masks, const uint32_t *ranks, Event *events)
{
    Event *next = events;
    for (size_t mask = 0; mask < masks->masks; mask++) {
        uint64_t position = 0;
        for (int64_t run = masks->offsets[mask]; run + 1 < masks->offsets[mask + 1]; run++) {
            position += (uint64_t)masks->counts[run];
            *next++ = position << 32 | ranks[mask];
        }
    }
    return (size_t)(next - events);
}

static void turn(Cover *cover, uint32_t rank)
{
    const size_t word = rank / WORD;
    const uint64_t bit = (uint64_t)1 << rank % WORD;
    cover->words[word] ^= bit;
    if (cover->words[word] & bit) {
        cover->count++;
        cover->high = word > cover->high ? word : cover->high;
        return;
    }
    cover->count--;
    while (cover->high && !cover->words[cover->high])
        cover->high--;
}

/* The highest rank that covers; there is one. */
static size_t topmost(const Cover *cover)
{
    uint64_t word = cover->words[cover->high];
    size_t rank = cover->high * WORD;
    for (unsigned half = WORD / 2; half; half /= 2)
        if (word >> half) {
            word >>= half;
            rank += half;
        }
    return rank;
}

static void add_stretch(Layers *found, int64_t segment, bool contested, uint64_t length)
{
    const size_t last = found->count - 1;
    if (!length)
        return;
    if (found->count && found->segments[last] == segment && found->contested[last] == contested) {
        found->lengths[last] += (int64_t)length;
        return;
    }
    found->segments[found->count] = segment;
    found->contested[found->count] = contested;
    found->lengths[found->count++] = (int64_t)length;
}

static void sweep(const Event *events, size_t count, const Masks *masks, const int64_t *order, Cover *cover,
                  Layers *found)
{
    uint64_t position = 0;
    for (size_t next = 0; position < masks->pixels;) {
        const uint64_t end = next < count ? events[next] >> 32 : masks->pixels;
        const int64_t segment = cover->count ? order[topmost(cover)] : (int64_t)masks->masks;
        add_stretch(found, segment, cover->count > 1, end - position);
        position = end;
        for (; next < count && events[next] >> 32 == position; next++)
            turn(cover, (uint32_t)events[next]);
    }
}

static bool reserve(Layers *found, size_t stretches)
{
    *found = (Layers){
        .segments = malloc(stretches * sizeof *found->segments),
        .lengths = malloc(stretches * sizeof *found->lengths),
        .contested = malloc(stretches),
    };
    return found->segments && found->lengths && found->contested;
}

bool layer_masks(const Masks *masks, const int64_t *order, Layers *found)
{
    const bool fits = masks->runs < SIZE_MAX / 4 / sizeof(Event);
    uint32_t *ranks = malloc((masks->masks + 1) * sizeof *ranks);
    uint64_t *words = calloc(masks->masks / WORD + 1, sizeof *words);
    Event *events = fits ? malloc((2 * masks->runs + 1) * sizeof *events) : NULL;
    bool done = false;
    *found = (Layers){0};
    if (ranks && words && events && are_masks(masks) && rank(order, masks->masks, ranks)
        && reserve(found, masks->runs + 1)) {
        const size_t count = list_events(masks, ranks, events);
        sort_keys(events, events + masks->runs, count, 32);
        sweep(events, count, masks, order, &(Cover){.words = words}, found);
        done = true;
    }
    free(ranks);
    free(words);
    free(events);
    if (!done)
        release_layers(found);
    return done;
}

void release_layers(Layers *layers)
{
    free(layers->segments);
    free(layers->lengths);
    free(layers->contested);
    *layers = (Layers){0};
}
