/* The environment that Dhrystone of riscv-tests expects. */
#ifndef UTIL_H
#define UTIL_H

#include <stdio.h>

#define read_csr(name)                                                                             \
    ({                                                                                             \
        unsigned long value;                                                                       \
        __asm__ volatile("csrr %0, " #name : "=r"(value) : : "memory");                            \
        value;                                                                                     \
    })
/* Enough runs to make the cache misses of the first run insignificant. */
#undef NUMBER_OF_RUNS
#define NUMBER_OF_RUNS 2000
#define debug_printf printf
#define setStats(enable)                                                                           \
    if (!(enable))                                                                                 \
    printf("Cycles: %ld\n", User_Time = End_Time - Begin_Time)

#endif
