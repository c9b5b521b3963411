// The DRAM behind the L2: a flat memory that answers in bursts after a latency.
//
// Timing: a read accepted at clock edge n delivers its first dword at edge n + latency and the rest
// in the following cycles. The addressed dword comes first, then the others, wrapping in the line.
// With a random latency, each burst draws its own latency (1 to 40), and every transfer may stall.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "model.h"

constexpr uint64_t LINE_BYTES = 8 * LINE_BEATS;

class Dram {
public:
    Dram(uint64_t bytes, unsigned latency, bool random, uint64_t seed)
        : size_(bytes), latency_(latency), random_(random), rng_(seed * 2 + 1) {
        void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            perror("rel4 sim: memory");
            exit(2);
        }
        bytes_ = static_cast<uint8_t*>(memory);
    }

    uint8_t* at(uint64_t paddr) { return bytes_ + (paddr - DRAM_BASE); }

    // Drops a burst in progress. The contents stay.
    void reset() { state_ = State::Idle; }

    // Samples the model's outputs just before a rising edge.
    void sample(const Model& top) {
        switch (state_) {
        case State::Idle:
            if (!(top.dram_valid && top.dram_ready)) return;
            line_ = top.dram_addr & ~(LINE_BYTES - 1);
            beat_ = top.dram_write ? 0 : (top.dram_addr & (LINE_BYTES - 1)) / 8;
            left_ = LINE_BEATS;
            state_ = top.dram_write ? State::Writing : State::Reading;
            wait_ = (random_ ? 1 + next() % 40 : latency_) - 1;
            break;
        case State::Reading:
            if (top.dram_rvalid) advance();
            break;
        case State::Writing:
            if (top.dram_wvalid && top.dram_wready) {
                if (uint64_t* dword = place()) *dword = top.dram_wdata;
                advance();
            }
            break;
        }
    }

    // Sets the model's inputs for the next cycle.
    void drive(Model& top) {
        const bool hold = random_ && next() % 4 == 0;
        top.dram_ready = state_ == State::Idle && !hold;
        top.dram_wready = state_ == State::Writing && !hold;
        if (state_ != State::Reading) {
            top.dram_rvalid = 0;
        } else if (wait_) {
            --wait_;
            top.dram_rvalid = 0;
        } else {
            const uint64_t* dword = place();
            top.dram_rvalid = !hold;
            top.dram_rdata = dword ? *dword : 0;
        }
    }

private:
    enum class State { Idle, Reading, Writing };

    uint64_t* place() {
        const uint64_t paddr = line_ + 8 * beat_;
        if (paddr < DRAM_BASE || paddr - DRAM_BASE >= size_) return nullptr;
        return reinterpret_cast<uint64_t*>(at(paddr));
    }

    void advance() {
        beat_ = (beat_ + 1) % LINE_BEATS;
        if (--left_ == 0) state_ = State::Idle;
    }

    uint64_t next() {  // xorshift
        rng_ ^= rng_ << 13;
        rng_ ^= rng_ >> 7;
        rng_ ^= rng_ << 17;
        return rng_ >> 11;
    }

    uint8_t* bytes_;
    uint64_t size_;
    unsigned latency_;
    bool random_;
    uint64_t rng_;
    State state_ = State::Idle;
    uint64_t line_ = 0;
    unsigned beat_ = 0, left_ = 0, wait_ = 0;
};
