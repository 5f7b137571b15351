/* Rows of a filtered label picture are nearly all zeros. A copy of zeros costs nothing here, whatever its length, and a
 * copy of other bytes costs as much as there are of them. So no picture is made.
 */

#include "inflate.h"

#include <string.h>

enum {
    LONGEST = 15,           /* bits of a code */
    FAST = 10,              /* bits that are looked up at once */
    LITERALS = 288,
    DISTANCES = 30,
    LENGTH_CODES = 19,
    END = 256,              /* the symbol behind a block's last */
    LAST_LENGTH = 285,
    NONE = 1023,            /* no symbol */
    LONGEST_COPY = 258,
    BLOCK = 7,              /* bits of a place in a block of 128 bytes */
    BLOCKS = 512,           /* more blocks than a window of 32 KB can touch */
    ALWAYS = 8192,          /* marks, and blocks, that any stream may have */
    SHORTEST = 32,          /* bytes of a block, if there are more: each costs the making of its codes */
    WORD = 8,               /* bytes that are loaded at once */
    DENSE = 3               /* bits by which places are shifted to the marks that they may have besides: an eighth */
};

#define ADLER 65521u

typedef struct {
    const uint8_t *bytes;
    size_t size;
    size_t next;    /* the byte that is loaded next */
    uint64_t word;  /* bits that are loaded, the next one lowest */
    unsigned count; /* how many of them count */
} Bits;

/* A canonical Huffman code. Codes of ``bits`` bits are first[bits], first[bits] + 1 and so on. */
typedef struct {
    uint16_t fast[1 << FAST]; /* symbol << 4 | bits, by the bits that come next; 0 for a code that is longer */
    uint16_t first[LONGEST + 1];
    uint16_t count[LONGEST + 1];
    uint16_t rank[LONGEST + 1]; /* where their symbols are */
    uint16_t symbols[LITERALS];
} Code;

typedef struct {
    Code literals, distances;
    uint32_t window;         /* the farthest that a copy may reach back */
    uint32_t place;          /* bytes so far, zeros included */
    uint32_t blocks;         /* blocks of places that have begun */
    uint32_t before[BLOCKS]; /* for each of the last ones, marks that are surely before it */
} State;

static const uint16_t LENGTH_BASE[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                       31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t LENGTH_EXTRA[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                       2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t DISTANCE_BASE[] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,
                                         33,  49,  65,  97,  129, 193,  257,  385,  513,  769,
                                         1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
static const uint8_t DISTANCE_EXTRA[] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                         6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
static const uint8_t LENGTH_ORDER[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

size_t marks_room(uint32_t total)
{
    return (size_t)ALWAYS + (total >> DENSE) + LONGEST_COPY + 1;
}

static uint64_t load(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24
         | (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
}

/* Load at least 56 bits, some of the zeros behind the end too; false once all bits before it were taken. */
static inline bool refill(Bits *in)
{
    if (in->next > in->size + PADDING - WORD)
        return false;
    in->word |= load(in->bytes + in->next) << in->count;
    in->next += (63 - in->count) >> 3;
    in->count |= 56;
    return true;
}

static inline unsigned take(Bits *in, unsigned bits)
{
    unsigned found = (unsigned)in->word & ((1u << bits) - 1);
    in->word >>= bits;
    in->count -= bits;
    return found;
}

/* Pass over the rest of a byte. What was loaded is given back, so that ``next`` is the byte that follows. */
static void align(Bits *in)
{
    in->next -= in->count >> 3;
    in->word = 0;
    in->count = 0;
}

static unsigned reversed(unsigned bits)
{
    bits = (bits & 0x5555) << 1 | (bits >> 1 & 0x5555);
    bits = (bits & 0x3333) << 2 | (bits >> 2 & 0x3333);
    bits = (bits & 0x0F0F) << 4 | (bits >> 4 & 0x0F0F);
    return (bits & 0x00FF) << 8 | (bits >> 8 & 0x00FF);
}

/* The share of all codes that no symbol has: 0 for a whole code, below 0 for one with more codes than there can be. */
static int count_codes(Code *code, const uint8_t *lengths, unsigned symbols)
{
    int left = 1;
    unsigned first = 0, rank = 0;
    memset(code->count, 0, sizeof code->count);
    for (unsigned symbol = 0; symbol < symbols; symbol++)
        code->count[lengths[symbol]]++;
    code->count[0] = 0;
    for (unsigned bits = 1; bits <= LONGEST && left >= 0; bits++) {
        first = (first + code->count[bits - 1]) << 1;
        code->first[bits] = (uint16_t)first;
        code->rank[bits] = (uint16_t)rank;
        rank += code->count[bits];
        left = left * 2 - code->count[bits];
    }
    return left;
}

/* Make a code of the lengths (0 to 15) of its symbols' codes; returns what count_codes returns. */
static int make_code(Code *code, const uint8_t *lengths, unsigned symbols)
{
    int left = count_codes(code, lengths, symbols);
    uint16_t used[LONGEST + 1] = {0};
    if (left < 0)
        return left;
    memset(code->fast, 0, sizeof code->fast);
    for (unsigned symbol = 0; symbol < symbols; symbol++) {
        unsigned bits = lengths[symbol], number = used[bits]++;
        if (!bits)
            continue;
        code->symbols[code->rank[bits] + number] = (uint16_t)symbol;
        if (bits > FAST)
            continue;
        unsigned next = reversed((code->first[bits] + number) << (16 - bits));
        for (; next < 1u << FAST; next += 1u << bits)
            code->fast[next] = (uint16_t)(symbol << 4 | bits);
    }
    return left;
}

/* Symbol << 4 | bits of a code that is not in the table. */
static unsigned find_long(const Code *code, uint64_t word)
{
    unsigned path = reversed((unsigned)word & 0xFFFF);
    for (unsigned bits = FAST + 1; bits <= LONGEST; bits++) {
        unsigned number = (path >> (16 - bits)) - code->first[bits];
        if (number < code->count[bits])
            return (unsigned)code->symbols[code->rank[bits] + number] << 4 | bits;
    }
    return (unsigned)NONE << 4;
}

static inline unsigned decode(Bits *in, const Code *code)
{
    unsigned found = code->fast[in->word & ((1u << FAST) - 1)];
    if (!found)
        found = find_long(code, in->word);
    take(in, found & 15);
    return found >> 4;
}

/* Whether one symbol more may be written: it makes at most LONGEST_COPY marks, for which there is room. */
static inline bool is_sparse(const Marks *out, uint32_t place)
{
    return out->count <= (size_t)ALWAYS + (place >> DENSE);
}

/* Copy ``length`` bytes from ``distance`` bytes before ``place``, marks that were just copied too. */
static inline void copy(Marks *out, const State *state, uint32_t place, uint32_t distance, uint32_t length)
{
    Mark *marks = out->marks, from = (Mark)(place - distance) << 8, to = (Mark)(place - distance + length) << 8;
    size_t count = out->count, at;
    if (!count || marks[count - 1] < from)
        return;
    at = state->before[(place - distance) >> BLOCK & (BLOCKS - 1)];
    while (marks[at] < from)
        at++;
    while (at < count && marks[at] < to)
        marks[count++] = marks[at++] + ((Mark)distance << 8);
    out->count = count;
}

/* Note for all blocks that have begun how many marks are surely before them. */
static inline void note_blocks(State *state, uint32_t place, size_t marks)
{
    while (state->blocks <= place >> BLOCK)
        state->before[state->blocks++ & (BLOCKS - 1)] = (uint32_t)marks;
}

static bool inflate_codes(Bits *source, State *state, Marks *found)
{
    Bits in = *source;
    Marks out = *found;
    uint32_t place = state->place;
    for (;;) {
        size_t marks = out.count;
        unsigned symbol;
        if (!refill(&in) || !is_sparse(&out, place))
            return false;
        symbol = decode(&in, &state->literals);
        if (symbol < END) {
            if (place == out.total)
                return false;
            if (symbol)
                out.marks[out.count++] = (Mark)place << 8 | symbol;
            place++;
        } else if (symbol == END) {
            break;
        } else {
            uint32_t length, distance;
            if (symbol > LAST_LENGTH)
                return false;
            length = LENGTH_BASE[symbol - END - 1] + take(&in, LENGTH_EXTRA[symbol - END - 1]);
            symbol = decode(&in, &state->distances);
            if (symbol >= DISTANCES)
                return false;
            distance = DISTANCE_BASE[symbol] + take(&in, DISTANCE_EXTRA[symbol]);
            if (distance > place || distance > state->window || length > out.total - place)
                return false;
            copy(&out, state, place, distance, length);
            place += length;
        }
        note_blocks(state, place, marks);
    }
    state->place = place;
    *found = out;
    *source = in;
    return true;
}

static bool inflate_stored(Bits *in, State *state, Marks *out)
{
    const uint8_t *bytes;
    uint32_t length;
    align(in);
    if (in->next > in->size || in->size - in->next < 4)
        return false;
    bytes = in->bytes + in->next;
    length = bytes[0] | (uint32_t)bytes[1] << 8;
    if ((length ^ 0xFFFF) != (bytes[2] | (uint32_t)bytes[3] << 8))
        return false;
    if (length > in->size - in->next - 4 || length > out->total - state->place)
        return false;
    for (uint32_t index = 0; index < length; index++) {
        size_t marks = out->count;
        if (!is_sparse(out, state->place))
            return false;
        if (bytes[4 + index])
            out->marks[out->count++] = (Mark)state->place << 8 | bytes[4 + index];
        note_blocks(state, ++state->place, marks);
    }
    in->next += 4 + length;
    return true;
}

/* The lengths of ``count`` codes, which are coded themselves. */
static bool read_lengths(Bits *in, const Code *code, uint8_t *lengths, unsigned count)
{
    unsigned done = 0;
    while (done < count) {
        unsigned symbol, times = 1;
        uint8_t length = 0;
        if (!refill(in))
            return false;
        symbol = decode(in, code);
        if (symbol < 16) {
            length = (uint8_t)symbol;
        } else if (symbol == 16 && done) {
            length = lengths[done - 1];
            times = 3 + take(in, 2);
        } else if (symbol == 17) {
            times = 3 + take(in, 3);
        } else if (symbol == 18) {
            times = 11 + take(in, 7);
        } else {
            return false;
        }
        if (times > count - done)
            return false;
        memset(lengths + done, length, times);
        done += times;
    }
    return true;
}

/* Whether the code of distances is whole, or has no code or a single one of one bit, where there are few copies. */
static bool make_distances(Code *code, const uint8_t *lengths, unsigned symbols)
{
    int left = make_code(code, lengths, symbols);
    return left == 0 || left == 1 << LONGEST || (left == 1 << (LONGEST - 1) && code->count[1] == 1);
}

static bool read_codes(Bits *in, State *state)
{
    uint8_t lengths[LITERALS + 32] = {0};
    unsigned literals, distances, given;
    if (!refill(in))
        return false;
    literals = 257 + take(in, 5);
    distances = 1 + take(in, 5);
    given = 4 + take(in, 4);
    if (literals > LAST_LENGTH + 1 || distances > DISTANCES)
        return false;
    for (unsigned index = 0; index < given; index++) {
        if (!refill(in))
            return false;
        lengths[LENGTH_ORDER[index]] = (uint8_t)take(in, 3);
    }
    if (make_code(&state->distances, lengths, LENGTH_CODES) != 0)
        return false;
    if (!read_lengths(in, &state->distances, lengths, literals + distances) || !lengths[END])
        return false;
    return make_code(&state->literals, lengths, literals) == 0
        && make_distances(&state->distances, lengths + literals, distances);
}

static void fixed_codes(State *state)
{
    uint8_t lengths[LITERALS];
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    make_code(&state->literals, lengths, LITERALS);
    memset(lengths, 5, 32);
    make_code(&state->distances, lengths, 32);
}

static bool inflate_block(Bits *in, State *state, Marks *out, unsigned kind)
{
    if (kind == 0)
        return inflate_stored(in, state, out);
    if (kind == 1)
        fixed_codes(state);
    else if (kind != 2 || !read_codes(in, state))
        return false;
    return inflate_codes(in, state, out);
}

/* The Adler-32 of all bytes. Zeros only count in its second sum, by how many bytes there are. No sum overflows: the
 * second is below 2^26 marks of 2^8 times 2^29.
 */
static uint32_t adler(const Marks *out)
{
    uint64_t first = 1, second = out->total;
    for (size_t index = 0; index < out->count; index++) {
        uint64_t byte = out->marks[index] & 255;
        first += byte;
        second += byte * (out->total - (out->marks[index] >> 8));
    }
    return (uint32_t)(second % ADLER) << 16 | (uint32_t)(first % ADLER);
}

/* Whether the two bytes before the blocks are those of a zlib stream without a dictionary; its window too. */
static bool read_head(Bits *in, State *state)
{
    unsigned method, flags;
    if (in->size < 6)
        return false;
    method = in->bytes[0];
    flags = in->bytes[1];
    if ((method & 15) != 8 || method >> 4 > 7 || (method << 8 | flags) % 31 || flags & 32)
        return false;
    state->window = 256u << (method >> 4);
    in->next = 2;
    return true;
}

static bool has_tail(Bits *in, const Marks *out)
{
    const uint8_t *tail;
    align(in);
    if (in->next != in->size - 4)
        return false;
    tail = in->bytes + in->next;
    return adler(out) == ((uint32_t)tail[0] << 24 | (uint32_t)tail[1] << 16 | (uint32_t)tail[2] << 8 | tail[3]);
}

bool inflate_marks(const uint8_t *stream, size_t size, Marks *found)
{
    Bits in = {.bytes = stream, .size = size};
    State state;
    size_t blocks_left = ALWAYS + size / SHORTEST;
    unsigned last;
    state.place = 0;
    state.blocks = 0;
    found->count = 0;
    note_blocks(&state, 0, 0);
    if (!read_head(&in, &state))
        return false;
    do {
        if (!refill(&in) || !blocks_left--)
            return false;
        last = take(&in, 1);
        if (!inflate_block(&in, &state, found, take(&in, 2)))
            return false;
    } while (!last);
    return state.place == found->total && has_tail(&in, found);
}
