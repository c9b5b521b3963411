# Entry of a C benchmark on the bare SoC: M-mode, no firmware, one hart.

    .section .init, "ax"
    .globl _start
_start:
    csrr    t0, mhartid
    bnez    t0, park
    la      t0, unexpected_trap
    csrw    mtvec, t0
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    la      sp, __stack_top
    la      t0, __bss_start
    la      t1, __bss_end
1:  bgeu    t0, t1, 2f
    sd      zero, 0(t0)
    addi    t0, t0, 8
    j       1b
2:  li      a0, 0
    li      a1, 0
    call    main
    tail    finish

    .balign 4
unexpected_trap:
    csrr    a0, mcause
    ori     a0, a0, 0x100
    tail    finish

park:
    wfi
    j       park
