/* What Dhrystone of riscv-tests expects of its environment. */
#ifndef UTIL_H
#define UTIL_H

#include <stdio.h>

#define read_csr(name)                                                                             \
    ({                                                                                             \
        unsigned long value;                                                                       \
        __asm__ volatile("csrr %0, " #name : "=r"(value) : : "memory");                            \
        value;                                                                                     \
    })
#define debug_printf printf
#define setStats(enable)                                                                           \
    if (!(enable))                                                                                 \
    printf("Cycles: %ld\n", User_Time = End_Time - Begin_Time)

#endif
