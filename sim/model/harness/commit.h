// What a hart did in one step, as its commit port shows it, and how that is written.
//
//     cycle hart priv pc insn disassembly; register written; memory read or written
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

#include "disassembler.h"
#include "hart.h"

// An element for each field of hdl/core/commit.py, in its order.
using CommitFields = std::array<uint64_t, COMMIT_FIELD_COUNT>;

// The same by name.
struct CommitRecord {
#define MEMBER(n, name) uint64_t name;
    COMMIT_FIELDS(MEMBER, )
#undef MEMBER

    explicit CommitRecord(const CommitFields& fields) {
        unsigned place = 0;
#define TAKE(n, name) name = fields[place++];
        COMMIT_FIELDS(TAKE, )
#undef TAKE
    }
};

// Writes one line.
class CommitWriter {
public:
    CommitWriter(FILE* file, Disassembler& disassembler)
        : file_(file), disassembler_(disassembler) {}

    void write(uint64_t cycle, unsigned hart, const CommitRecord& c) {
        fprintf(file_, "%10lu %u %c %016lx ", cycle, hart, priv_letter(c.priv), c.pc);
        if (c.trap) {
            fprintf(file_, "--------  %s %lu (%s)", c.interrupt ? "interrupt" : "exception", c.cause,
                    cause_text(c.interrupt, c.cause));
            if (!c.interrupt) fprintf(file_, "  tval=%016lx", c.tval);
            fputc('\n', file_);
            return;
        }
        const bool compressed = (c.insn & 3) != 3;
        fprintf(file_, compressed ? "    %04lx  " : "%08lx  ", c.insn);
        const std::string& text = disassembler_(c.insn);
        const bool effects = c.rd || c.mem_rmask || c.mem_wmask;
        fprintf(file_, effects ? "%-28s" : "%s", text.c_str());
        if (c.rd) fprintf(file_, "  x%lu=%016lx", c.rd, c.rd_data);
        if (c.mem_rmask) access("load", c.mem_addr, c.mem_rmask, c.mem_rdata);
        if (c.mem_wmask) access("store", c.mem_addr, c.mem_wmask, c.mem_wdata);
        fputc('\n', file_);
    }

private:
    void access(const char* what, uint64_t address, uint64_t mask, uint64_t data) {
        const int bytes = __builtin_popcountll(mask);
        if (bytes < 8) data &= (uint64_t{1} << 8 * bytes) - 1;
        fprintf(file_, "  %s%d [%016lx]=%0*lx", what, bytes, address, 2 * bytes, data);
    }

    FILE* file_;
    Disassembler& disassembler_;
};
