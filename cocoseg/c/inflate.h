/* Unpacks the zlib stream of a PNG of labels, but only to the bytes that are not zero (RFC 1950, RFC 1951). */

#ifndef COCOSEG_INFLATE_H
#define COCOSEG_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PADDING 16 /* zeros behind a stream, which is read by words */

/* A byte that is not zero, and its place among all bytes: place << 8 | byte. */
typedef uint64_t Mark;

typedef struct {
    Mark *marks;    /* in the order of their places; room for marks_room(total) */
    size_t count;
    uint32_t total; /* bytes that the stream unpacks to, zeros included; below 2^29 */
} Marks;

/* How many marks may be written for so many bytes. */
size_t marks_room(uint32_t total);

/* Unpack a whole stream of ``size`` bytes, with PADDING zeros behind it, to exactly ``found->total`` bytes.
 *
 * False where the stream is not perfect: cut off, damaged, too long, too short, with a wrong Adler-32 or with bytes
 * behind it; where an eighth of the bytes or more are not zero, for which this is the wrong way; and where there are
 * very many blocks.
 */
bool inflate_marks(const uint8_t *stream, size_t size, Marks *found);

#endif
