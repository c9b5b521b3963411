// The commit log: one line for every retired instruction and every trap.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>

#include "commit.h"

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

    void write(uint64_t cycle, unsigned hart, const CommitFields& fields,
               Disassembler& disassembler) {
        if (error_) return;
        CommitWriter(file_, disassembler).write(cycle, hart, CommitRecord(fields));
        if (ferror(file_)) error_ = errno;
    }

private:
    FILE* file_ = nullptr;
    int error_ = 0;
};
