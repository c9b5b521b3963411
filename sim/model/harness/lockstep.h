// The emulator beside the model: it makes the same step for each instruction that retires and each
// trap, and the first difference ends the run. It is a shared library
// (sim/emulator/src/lockstep/c.rs), so a model need not be compiled again when the emulator changes.
#pragma once

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "commit.h"

class Lockstep {
public:
    // Returns null if the emulator is ready, else what is wrong. The text lives as long as this.
    const char* open(const std::string& library, const std::string& arguments) {
        void* handle = dlopen(library.c_str(), RTLD_NOW);
        if (!handle) return dlerror();
        const auto open = find<void*(const char*, const char*)>(handle, "lockstep_open");
        const auto problem = find<const char*(const void*)>(handle, "lockstep_problem");
        reset_ = find<void(void*)>(handle, "lockstep_reset");
        perform_ = find<Perform>(handle, "lockstep_perform");
        step_ = find<Step>(handle, "lockstep_step");
        if (!open || !problem || !reset_ || !perform_ || !step_) return "not a library of the emulator";
        machine_ = open(arguments.c_str(), COMMIT_NAMES);
        return problem(machine_);
    }

    void reset() { reset_(machine_); }

    // The L2 performed a write of ``hart``. Returns false if it may not.
    bool perform(uint64_t cycle, unsigned hart, bool atomic, uint64_t address, uint64_t data,
                 uint64_t mask) {
        return same(hart, perform_(machine_, hart, cycle, atomic, address & ~7ull, data, mask));
    }

    // The emulator makes the step that ``hart`` made. Returns false at the first difference.
    bool step(uint64_t cycle, unsigned hart, const CommitFields& seen) {
        Past& past = pasts_[hart];
        past.steps[past.count++ % PAST] = {cycle, seen};
        emulated_ = {};
        return same(hart, step_(machine_, hart, cycle, seen.data(), emulated_.data(), seen.size()));
    }

    // Says what differed: the last steps of the hart, then the step of either side.
    void report(Disassembler& disassembler) const {
        const Past& past = pasts_[hart_];
        CommitWriter writer(stderr, disassembler);
        fprintf(stderr, "rel4 sim: hart %u differs from the emulator: %s\n", hart_, text_.c_str());
        for (uint64_t n = past.count - std::min<uint64_t>(past.count, PAST); n < past.count; ++n) {
            const Done& step = past.steps[n % PAST];
            fputs(n + 1 == past.count ? "RTL       " : "          ", stderr);
            writer.write(step.cycle, hart_, CommitRecord(step.fields));
        }
        if (emulated_ == CommitFields{}) return;
        fputs("emulator  ", stderr);
        writer.write(past.steps[(past.count - 1) % PAST].cycle, hart_, CommitRecord(emulated_));
    }

private:
    static constexpr unsigned PAST = 16;

    using Perform = const char*(void*, unsigned, uint64_t, bool, uint64_t, uint64_t, uint64_t);
    using Step = const char*(void*, unsigned, uint64_t, const uint64_t*, uint64_t*, size_t);

    struct Done {
        uint64_t cycle;
        CommitFields fields;
    };

    struct Past {
        std::array<Done, PAST> steps;
        uint64_t count = 0;
    };

    // Keeps the text of a difference.
    bool same(unsigned hart, const char* text) {
        if (!text) return true;
        text_ = text;
        hart_ = hart;
        return false;
    }

    template <typename Function>
    static Function* find(void* library, const char* name) {
        return reinterpret_cast<Function*>(dlsym(library, name));
    }

    void* machine_ = nullptr;
    void (*reset_)(void*) = nullptr;
    Perform* perform_ = nullptr;
    Step* step_ = nullptr;
    std::array<Past, HART_COUNT> pasts_{};
    CommitFields emulated_{};  // zeros if the emulator did not get so far
    std::string text_;
    unsigned hart_ = 0;
};
