// The harness's record of a hart: event counters and its most recent actions.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>

#include "disassembler.h"
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
};

struct Hart {
    EventCounters events;
    unsigned priv = 3;
    bool retired = false, trapped = false;
    uint64_t retired_cycle = 0, retired_pc = 0;
    uint32_t retired_insn = 0;
    Trap last_trap{};
    Trap first_trap{};  // first of a sequence of traps without a retired instruction

    void commit(uint64_t cycle, uint64_t pc, uint32_t insn, bool trap, bool interrupt,
                unsigned cause) {
        if (trap) {
            const bool repeated = trapped && last_trap.cycle > retired_cycle;
            trapped = true;
            last_trap = {cycle, pc, interrupt, cause};
            if (!repeated) first_trap = last_trap;
        } else {
            retired = true;
            retired_cycle = cycle;
            retired_pc = pc;
            retired_insn = insn;
        }
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

inline void print_trap(const char* which, const Trap& trap) {
    fprintf(stderr, "        %s trap at %016lx: %s in cycle %lu\n", which, trap.pc,
            cause_text(trap.interrupt, trap.cause), trap.cycle);
}

// Prints one to three lines on standard error: the hart's position and its latest actions.
inline void print_report(const Hart& hart, unsigned number, Disassembler& disassembler) {
    const bool trap_is_last = hart.trapped && hart.last_trap.cycle >= hart.retired_cycle;
    const uint64_t pc = trap_is_last ? hart.last_trap.pc : hart.retired_pc;
    fprintf(stderr, "hart %u: %c-mode, pc %016lx, ", number, priv_letter(hart.priv), pc);
    if (hart.retired)
        fprintf(stderr, "last retired %016lx: %s (%08x) in cycle %lu\n", hart.retired_pc,
                disassembler(hart.retired_insn).c_str(), hart.retired_insn, hart.retired_cycle);
    else
        fprintf(stderr, "retired nothing\n");
    if (hart.trapped && hart.first_trap.cycle != hart.last_trap.cycle)
        print_trap("first", hart.first_trap);
    if (hart.trapped) print_trap("last", hart.last_trap);
}
