/* strcmp a dword at a time, in place of a library's byte loop. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ONES 0x0101010101010101ul

int strcmp(const char *left, const char *right)
{
    if ((((uintptr_t)left | (uintptr_t)right) & 7) == 0) {
        const uint64_t *a = (const uint64_t *)left, *b = (const uint64_t *)right;
        uint64_t x, y;
        while ((x = *a++) == (y = *b++)) {
            /* A dword without a zero byte has no borrow out of a byte whose top bit is clear. */
            if ((x - ONES) & ~x & (ONES << 7))
                return 0;
        }
        while ((x & 0xff) == (y & 0xff)) {
            if ((x & 0xff) == 0)
                return 0;
            x >>= 8;
            y >>= 8;
        }
        return (int)(x & 0xff) - (int)(y & 0xff);
    }
    while (*left && *left == *right) {
        left++;
        right++;
    }
    return (unsigned char)*left - (unsigned char)*right;
}
