/* Filters are undone on the runs of the row above: where nothing was added and the row above goes on, this one goes on
 * too. So the work is that of the runs, and memory is bounded by an eighth of the pixels.
 */

#include "reader.h"

#include "inflate.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIGNATURE = 8,
    ENVELOPE = 12,      /* bytes of a chunk besides its content */
    HEADER = 13,
    COLORS = 768,       /* bytes of the largest palette */
    DEFLATE = 1032,     /* the most bytes that one byte can unpack to */
    OTHERS = 4,         /* kinds of chunks that may be there besides */
    ALWAYS = 8192,      /* runs that any picture may have */
    DENSE = 3,          /* bits by which pixels are shifted to the runs that they may have besides: an eighth */
    SLOTS = 1 << 16     /* of the largest table of values, half of which is used at most */
};

enum { SUB = 1, UP, AVERAGE, PAETH };

#define LARGEST (1u << 29) /* bytes of all rows: places fit 29 bits, and sums over them 64 */
#define NAME(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

typedef struct {
    const Wanted *wanted;
    Picture *picture;
    uint32_t pixel;      /* bytes of a pixel */
    uint8_t *stream;     /* the contents of all IDAT chunks, and PADDING */
    size_t stream_size;
    uint32_t seen[OTHERS]; /* names of chunks between header and pixels, each once */
    unsigned others;
    bool colors;         /* whether there is a palette */
} File;

typedef struct {
    const Mark *next, *end;
    uint32_t pixel;
    uint64_t inverse;    /* 2^32 / pixel, rounded up: places below 2^29 are divided by it exactly */
    uint32_t row;        /* place of the row's first pixel */
    uint32_t start;      /* first pixel of the row, among all */
    uint32_t at;         /* the next pixel to which something is added, among all; ``stop`` if there is none */
    uint32_t stop;       /* end of the row */
    uint32_t added;      /* what is added there, its first byte lowest */
} Added;

/* CRC-32 of one byte that stands 0 to 7 bytes before others. A table is the sums of its values at powers of two. */
#define SUM(a, b, c, d, e, f, g, h, n)                                                                                 \
    (((n) & 1 ? a : 0) ^ ((n) & 2 ? b : 0) ^ ((n) & 4 ? c : 0) ^ ((n) & 8 ? d : 0) ^ ((n) & 16 ? e : 0)                \
     ^ ((n) & 32 ? f : 0) ^ ((n) & 64 ? g : 0) ^ ((n) & 128 ? h : 0))
#define SUMS_4(a, b, c, d, e, f, g, h, n)                                                                              \
    SUM(a, b, c, d, e, f, g, h, n), SUM(a, b, c, d, e, f, g, h, n + 1), SUM(a, b, c, d, e, f, g, h, n + 2),            \
        SUM(a, b, c, d, e, f, g, h, n + 3)
#define SUMS_16(a, b, c, d, e, f, g, h, n)                                                                             \
    SUMS_4(a, b, c, d, e, f, g, h, n), SUMS_4(a, b, c, d, e, f, g, h, n + 4), SUMS_4(a, b, c, d, e, f, g, h, n + 8),   \
        SUMS_4(a, b, c, d, e, f, g, h, n + 12)
#define SUMS_64(a, b, c, d, e, f, g, h, n)                                                                             \
    SUMS_16(a, b, c, d, e, f, g, h, n), SUMS_16(a, b, c, d, e, f, g, h, n + 16),                                       \
        SUMS_16(a, b, c, d, e, f, g, h, n + 32), SUMS_16(a, b, c, d, e, f, g, h, n + 48)
#define TABLE(a, b, c, d, e, f, g, h)                                                                                  \
    {SUMS_64(a, b, c, d, e, f, g, h, 0), SUMS_64(a, b, c, d, e, f, g, h, 64), SUMS_64(a, b, c, d, e, f, g, h, 128),    \
     SUMS_64(a, b, c, d, e, f, g, h, 192)}

static const uint32_t CRC[8][256] = {
    TABLE(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190, 0xedb88320),
    TABLE(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05, 0x3b83984b),
    TABLE(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0, 0xe1351b80),
    TABLE(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d, 0xed59b63b),
    TABLE(0x3d6029b0, 0x7ac05360, 0xf580a6c0, 0x30704bc1, 0x60e09782, 0xc1c12f04, 0x58f35849, 0xb1e6b092),
    TABLE(0xcb5cd3a5, 0x4dc8a10b, 0x9b914216, 0xec53826d, 0x03d6029b, 0x07ac0536, 0x0f580a6c, 0x1eb014d8),
    TABLE(0xa6770bb4, 0x979f1129, 0xf44f2413, 0x33ef4e67, 0x67de9cce, 0xcfbd399c, 0x440b7579, 0x8816eaf2),
    TABLE(0xccaa009e, 0x4225077d, 0x844a0efa, 0xd3e51bb5, 0x7cbb312b, 0xf9766256, 0x299dc2ed, 0x533b85da),
};

static uint32_t read_word(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t crc(const uint8_t *data, size_t size)
{
    uint32_t sum = ~0u;
    for (; size >= 8; size -= 8, data += 8) {
        sum ^= data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
        sum = CRC[7][sum & 255] ^ CRC[6][sum >> 8 & 255] ^ CRC[5][sum >> 16 & 255] ^ CRC[4][sum >> 24]
            ^ CRC[3][data[4]] ^ CRC[2][data[5]] ^ CRC[1][data[6]] ^ CRC[0][data[7]];
    }
    for (; size; size--, data++)
        sum = sum >> 8 ^ CRC[0][(sum ^ *data) & 255];
    return ~sum;
}

/* The bytes of a pixel of this kind, 0 for a kind that is not read. */
static uint32_t pixel_bytes(unsigned color, unsigned depth)
{
    if (depth == 16)
        return color == GREY ? 2 : 0;
    if (depth != 8)
        return 0;
    return color == RGB ? 3 : color == RGBA ? 4 : color == GREY || color == PALETTE;
}

static bool read_header(File *file, const uint8_t *content)
{
    Picture *picture = file->picture;
    picture->width = read_word(content);
    picture->height = read_word(content + 4);
    picture->depth = content[8];
    picture->color = content[9];
    file->pixel = pixel_bytes(picture->color, picture->depth);
    if (!file->pixel || !(file->wanted->kinds >> picture->color & 1))
        return false;
    if (content[10] || content[11] || content[12] || !picture->width || !picture->height)
        return false;
    if (picture->width >= LARGEST || picture->height >= LARGEST)
        return false;
    return (uint64_t)picture->width * picture->height <= file->wanted->most
        && ((uint64_t)picture->width * file->pixel + 1) * picture->height < LARGEST;
}

/* Whether a chunk between header and pixels changes no number: times, sizes on paper, tones, and colours. */
static bool is_harmless(uint32_t name, const uint8_t *content, uint32_t length, const Picture *picture)
{
    switch (name) {
    case NAME('P', 'L', 'T', 'E'):
        return picture->color == PALETTE && length && length <= COLORS && length % 3 == 0;
    case NAME('t', 'I', 'M', 'E'):
        return length == 7;
    case NAME('p', 'H', 'Y', 's'):
        return length == 9 && content[8] < 2;
    case NAME('g', 'A', 'M', 'A'):
        return length == 4 && read_word(content);
    default:
        return false;
    }
}

/* The length of the chunk at ``data`` if it is whole and its CRC right, else LARGEST. */
static uint32_t check_chunk(const uint8_t *data, size_t size)
{
    uint32_t length;
    if (size < ENVELOPE)
        return LARGEST;
    length = read_word(data);
    if (length >= LARGEST || length > size - ENVELOPE)
        return LARGEST;
    return crc(data + 4, length + 4) == read_word(data + 8 + length) ? length : LARGEST;
}

/* Note a chunk between header and pixels; false if it may not be there, or is there already. */
static bool take_other(File *file, uint32_t name, const uint8_t *content, uint32_t length)
{
    if (!is_harmless(name, content, length, file->picture))
        return false;
    for (unsigned index = 0; index < file->others; index++)
        if (file->seen[index] == name)
            return false;
    file->seen[file->others++] = name;
    file->colors |= name == NAME('P', 'L', 'T', 'E');
    return true;
}

/* Add to the stream, for which there is as much room as the whole file takes. */
static bool take_pixels(File *file, const uint8_t *content, uint32_t length)
{
    memcpy(file->stream + file->stream_size, content, length);
    file->stream_size += length;
    return file->colors || file->picture->color != PALETTE;
}

/* Take a chunk that follows one called ``before``, 0 for none. */
static bool take_chunk(File *file, uint32_t before, uint32_t name, const uint8_t *content, uint32_t length)
{
    if (!before)
        return name == NAME('I', 'H', 'D', 'R') && length == HEADER && read_header(file, content);
    if (name == NAME('I', 'D', 'A', 'T'))
        return take_pixels(file, content, length);
    if (name == NAME('I', 'E', 'N', 'D'))
        return length == 0 && before == NAME('I', 'D', 'A', 'T');
    return before != NAME('I', 'D', 'A', 'T') && take_other(file, name, content, length);
}

/* Check and take all chunks of a file that ends with the last of them. */
static bool read_chunks(File *file, const uint8_t *data, size_t size)
{
    size_t at = SIGNATURE;
    uint32_t before = 0;
    if (size < SIGNATURE || memcmp(data, "\x89PNG\r\n\x1a\n", SIGNATURE))
        return false;
    while (before != NAME('I', 'E', 'N', 'D')) {
        uint32_t length = check_chunk(data + at, size - at), name;
        if (length == LARGEST)
            return false;
        name = read_word(data + at + 4);
        if (!take_chunk(file, before, name, data + at + 8, length))
            return false;
        before = name;
        at += ENVELOPE + (size_t)length;
    }
    return at == size;
}

static uint32_t add(uint32_t a, uint32_t b)
{
    return ((a & 0x7F7F7F7F) + (b & 0x7F7F7F7F)) ^ ((a ^ b) & 0x80808080);
}

static uint32_t average(uint32_t a, uint32_t b)
{
    return (a & b) + ((a ^ b) >> 1 & 0x7F7F7F7F);
}

static int absolute(int value)
{
    return value < 0 ? -value : value;
}

static uint32_t paeth(uint32_t left, uint32_t up, uint32_t corner)
{
    uint32_t found = 0;
    if (up == corner)
        return left;
    if (left == corner)
        return up;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        int a = left >> shift & 255, b = up >> shift & 255, c = corner >> shift & 255;
        int to_a = absolute(b - c), to_b = absolute(a - c), to_c = absolute(a + b - 2 * c);
        int nearest = to_a <= to_b && to_a <= to_c ? a : to_b <= to_c ? b : c;
        found |= (uint32_t)nearest << shift;
    }
    return found;
}

/* What a filter expects a pixel to be, of the pixels left of it, above it, and above that left of it. */
static inline uint32_t expected(int filter, uint32_t left, uint32_t up, uint32_t corner)
{
    switch (filter) {
    case SUB:
        return left;
    case UP:
        return up;
    case AVERAGE:
        return average(left, up);
    case PAETH:
        return paeth(left, up, corner);
    default:
        return 0;
    }
}

/* Go to the next pixel of the row to which something is added. */
static inline void advance(Added *added)
{
    uint32_t offset, pixel, first;
    added->at = added->stop;
    if (added->next == added->end)
        return;
    offset = (uint32_t)(*added->next >> 8) - added->row;
    pixel = (uint32_t)(offset * added->inverse >> 32);
    if (pixel >= added->stop - added->start)
        return;
    first = added->row + pixel * added->pixel;
    added->at = added->start + pixel;
    added->added = 0;
    do {
        uint32_t byte = (uint32_t)(*added->next >> 8) - first;
        if (byte >= added->pixel)
            return;
        added->added |= (uint32_t)(*added->next & 255) << (8 * byte);
        added->next++;
    } while (added->next < added->end);
}

/* Undo a filter on a row: ``above`` are the runs of the row above, which end where this row's are written. */
static inline size_t undo(int filter, Run *runs, size_t above, const size_t count, Added *added)
{
    const uint32_t width = added->stop - added->start;
    uint32_t at = added->start, left = 0, up = 0;
    size_t written = count;
    while (at < added->stop) {
        uint32_t corner = up, value, next;
        if (above < count && runs[above].start + width == at)
            up = runs[above++].value;
        value = expected(filter, left, up, corner);
        if (added->at == at) {
            value = add(value, added->added);
            advance(added);
        }
        if (value != left || at == added->start)
            runs[written++] = (Run){at, value};
        next = above < count ? runs[above].start + width : added->stop;
        if (added->at < next)
            next = added->at;
        for (at++, left = value; at < next && (value = expected(filter, left, up, up)) != left; at++, left = value)
            runs[written++] = (Run){at, value};
        at = next;
    }
    return written;
}

/* Undo this row's filter, if it is one. A row above the first, of zeros, is written where there is none. */
static size_t undo_row(int filter, Run *runs, size_t above, size_t count, Added *added)
{
    switch (filter) {
    case 0:
        return undo(0, runs, above, count, added);
    case SUB:
        return undo(SUB, runs, above, count, added);
    case UP:
        return undo(UP, runs, above, count, added);
    case AVERAGE:
        return undo(AVERAGE, runs, above, count, added);
    case PAETH:
        return undo(PAETH, runs, above, count, added);
    default:
        return count;
    }
}

/* The filter of the row whose bytes begin at ``place``, which is before all marks that are left. */
static int take_filter(Added *added, uint32_t place)
{
    if (added->next == added->end || *added->next >> 8 != place)
        return 0;
    return (int)(*added->next++ & 255);
}

/* The runs of all rows, each with its own; 0 where they are too many or a filter is none. */
static size_t undo_rows(const File *file, const Marks *marks, Run *runs)
{
    const Picture *picture = file->picture;
    const uint32_t width = picture->width, row = width * file->pixel + 1;
    Added added = {.next = marks->marks, .end = marks->marks + marks->count, .pixel = file->pixel};
    size_t above = 0, count = 0;
    added.inverse = ((1ull << 32) + file->pixel - 1) / file->pixel;
    for (uint32_t number = 0; number < picture->height; number++) {
        int filter = take_filter(&added, number * row);
        size_t written;
        if (count > (size_t)ALWAYS + ((size_t)number * width >> DENSE))
            return 0;
        added.row = number * row + 1;
        added.start = number * width;
        added.stop = added.start + width;
        advance(&added);
        written = undo_row(filter, runs, above, count, &added);
        if (written == count)
            return 0;
        above = count;
        count = written;
    }
    return count;
}

/* Room for the runs of rows that may have ALWAYS and an eighth of the pixels, and of one row more; NULL for none. */
static Run *make_room(const Picture *picture)
{
    uint64_t room = ALWAYS + ((uint64_t)picture->width * picture->height >> DENSE) + picture->width;
    return room > SIZE_MAX / sizeof(Run) ? NULL : malloc((size_t)room * sizeof(Run));
}

static uint32_t finished(const Picture *picture, uint32_t value, uint32_t kept)
{
    if (picture->depth == 16)
        return (value & 255) << 8 | value >> 8;
    return value & kept;
}

/* Join neighbours that have the same value once it is what is wanted, from row to row too. */
static void join(Picture *picture, uint32_t kept)
{
    size_t joined = 0;
    for (size_t index = 0; index < picture->count; index++) {
        uint32_t value = finished(picture, picture->runs[index].value, kept);
        if (joined && picture->runs[joined - 1].value == value)
            continue;
        picture->runs[joined++] = (Run){picture->runs[index].start, value};
    }
    picture->count = joined;
}

/* The slot of a value in a table of ``mask`` + 1 slots, of which half are free: where it is, or could be. */
static size_t find_slot(const Picture *picture, const uint16_t *slots, size_t mask, uint32_t value)
{
    size_t slot = (value * 0x9E3779B1u >> 16) & mask;
    while (slots[slot] && picture->values[slots[slot] - 1] != value)
        slot = (slot + 1) & mask;
    return slot;
}

/* Replace the values of runs by their places among those that occur; false where more do than there are numbers. */
static bool number_values(Picture *picture, uint16_t *slots, size_t mask)
{
    for (size_t index = 0; index < picture->count; index++) {
        Run *run = &picture->runs[index];
        size_t slot = find_slot(picture, slots, mask, run->value);
        if (!slots[slot]) {
            if (picture->different > mask / 2)
                return false;
            picture->values[picture->different++] = run->value;
            slots[slot] = (uint16_t)picture->different;
        }
        run->value = slots[slot] - 1u;
    }
    return true;
}

static bool list_values(Picture *picture)
{
    size_t room = 16;
    uint16_t *slots;
    bool listed;
    while (room < SLOTS && room < 2 * picture->count)
        room *= 2;
    slots = calloc(room, sizeof *slots);
    picture->values = malloc((room / 2 + 1) * sizeof *picture->values);
    listed = slots && picture->values && number_values(picture, slots, room - 1);
    free(slots);
    return listed;
}

static bool read_pixels(const File *file, Marks *marks)
{
    Picture *picture = file->picture;
    if (!inflate_marks(file->stream, file->stream_size, marks))
        return false;
    picture->runs = make_room(picture);
    if (!picture->runs)
        return false;
    picture->count = undo_rows(file, marks, picture->runs);
    return picture->count > 0;
}

static bool read_stream(const File *file)
{
    Marks marks = {.total = (file->picture->width * file->pixel + 1) * file->picture->height};
    bool read;
    if (marks.total / DEFLATE > file->stream_size)
        return false;
    memset(file->stream + file->stream_size, 0, PADDING);
    marks.marks = malloc(marks_room(marks.total) * sizeof *marks.marks);
    read = marks.marks && read_pixels(file, &marks);
    free(marks.marks);
    return read;
}

bool read_runs(const uint8_t *data, size_t size, const Wanted *wanted, Picture *found)
{
    File file = {.wanted = wanted, .picture = found};
    bool read;
    memset(found, 0, sizeof *found);
    if (size > LARGEST)
        return false;
    file.stream = malloc(size + PADDING);
    read = file.stream && read_chunks(&file, data, size) && read_stream(&file);
    free(file.stream);
    if (read)
        join(found, wanted->kept);
    if (!read || !list_values(found))
        release_picture(found);
    return found->count > 0;
}

void release_picture(Picture *picture)
{
    free(picture->runs);
    free(picture->values);
    memset(picture, 0, sizeof *picture);
}
