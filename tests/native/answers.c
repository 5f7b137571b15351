/* What the native part makes of each picture that standard input names: a line for each way to read it, with checksums
 * that are the same on every machine. With -DCHECKED the answers are held against zlib and plain loops, too.
 */

#include "reader.h"
#include "rows.h"

#ifdef CHECKED
#include "reference.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Wanted WAYS[] = {
    {1u << RGB | 1u << RGBA, 1u << 24, 0xFFFFFF},
    {1u << RGBA, 1u << 24, 0xFFFFFFFF},
    {1u << GREY | 1u << PALETTE, 1u << 24, 0xFFFFFFFF},
};

/* CRC-32 of bytes that follow others. */
static uint32_t sum_bytes(uint32_t sum, const uint8_t *bytes, size_t count)
{
    sum = ~sum;
    for (; count; count--) {
        sum ^= *bytes++;
        for (unsigned bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0xEDB88320 : 0);
    }
    return ~sum;
}

/* The same of a number's four bytes, the lowest first. */
static uint32_t sum_number(uint32_t sum, uint64_t number)
{
    const uint8_t bytes[] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)};
    return sum_bytes(sum, bytes, sizeof bytes);
}

static int64_t length_of(const Picture *picture, size_t run)
{
    bool last = run + 1 == picture->count;
    int64_t stop = last ? (int64_t)picture->height * picture->width : picture->runs[run + 1].start;
    return stop - picture->runs[run].start;
}

static uint32_t sum_runs(const Picture *picture)
{
    uint32_t sum = 0;
    for (size_t index = 0; index < picture->different; index++)
        sum = sum_number(sum, picture->values[index]);
    for (size_t run = 0; run < picture->count; run++)
        sum = sum_number(sum, picture->runs[run].value);
    for (size_t run = 0; run < picture->count; run++)
        sum = sum_number(sum, (uint64_t)length_of(picture, run));
    return sum;
}

/* The checksum of the rows of these runs, whose values are cut to ``bytes``. */
static uint32_t sum_rows(const Picture *picture, unsigned bytes, void (*write)(const Painting *, uint8_t *))
{
    size_t size = ((size_t)picture->width * bytes + 1) * picture->height;
    int64_t *lengths = malloc(picture->count * sizeof *lengths);
    uint8_t *values = malloc(picture->count * bytes), *rows = calloc(size, 1);
    Painting painting = {values, lengths, picture->count, picture->height, picture->width, bytes};
    uint32_t sum;
    for (size_t run = 0; run < picture->count; run++) {
        uint16_t value = (uint16_t)picture->values[picture->runs[run].value];
        lengths[run] = length_of(picture, run);
        values[run * bytes] = (uint8_t)value;
        if (bytes == 2)
            memcpy(values + run * bytes, &value, 2);
    }
    if (!is_whole(&painting))
        abort();
    write(&painting, rows);
    sum = sum_bytes(0, rows, size);
    free(rows);
    free(values);
    free(lengths);
    return sum;
}

static void answer(const char *path, int way, const uint8_t *data, size_t size)
{
    Picture found;
    if (!read_runs(data, size, &WAYS[way], &found)) {
        printf("%s %d none\n", path, way);
        return;
    }
#ifdef CHECKED
    check_picture(data, size, WAYS[way].kept, &found);
    check_rows(&found, 1);
    check_rows(&found, 2);
#endif
    printf("%s %d %lu %lu %lu %lu %08lx", path, way, (unsigned long)found.height, (unsigned long)found.width,
           (unsigned long)found.different, (unsigned long)found.count, (unsigned long)sum_runs(&found));
    for (unsigned bytes = 1; bytes <= 2; bytes++)
        printf(" %08lx %08lx", (unsigned long)sum_rows(&found, bytes, write_rows),
               (unsigned long)sum_rows(&found, bytes, write_columns));
    printf("\n");
    release_picture(&found);
}

/* All of a file, in memory of exactly its size. */
static uint8_t *contents(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data;
    if (!file || fseek(file, 0, SEEK_END)) {
        fprintf(stderr, "answers.c: cannot read %s\n", path);
        exit(1);
    }
    *size = (size_t)ftell(file);
    rewind(file);
    data = malloc(*size ? *size : 1);
    *size = fread(data, 1, *size, file);
    fclose(file);
    return data;
}

int main(void)
{
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        size_t size;
        uint8_t *data;
        path[strcspn(path, "\r\n")] = 0;
        data = contents(path, &size);
        for (int way = 0; way < 3; way++)
            answer(path, way, data, size);
        free(data);
    }
    return 0;
}
