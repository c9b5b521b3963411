// The commit log: one line for every retired instruction and every trap.
//
//     cycle hart priv pc insn disassembly; register written; memory read or written
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>

#include "disassembler.h"
#include "hart.h"

// A commit port with the widths of hdl/core/commit.py.
struct CommitRecord {
    uint64_t pc;
    uint32_t insn;
    unsigned priv, rd;
    uint64_t rd_data, mem_addr;
    unsigned mem_rmask, mem_wmask;
    uint64_t mem_rdata, mem_wdata;
    bool trap, interrupt;
    unsigned cause;
    uint64_t tval;
};

class CommitLog {
public:
    // Returns false if the file cannot be written; ``errno`` says why.
    bool open(const std::string& path) {
        file_ = fopen(path.c_str(), "w");
        if (file_) setvbuf(file_, nullptr, _IOFBF, 1 << 20);
        return file_ != nullptr;
    }

    ~CommitLog() { close(); }

    // Writes what is buffered. Only then is ``error`` final.
    void close() {
        if (file_ && fclose(file_) != 0 && !error_) error_ = errno;
        file_ = nullptr;
    }

    int error() const { return error_; }  // of the first failed write, else 0

    void write(uint64_t cycle, unsigned hart, const CommitRecord& c, Disassembler& disassembler) {
        if (error_) return;
        line(cycle, hart, c, disassembler);
        if (ferror(file_)) error_ = errno;
    }

private:
    void line(uint64_t cycle, unsigned hart, const CommitRecord& c, Disassembler& disassembler) {
        fprintf(file_, "%10lu %u %c %016lx ", cycle, hart, priv_letter(c.priv), c.pc);
        if (c.trap) {
            fprintf(file_, "--------  %s %u (%s)", c.interrupt ? "interrupt" : "exception", c.cause,
                    cause_text(c.interrupt, c.cause));
            if (!c.interrupt) fprintf(file_, "  tval=%016lx", c.tval);
            fputc('\n', file_);
            return;
        }
        const bool compressed = (c.insn & 3) != 3;
        fprintf(file_, compressed ? "    %04x  " : "%08x  ", c.insn);
        const std::string& text = disassembler(c.insn);
        const bool effects = c.rd || c.mem_rmask || c.mem_wmask;
        fprintf(file_, effects ? "%-28s" : "%s", text.c_str());
        if (c.rd) fprintf(file_, "  x%u=%016lx", c.rd, c.rd_data);
        if (c.mem_rmask) access("load", c.mem_addr, c.mem_rmask, c.mem_rdata);
        if (c.mem_wmask) access("store", c.mem_addr, c.mem_wmask, c.mem_wdata);
        fputc('\n', file_);
    }

    void access(const char* what, uint64_t address, unsigned mask, uint64_t data) {
        const int bytes = __builtin_popcount(mask);
        if (bytes < 8) data &= (uint64_t{1} << 8 * bytes) - 1;
        fprintf(file_, "  %s%d [%016lx]=%0*lx", what, bytes, address, 2 * bytes, data);
    }

    FILE* file_ = nullptr;
    int error_ = 0;
};
