#include "reference.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define EXPECT(what)                                                                                                   \
    if (!(what)) {                                                                                                     \
        fprintf(stderr, "reference.c:%d: expected %s\n", __LINE__, #what);                                             \
        abort();                                                                                                       \
    }

uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

uint8_t *gather(const uint8_t *data, size_t size, size_t *length)
{
    uint8_t *stream = malloc(size + 1);
    *length = 0;
    for (size_t at = 8; at + 12 <= size;) {
        size_t content = big_endian(data + at);
        if (content > size - at - 12)
            break;
        if (!memcmp(data + at + 4, "IDAT", 4)) {
            memcpy(stream + *length, data + at + 8, content);
            *length += content;
        }
        at += content + 12;
    }
    return stream;
}

uint8_t *unpack(const uint8_t *stream, size_t size, size_t most, size_t *length, uint32_t *adler, size_t *end)
{
    uint8_t *rows = malloc(most + 1);
    z_stream z = {0};
    int state;
    *end = 0;
    *length = 0;
    if (size < 6 || inflateInit2(&z, -15) != Z_OK)
        return rows;
    z.next_in = (Bytef *)stream + 2;
    z.avail_in = (uInt)(size - 2);
    z.next_out = rows;
    z.avail_out = (uInt)most;
    state = inflate(&z, Z_FINISH);
    *length = z.total_out;
    *end = state == Z_STREAM_END ? 2 + z.total_in : 0;
    *adler = (uint32_t)adler32(adler32(0, NULL, 0), rows, (uInt)*length);
    inflateEnd(&z);
    return rows;
}

static int paeth(int a, int b, int c)
{
    int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

static void undo_filters(uint8_t *rows, size_t height, size_t row, size_t pixel)
{
    for (size_t y = 0; y < height; y++) {
        uint8_t *line = rows + y * (row + 1) + 1, *above = y ? line - row - 1 : NULL;
        EXPECT(line[-1] <= 4);
        for (size_t x = 0; x < row; x++) {
            int a = x < pixel ? 0 : line[x - pixel], b = above ? above[x] : 0;
            int c = x < pixel || !above ? 0 : above[x - pixel];
            const int added[5] = {0, a, b, (a + b) / 2, paeth(a, b, c)};
            line[x] = (uint8_t)(line[x] + added[line[-1]]);
        }
    }
}

static uint32_t value_at(const uint8_t *line, size_t pixel, size_t depth, uint32_t kept)
{
    uint32_t value = 0;
    if (depth == 16)
        return (uint32_t)line[0] << 8 | line[1];
    for (size_t byte = 0; byte < pixel; byte++)
        value |= (uint32_t)line[byte] << (8 * byte);
    return value & kept;
}

/* Each value is listed once, when it occurs for the first time. */
static void check_values(const Picture *found)
{
    size_t seen = 0;
    for (size_t run = 0; run < found->count; run++) {
        EXPECT(found->runs[run].value <= seen);
        if (found->runs[run].value == seen)
            seen++;
    }
    EXPECT(seen == found->different);
    for (size_t one = 0; one < seen && seen < 100; one++)
        for (size_t other = 0; other < one; other++)
            EXPECT(found->values[one] != found->values[other]);
}

static void check_runs(const uint8_t *rows, size_t pixel, uint32_t kept, const Picture *found)
{
    size_t run = 0, place = 0;
    EXPECT(found->count && found->runs[0].start == 0);
    for (size_t y = 0; y < found->height; y++) {
        const uint8_t *line = rows + y * (found->width * pixel + 1) + 1;
        for (size_t x = 0; x < found->width; x++, place++) {
            if (run + 1 < found->count && found->runs[run + 1].start == place) {
                EXPECT(found->runs[run + 1].value != found->runs[run].value);
                run++;
            }
            EXPECT(found->runs[run].value < found->different);
            EXPECT(found->values[found->runs[run].value] == value_at(line + x * pixel, pixel, found->depth, kept));
        }
    }
    EXPECT(run + 1 == found->count);
    check_values(found);
}

static void check_crcs(const uint8_t *data, size_t size)
{
    size_t at = 8;
    while (at < size) {
        size_t length = big_endian(data + at);
        EXPECT(length <= size - at - 12);
        EXPECT(crc32(0, data + at + 4, (uInt)length + 4) == big_endian(data + at + 8 + length));
        at += length + 12;
    }
}

void check_picture(const uint8_t *data, size_t size, uint32_t kept, const Picture *found)
{
    size_t stream_size, length, end;
    uint32_t adler;
    uint8_t *stream = gather(data, size, &stream_size), *rows;
    size_t pixel = found->depth == 16 ? 2 : found->color == RGB ? 3 : found->color == RGBA ? 4 : 1;
    size_t total = found->height * (found->width * pixel + 1);
    check_crcs(data, size);
    EXPECT(found->width == big_endian(data + 16) && found->height == big_endian(data + 20));
    rows = unpack(stream, stream_size, total + 1, &length, &adler, &end);
    EXPECT(length == total && end + 4 == stream_size && big_endian(stream + end) == adler);
    undo_filters(rows, found->height, found->width * pixel, pixel);
    check_runs(rows, pixel, kept, found);
    free(rows);
    free(stream);
}

/* Byte ``byte`` of a pixel, of those in ``values``; 0 above the first row. */
static uint8_t painted_at(const Picture *picture, const uint32_t *pixels, long place, unsigned byte, unsigned bytes)
{
    uint32_t value = place < 0 ? 0 : picture->values[pixels[place]] & (bytes == 1 ? 0xFF : 0xFFFF);
    return (uint8_t)(bytes == 1 || byte ? value : value >> 8);
}

/* The number of each pixel's value. */
static uint32_t *paint(const Picture *picture)
{
    size_t total = (size_t)picture->width * picture->height;
    uint32_t *pixels = malloc(total * sizeof *pixels);
    for (size_t run = 0; run < picture->count; run++) {
        size_t next = run + 1 < picture->count ? picture->runs[run + 1].start : total;
        for (size_t place = picture->runs[run].start; place < next; place++)
            pixels[place] = picture->runs[run].value;
    }
    return pixels;
}

/* The runs as those of a picture's columns. */
static void compare_columns(const Picture *picture, const uint8_t *rows, unsigned bytes)
{
    long height = picture->height, width = picture->width;
    uint32_t *pixels = paint(picture);
    for (long y = 0; y < height; y++) {
        EXPECT(*rows++ == 2);
        for (long x = 0; x < width; x++)
            for (unsigned byte = 0; byte < bytes; byte++) {
                long place = x * height + y;
                uint8_t here = painted_at(picture, pixels, place, byte, bytes);
                EXPECT(*rows++ == (uint8_t)(here - painted_at(picture, pixels, y ? place - 1 : -1, byte, bytes)));
            }
    }
    free(pixels);
}

static void compare_rows(const Picture *picture, const uint8_t *rows, unsigned bytes)
{
    long width = picture->width, total = width * (long)picture->height;
    uint32_t *pixels = paint(picture);
    for (long place = 0; place < total; place++) {
        EXPECT(place % width || *rows++ == 2);
        for (unsigned byte = 0; byte < bytes; byte++) {
            uint8_t here = painted_at(picture, pixels, place, byte, bytes);
            EXPECT(*rows++ == (uint8_t)(here - painted_at(picture, pixels, place - width, byte, bytes)));
        }
    }
    free(pixels);
}

void check_rows(const Picture *picture, unsigned bytes)
{
    int64_t *lengths = malloc(picture->count * sizeof *lengths);
    uint8_t *values = malloc(picture->count * bytes);
    uint8_t *rows = calloc(picture->height, 1 + (size_t)picture->width * bytes);
    Painting painting = {values, lengths, picture->count, picture->height, picture->width, bytes};
    for (size_t run = 0; run < picture->count; run++) {
        bool last = run + 1 == picture->count;
        int64_t stop = last ? (int64_t)picture->height * picture->width : picture->runs[run + 1].start;
        uint16_t value = (uint16_t)picture->values[picture->runs[run].value];
        lengths[run] = stop - picture->runs[run].start;
        if (bytes == 1)
            values[run] = (uint8_t)value;
        else
            memcpy(values + 2 * run, &value, 2);
    }
    EXPECT(is_whole(&painting));
    write_rows(&painting, rows);
    compare_rows(picture, rows, bytes);
    memset(rows, 0, picture->height * (1 + (size_t)picture->width * bytes));
    write_columns(&painting, rows);
    compare_columns(picture, rows, bytes);
    lengths[picture->count / 2]++;
    EXPECT(!is_whole(&painting));
    lengths[picture->count / 2] = -1;
    EXPECT(!is_whole(&painting));
    free(rows);
    free(values);
    free(lengths);
}
