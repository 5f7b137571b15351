#include "sort.h"

#include <string.h>

enum { FEW = 32, DIGIT = 11 };

static void insert_each(uint64_t *keys, size_t count, unsigned low)
{
    for (size_t next = 1; next < count; next++) {
        uint64_t key = keys[next];
        size_t place = next;
        for (; place && keys[place - 1] >> low > key >> low; place--)
            keys[place] = keys[place - 1];
        keys[place] = key;
    }
}

/* How many bits of the keys, above the lowest ones, are not the same in all of them. */
static unsigned different_bits(const uint64_t *keys, size_t count, unsigned low)
{
    uint64_t different = 0;
    unsigned bits = 0;
    for (size_t index = 1; index < count; index++)
        different |= keys[index] ^ keys[0];
    for (different >>= low; different; different >>= 1)
        bits++;
    return bits;
}

static void count_into(uint64_t *found, const uint64_t *keys, size_t count, unsigned shift, unsigned bits)
{
    const size_t digits = (size_t)1 << bits, mask = digits - 1;
    size_t places[(1 << DIGIT) + 1];
    memset(places, 0, (digits + 1) * sizeof *places);
    for (size_t index = 0; index < count; index++)
        places[(keys[index] >> shift & mask) + 1]++;
    for (size_t digit = 1; digit < digits; digit++)
        places[digit] += places[digit - 1];
    for (size_t index = 0; index < count; index++)
        found[places[keys[index] >> shift & mask]++] = keys[index];
}

void sort_keys(uint64_t *keys, uint64_t *scratch, size_t count, unsigned low)
{
    const unsigned bits = count > FEW ? different_bits(keys, count, low) : 0;
    const unsigned times = (bits + DIGIT - 1) / DIGIT;
    uint64_t *from = keys, *to = scratch;
    if (count <= FEW) {
        insert_each(keys, count, low);
        return;
    }
    for (unsigned time = 0; time < times; time++) {
        const unsigned digit = (bits + times - 1) / times;
        uint64_t *swapped = from;
        count_into(to, from, count, low + time * digit, digit);
        from = to;
        to = swapped;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof *keys);
}
