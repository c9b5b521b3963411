// What is said about the harts of a run that did not pass.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "disassembler.h"
#include "hart.h"
#include "options.h"

// Function and line of code addresses, as sim/model/places.py finds them. Without Python, or if it
// fails, there are none.
class Places {
public:
    Places(const Options& options, const std::vector<uint64_t>& addresses) {
        if (options.places.empty() || addresses.empty()) return;
        std::string command = quoted(options.python) + " " + quoted(options.places) + " " +
                              quoted(options.image);
        for (const uint64_t address : addresses) command += " " + std::to_string(address);
        FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
        if (!pipe) return;
        char line[1024];
        while (fgets(line, sizeof line, pipe)) {
            char* text = nullptr;
            const uint64_t address = strtoull(line, &text, 0);
            std::string place = *text ? text + 1 : "";
            while (!place.empty() && place.back() == '\n') place.pop_back();
            if (!place.empty()) texts_[address] = place;
        }
        pclose(pipe);
    }

    // Returns the place with a leading space and brackets, or nothing.
    std::string operator[](uint64_t address) const {
        const auto found = texts_.find(address);
        return found == texts_.end() ? "" : " (" + found->second + ")";
    }

private:
    static std::string quoted(const std::string& text) {
        std::string result = "'";
        for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
        return result + "'";
    }

    std::map<uint64_t, std::string> texts_;
};

class Report {
public:
    Report(const Options& options, const std::vector<Hart>& harts, Disassembler& disassembler,
           uint64_t cycle)
        : harts_(harts), disassembler_(disassembler), cycle_(cycle),
          places_(options, addresses(harts)) {}

    // Prints each hart's position, its latest actions, and its registers if it ended in a trap.
    void print() const {
        for (unsigned n = 0; n < harts_.size(); ++n) print_hart(n, harts_[n]);
    }

private:
    static constexpr unsigned RETURN_ADDRESS = 1;

    static std::vector<uint64_t> addresses(const std::vector<Hart>& harts) {
        std::vector<uint64_t> all;
        for (const Hart& hart : harts) {
            if (hart.retired) all.push_back(hart.retired_pc);
            if (hart.trapped) all.insert(all.end(), {hart.first_trap.pc, hart.last_trap.pc});
            if (hart.registers) all.push_back(hart.registers[RETURN_ADDRESS]);
        }
        return all;
    }

    void print_hart(unsigned number, const Hart& hart) const {
        const bool in_trap = hart.trap_is_last() || hart.loop.endless(cycle_);
        const uint64_t pc = hart.trap_is_last() ? hart.last_trap.pc : hart.retired_pc;
        fprintf(stderr, "hart %u: %c-mode, %spc %016lx%s, ", number, priv_letter(hart.priv),
                hart.asleep ? "asleep in WFI, " : "", pc, places_[pc].c_str());
        if (hart.retired)
            fprintf(stderr, "last retired %016lx: %s (%08x) in cycle %lu\n", hart.retired_pc,
                    disassembler_(hart.retired_insn).c_str(), hart.retired_insn,
                    hart.retired_cycle);
        else
            fprintf(stderr, "retired nothing\n");
        if (hart.trapped && hart.first_trap.cycle != hart.last_trap.cycle)
            print_trap("first", hart.first_trap);
        if (hart.trapped) print_trap("last", hart.last_trap);
        if (in_trap && hart.registers) print_registers(hart.registers);
    }

    void print_trap(const char* which, const Trap& trap) const {
        fprintf(stderr, "        %s trap at %016lx: %s, tval %016lx, in cycle %lu%s\n", which,
                trap.pc, cause_text(trap.interrupt, trap.cause), trap.tval, trap.cycle,
                places_[trap.pc].c_str());
    }

    void print_registers(const uint64_t* registers) const {
        static const char* const names[] = {
            "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",
            "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3", "s4", "s5",
            "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
        for (unsigned n = 1; n < 32; ++n)
            fprintf(stderr, "%s%4s %016lx%s", n % 4 == 1 ? "        " : " ", names[n], registers[n],
                    n % 4 == 0 || n == 31 ? "\n" : "");
        const std::string caller = places_[registers[RETURN_ADDRESS]];
        if (!caller.empty()) fprintf(stderr, "        ra is%s\n", caller.c_str());
    }

    const std::vector<Hart>& harts_;
    Disassembler& disassembler_;
    uint64_t cycle_;
    Places places_;
};
