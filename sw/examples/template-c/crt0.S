/* Start-up: hart 0 gets a stack and a cleared .bss, and calls main. Other harts sleep. */

#include "soc.h"

    .section .text.entry, "ax"
    .globl _start
_start:
    csrw mie, zero
    csrw mstatus, zero
    csrr t0, mhartid
    bnez t0, sleep
    la sp, _stack_top
    la t0, _bss
    la t1, _bss_end
clear:
    bgeu t0, t1, cleared
    sd zero, 0(t0)
    addi t0, t0, 8
    j clear
cleared:
    call main

/* What main returned goes to the finisher: 0 is success. */
    li t0, REL4_FINISHER_BASE
    li t1, 0x5555
    beqz a0, finish
    slli a0, a0, 16
    li t1, 0x3333
    or t1, t1, a0
finish:
    sw t1, 0(t0)
sleep:
    wfi
    j sleep
