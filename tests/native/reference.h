/* The answers of reader and writer, found the plain way: zlib unpacks, and loops go from byte to byte. */

#ifndef REFERENCE_H
#define REFERENCE_H

#include "reader.h"

/* Stop the process if ``found``, read of ``data`` with ``kept``, is not the picture. */
void check_picture(const uint8_t *data, size_t size, uint32_t kept, const Picture *found);

/* Stop the process if the rows that are written of this picture's runs are not its rows under the filter Up. */
void check_rows(const Picture *picture, unsigned bytes);

/* The contents of all IDAT chunks, as they come; the caller frees them. */
uint8_t *gather(const uint8_t *data, size_t size, size_t *length);

/* Unpack at most ``most`` bytes of a zlib stream without looking at its checksum, which is written to ``adler``. */
uint8_t *unpack(const uint8_t *stream, size_t size, size_t most, size_t *length, uint32_t *adler, size_t *end);

uint32_t big_endian(const uint8_t *at);

#endif
