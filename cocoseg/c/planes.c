#include "planes.h"

#include <string.h>

bool write_planes(const Parted *parted, uint8_t *planes)
{
    uint64_t place = 0;
    memset(planes, 0, parted->masks * parted->pixels);
    for (size_t run = 0; run < parted->count; run++) {
        const uint64_t mask = (uint64_t)parted->numbers[run], length = (uint64_t)parted->lengths[run];
        if (mask > parted->masks || length > parted->pixels - place)
            return false;
        if (mask < parted->masks)
            memset(planes + mask * parted->pixels + place, 1, length);
        place += length;
    }
    return place == parted->pixels;
}
