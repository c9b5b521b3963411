// The harness's record of a hart: event counters and its most recent actions.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "model.h"

// Bit n of the index moves to byte n.
constexpr std::array<uint64_t, 256> BIT_TO_BYTE = [] {
    std::array<uint64_t, 256> table{};
    for (unsigned byte = 0; byte < 256; ++byte)
        for (unsigned bit = 0; bit < 8; ++bit)
            if (byte >> bit & 1) table[byte] |= uint64_t{1} << 8 * bit;
    return table;
}();

// Counts EVENT_COUNT one-bit events a cycle, eight at a time in byte lanes.
class EventCounters {
public:
    static constexpr unsigned CYCLES_BEFORE_FLUSH = 255;

    void add(uint32_t events) {
        for (unsigned i = 0; i < WORDS; ++i) lanes_[i] += BIT_TO_BYTE[events >> 8 * i & 0xff];
    }

    // Must be called at least once in CYCLES_BEFORE_FLUSH cycles, and before reading.
    void flush() {
        for (unsigned n = 0; n < EVENT_COUNT; ++n) total_[n] += lanes_[n / 8] >> 8 * (n % 8) & 0xff;
        lanes_ = {};
    }

    uint64_t operator[](unsigned event) const { return total_[event]; }

private:
    static constexpr unsigned WORDS = (EVENT_COUNT + 7) / 8;

    std::array<uint64_t, WORDS> lanes_{};
    std::array<uint64_t, EVENT_COUNT> total_{};
};

struct Trap {
    uint64_t cycle, pc;
    bool interrupt;
    unsigned cause;
    uint64_t tval;
};

// Recognises a hart that traps at one place for ever: the same exception at the same pc with the
// same registers, except for a stack pointer that may run away, and no return from a trap between.
// What a program would change from one attempt to the next is in its registers.
class TrapLoop {
public:
    void trapped(const Trap& trap, const uint64_t* registers) {
        const bool same = !trap.interrupt && trap.pc == pc_ && trap.cause == cause_ &&
                          same_registers(registers);
        count_ = same ? count_ + 1 : 0;
        pc_ = trap.pc;
        cause_ = trap.interrupt ? NO_CAUSE : trap.cause;
        cycle_ = trap.cycle;
        if (registers) std::copy_n(registers, REGISTERS, registers_.begin());
    }

    void retired(uint32_t insn) {
        if ((insn & RETURN_MASK) == RETURN_MATCH) count_ = 0;
    }

    // True while the hart is in such a loop.
    bool endless(uint64_t cycle) const {
        return count_ >= SURE_TRAPS && cycle - cycle_ < FORGOTTEN_CYCLES;
    }

    bool warned = false;

private:
    static constexpr unsigned SURE_TRAPS = 100, REGISTERS = 32, STACK_POINTER = 2;
    static constexpr unsigned NO_CAUSE = ~0u;
    static constexpr uint64_t FORGOTTEN_CYCLES = 100'000;  // without such a trap
    // MRET, SRET and URET differ in bits 29 and 28.
    static constexpr uint32_t RETURN_MASK = 0xcfffffff, RETURN_MATCH = 0x00200073;

    bool same_registers(const uint64_t* registers) const {
        for (unsigned n = 1; registers && n < REGISTERS; ++n)
            if (n != STACK_POINTER && registers[n] != registers_[n]) return false;
        return true;
    }

    unsigned count_ = 0, cause_ = NO_CAUSE;
    uint64_t pc_ = 0, cycle_ = 0;
    std::array<uint64_t, REGISTERS> registers_{};
};

struct Hart {
    EventCounters events;
    unsigned priv = 3;
    bool retired = false, trapped = false;
    uint64_t retired_cycle = 0, retired_pc = 0;
    uint32_t retired_insn = 0;
    Trap last_trap{};
    Trap first_trap{};  // first of a sequence of traps without a retired instruction
    bool asleep = false;  // WFI waits
    TrapLoop loop;
    const uint64_t* registers = nullptr;  // x0 to x31; null if the model does not show them

    void trap(const Trap& taken) {
        const bool repeated = trapped && last_trap.cycle > retired_cycle;
        trapped = true;
        last_trap = taken;
        if (!repeated) first_trap = taken;
        loop.trapped(taken, registers);
    }

    void retire(uint64_t cycle, uint64_t pc, uint32_t insn) {
        retired = true;
        retired_cycle = cycle;
        retired_pc = pc;
        retired_insn = insn;
        loop.retired(insn);
    }

    bool trap_is_last() const { return trapped && last_trap.cycle >= retired_cycle; }

    // Cycles since the hart did anything.
    uint64_t idle(uint64_t cycle) const {
        return cycle - std::max(retired_cycle, trapped ? last_trap.cycle : 0);
    }
};

inline char priv_letter(unsigned priv) { return "US?M"[priv & 3]; }

inline const char* cause_text(bool interrupt, unsigned cause) {
    static const char* const exceptions[] = {
        "instruction address misaligned", "instruction access fault", "illegal instruction",
        "breakpoint", "load address misaligned", "load access fault", "store address misaligned",
        "store access fault", "ECALL from U-mode", "ECALL from S-mode", "?", "ECALL from M-mode",
        "instruction page fault", "load page fault", "?", "store page fault"};
    static const char* const interrupts[] = {
        "user software interrupt", "supervisor software interrupt", "?",
        "machine software interrupt", "user timer interrupt", "supervisor timer interrupt", "?",
        "machine timer interrupt", "user external interrupt", "supervisor external interrupt", "?",
        "machine external interrupt"};
    if (interrupt) return cause < 12 ? interrupts[cause] : "?";
    return cause < 16 ? exceptions[cause] : "?";
}
