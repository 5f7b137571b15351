/* Mutants of PNGs for the reader of runs. Whatever it accepts has to be what zlib and plain loops find.
 *
 * Checksums are made right again, so that mutants get behind them. Half of them are pictures whose rows were changed
 * and packed anew, in all ways that zlib has: these it must not refuse.
 */

#include "reader.h"
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MOST_ROWS 60000 /* bytes */
#define MOST_PIXELS (1u << 22)
#define FEW 8000 /* marks and runs that any picture may have */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

static uint64_t chance;

static uint32_t below(uint32_t end)
{
    chance = chance * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(chance >> 33) % end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint32_t kept = size & 1 ? 0xFFFFFF : 0xFFFFFFFF;
    uint8_t *copy = malloc(size ? size : 1); /* of exactly this size, so that no byte behind it goes unnoticed */
    Picture found;
    memcpy(copy, data, size);
    if (read_runs(copy, size, &(Wanted){~0u, MOST_PIXELS, kept}, &found)) {
        check_picture(copy, size, kept, &found);
        check_rows(&found, 1 + (size >> 1 & 1));
        release_picture(&found);
    }
    free(copy);
    return 0;
}

static size_t write_chunk(uint8_t *at, const char *name, const uint8_t *content, size_t length)
{
    for (unsigned byte = 0; byte < 4; byte++)
        at[byte] = (uint8_t)(length >> (24 - 8 * byte));
    memcpy(at + 4, name, 4);
    if (length)
        memmove(at + 8, content, length);
    uint32_t sum = (uint32_t)crc32(0, at + 4, (uInt)length + 4);
    for (unsigned byte = 0; byte < 4; byte++)
        at[8 + length + byte] = (uint8_t)(sum >> (24 - 8 * byte));
    return length + 12;
}

/* Make all checksums of a file's chunks right. */
static void repair(uint8_t *data, size_t size)
{
    for (size_t at = 8; at + 12 <= size;) {
        size_t length = big_endian(data + at);
        if (length > size - at - 12)
            break;
        uint32_t sum = (uint32_t)crc32(0, data + at + 4, (uInt)length + 4);
        for (unsigned byte = 0; byte < 4; byte++)
            data[at + 8 + length + byte] = (uint8_t)(sum >> (24 - 8 * byte));
        at += length + 12;
    }
}

/* A PNG with this header of 13 bytes and this stream, in one chunk or several; 0 where it has no room. */
static size_t build(uint8_t *data, size_t most, const uint8_t *header, const uint8_t *stream, size_t length)
{
    size_t size = 8, parts = below(3) ? 1 : 1 + below(5);
    if (length + 57 + 18 + 12 * parts > most)
        return 0;
    memcpy(data, "\x89PNG\r\n\x1a\n", 8);
    size += write_chunk(data + size, "IHDR", header, 13);
    if (header[9] == PALETTE)
        size += write_chunk(data + size, "PLTE", (const uint8_t *)"\0\0\0\1\2\3", 6);
    for (size_t part = 0; part < parts; part++) {
        size_t from = length * part / parts, to = length * (part + 1) / parts;
        size += write_chunk(data + size, "IDAT", stream + from, to - from);
    }
    return size + write_chunk(data + size, "IEND", NULL, 0);
}

/* Change the packed bytes and make their Adler-32 right, if they still can be unpacked. */
static size_t change_stream(uint8_t *data, size_t size, size_t most)
{
    size_t length, rows_length, end;
    uint32_t adler;
    uint8_t header[13], *stream = gather(data, size, &length), *changed = malloc(length + 64);
    memcpy(header, data + 16, 13);
    memcpy(changed, stream, length);
    length = length ? LLVMFuzzerMutate(changed, length, length + 64) : 0;
    free(unpack(changed, length, MOST_ROWS, &rows_length, &adler, &end));
    if (end && end + 4 <= length)
        for (unsigned byte = 0; byte < 4; byte++)
            changed[end + byte] = (uint8_t)(adler >> (24 - 8 * byte));
    if (end && end + 4 <= length && below(4))
        length = end + 4;
    size = build(data, most, header, changed, length);
    free(changed);
    free(stream);
    return size;
}

/* Rows as label pictures have them, and rows as nothing has them. */
static size_t change_rows(uint8_t *rows, size_t length, size_t most, size_t row)
{
    for (uint32_t times = 1 + below(8); times; times--) {
        uint32_t kind = below(6);
        size_t from = length ? below((uint32_t)length) : 0, many = 1 + below(kind & 1 ? 8 : 600);
        if (many > length - from)
            many = length - from;
        if (kind < 2)
            memset(rows + from, (int)below(256), many);
        else if (kind == 2)
            memset(rows + from, 0, many);
        else if (kind == 3 && from >= row)
            memmove(rows + from, rows + from - row, many);
        else if (kind == 4 && length)
            rows[from - from % row] = (uint8_t)below(5);
        else if (length)
            length = LLVMFuzzerMutate(rows, length, most);
    }
    return length;
}

static void set_size(uint8_t *header, size_t width, size_t height)
{
    for (unsigned byte = 0; byte < 4; byte++) {
        header[byte] = (uint8_t)(width >> (24 - 8 * byte));
        header[4 + byte] = (uint8_t)(height >> (24 - 8 * byte));
    }
}

static size_t pack(const uint8_t *rows, size_t length, uint8_t *stream, size_t most)
{
    static const int WINDOWS[] = {9, 10, 12, 15, 15, 15};
    z_stream z = {0};
    size_t packed;
    int level = (int)below(10);
    if (deflateInit2(&z, level, Z_DEFLATED, WINDOWS[below(6)], 1 + (int)below(9), (int)below(5)) != Z_OK)
        return 0;
    z.next_in = (Bytef *)rows;
    z.avail_in = (uInt)length;
    z.next_out = stream;
    z.avail_out = (uInt)most;
    packed = deflate(&z, Z_FINISH) == Z_STREAM_END ? z.total_out : 0;
    deflateEnd(&z);
    return packed;
}

/* Stop the process if a picture that is well made, and not dense, is refused. */
static void expect_read(const uint8_t *data, size_t size, const uint8_t *rows, size_t length, size_t row)
{
    size_t marks = 0;
    Picture found;
    for (size_t at = 0; at < length; at++) {
        marks += rows[at] != 0;
        if (at % row == 0 && rows[at] > 4)
            return;
    }
    if (marks > FEW || length > FEW)
        return;
    if (!read_runs(data, size, &(Wanted){~0u, MOST_PIXELS, ~0u}, &found)) {
        fprintf(stderr, "fuzz_pictures.c: a good picture is refused\n");
        abort();
    }
    release_picture(&found);
}

/* Change the rows and pack them anew, under a header that says their size. */
static size_t change_picture(uint8_t *data, size_t size, size_t most)
{
    static const uint8_t KINDS[][3] = {{8, GREY, 1}, {16, GREY, 2}, {8, RGB, 3}, {8, PALETTE, 1}, {8, RGBA, 4}};
    size_t length, stream_size, end;
    uint32_t adler;
    uint8_t header[13], *stream = gather(data, size, &stream_size), *again = malloc(most), *copy;
    uint8_t *unpacked = unpack(stream, stream_size, MOST_ROWS, &length, &adler, &end);
    const uint8_t *kind = KINDS[below(5)];
    size_t width = 1 + (below(4) ? below(64) : below(3000)), row;
    memcpy(header, data + 16, 13);
    for (unsigned known = 0; below(2) && known < 5; known++)
        if (header[8] == KINDS[known][0] && header[9] == KINDS[known][1] && big_endian(header) - 1 < 4000)
            kind = KINDS[known], width = big_endian(header);
    row = width * kind[2] + 1;
    copy = calloc(MOST_ROWS + row, 1);
    memcpy(copy, unpacked, length);
    length = change_rows(copy, length, MOST_ROWS, row);
    length = (length + row - 1) / row * row;
    set_size(header, width, length / row);
    memcpy(header + 8, (uint8_t[]){kind[0], kind[1], 0, 0, 0}, 5);
    stream_size = length ? pack(copy, length, again, most) : 0;
    size = stream_size ? build(data, most, header, again, stream_size) : 0;
    if (size)
        expect_read(data, size, copy, length, row);
    free(copy);
    free(again);
    free(unpacked);
    free(stream);
    return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    uint8_t *before = malloc(most);
    size_t found = 0;
    chance = seed;
    memcpy(before, data, size);
    if (size >= 57 && below(4))
        found = below(3) ? change_picture(data, size, most) : change_stream(data, size, most);
    if (!found) {
        memcpy(data, before, size);
        found = LLVMFuzzerMutate(data, size, most);
        repair(data, found);
    }
    free(before);
    return found;
}
