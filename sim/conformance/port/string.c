/* strcmp a dword at a time, in place of a library's byte loop. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ONES 0x0101010101010101ul

int strcmp(const char *left, const char *right)
{
    if ((((uintptr_t)left | (uintptr_t)right) & 7) == 0) {
        const uint64_t *a = (const uint64_t *)left, *b = (const uint64_t *)right;
        /* A dword without a zero byte has no borrow out of a byte whose top bit is clear. */
        while (*a == *b && !((*a - ONES) & ~*a & (ONES << 7))) {
            a++;
            b++;
        }
        left = (const char *)a;
        right = (const char *)b;
    }
    while (*left && *left == *right) {
        left++;
        right++;
    }
    return (unsigned char)*left - (unsigned char)*right;
}
