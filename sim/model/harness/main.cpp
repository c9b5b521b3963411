// The simulator's main loop: clock, memory, terminal, and the end of a run.
//
// One iteration is one clock cycle. Just before the rising edge, outputs are sampled and the inputs
// of the next cycle are set. The model registers them (sim/model/top.py).

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model.h"
#include "commit_log.h"
#include "disassembler.h"
#include "dram.h"
#include "hart.h"
#include "lockstep.h"
#include "memories.h"
#include "options.h"
#include "report.h"
#include "result.h"
#include "terminal.h"
#if MODEL_TRACE
#include "verilated_fst_c.h"
#include "waveform.h"
#endif

namespace {

constexpr unsigned CHUNK_CYCLES = 250;       // between checks of events and limits
constexpr unsigned CHUNKS_BETWEEN_LOOKS = 64;  // of clock, keyboard and signals
constexpr double PROGRESS_SECONDS = 2;
// After so long a sleep, which outlasts a tick of an operating system, no timer will wake a hart.
constexpr uint64_t SLEEP_CYCLES = 2'000'000;
constexpr unsigned RESET_CYCLES = 4;
constexpr uint64_t CLOCK_NS = 10;
static_assert(CHUNK_CYCLES <= EventCounters::CYCLES_BEFORE_FLUSH);

volatile sig_atomic_t caught_signal = 0;

void on_signal(int signal) { caught_signal = signal; }

using Clock = std::chrono::steady_clock;

class Simulation {
public:
    explicit Simulation(const Options& options)
        : options_(options),
          disassembler_(options.capstone),
          harts_(HART_COUNT),
          dram_(options.memory_bytes, options.latency, options.random_latency, options.seed),
          top_(std::make_unique<Model>(&context_)) {
#define FIND_REGISTERS(n, memory) harts_[n].registers = &top_->rootp->memory[0];
        HART_REGISTERS(FIND_REGISTERS)
#undef FIND_REGISTERS
        // 0 would make Verilator choose a seed.
        context_.randSeed(static_cast<int>(options.undefined_seed % INT_MAX) + 1);
        const char* arguments[] = {"model", "+undefined"};
        context_.commandArgs(options.undefined ? 2 : 1, arguments);
    }

    // Reads the image and opens the output files. Reports an error on failure.
    bool prepare() { return load() && open_outputs(); }

    Result run() {
        reset();
        start_ = Clock::now();
        for (unsigned chunk = 0; result_.status == Status::RUNNING; ++chunk) {
            const uint64_t left = options_.max_cycles - cycle_;
            run_cycles(std::min<uint64_t>(left, CHUNK_CYCLES));
            for (Hart& hart : harts_) hart.events.flush();
            look_for_loops();
            if (result_.status == Status::RUNNING && cycle_ >= options_.max_cycles)
                result_.status = Status::CYCLE_LIMIT;
            if (chunk % CHUNKS_BETWEEN_LOOKS == 0) look_around();
        }
        finish();
        return result_;
    }

private:
    // Fills the memory from the image file.
    bool load() {
        FILE* file = fopen(options_.image.c_str(), "rb");
        if (!file) return complain(options_.image, "cannot be read");
        bool good = true;
        for (const Segment& segment : options_.segments)
            good = good && fseek(file, segment.offset, SEEK_SET) == 0 &&
                   fread(dram_.at(segment.paddr), 1, segment.file_bytes, file) ==
                       segment.file_bytes &&
                   memset(dram_.at(segment.paddr) + segment.file_bytes, 0,
                          segment.memory_bytes - segment.file_bytes);
        fclose(file);
        return good || complain(options_.image, "changed while it was read");
    }

    bool open_outputs() {
#if MODEL_COMMIT_LOG
        if (!log_.open(options_.commit_log))
            return complain(options_.commit_log, strerror(errno));
#endif
#if MODEL_LOCKSTEP
        if (const char* problem = lockstep_.open(options_.emulator, options_.machine))
            return complain(options_.emulator, problem);
#endif
#if MODEL_TRACE
        context_.traceEverOn(true);
        tracing_ = this;
        signal(SIGABRT, on_abort);
        std::cerr.setstate(std::ios_base::failbit);  // the FST writer's own words
        waves_ = std::make_unique<VerilatedFstC>();
        top_->trace(waves_.get(), 99);
        waves_->set_time_unit("1ns");
        waves_->set_time_resolution("1ns");
        waves_->open(options_.trace.c_str());
        if (!waves_->isOpen()) return complain(options_.trace, strerror(errno));
#endif
        return true;
    }

#if MODEL_TRACE
    // The FST writer aborts if it cannot write. Any other abort takes its course.
    static void on_abort(int) {
        const int error = errno;
        signal(SIGABRT, SIG_DFL);
        if (error == ENOSPC || error == EFBIG || error == EDQUOT || error == EIO)
            tracing_->end_without_waveform(error);
    }

    [[noreturn]] void end_without_waveform(int error) {
        result_.cycles = cycle_;
        result_.seconds = seconds();
        terminal_.flush();
        lose(options_.trace, error);
        if (!options_.json.empty() && !write_json(options_.json, result_, harts_))
            lose(options_.json, errno);
        terminal_.restore();
        fflush(stderr);
        _exit(result_.exit_status());
    }
#endif

    static bool complain(const std::string& path, const char* what) {
        fprintf(stderr, "rel4 sim: %s: %s\n", path.c_str(), what);
        return false;
    }

    void reset() {
        top_->entry = options_.entry;
        dram_.reset();
        drive();
        for (unsigned i = 0; i < RESET_CYCLES; ++i) {
            top_->restart = i + 1 < RESET_CYCLES;
            clock(1);
            clock(0);
        }
    }

    void clock(bool level) {
        top_->clk = level;
        top_->eval();
    }

    void run_cycles(uint64_t count) {
        const uint64_t end = cycle_ + count;
        while (cycle_ < end && result_.status == Status::RUNNING) {
            dump(0);
            sample();
            drive();
            clock(1);
            dump(CLOCK_NS / 2);
            clock(0);
            ++cycle_;
        }
    }

    void sample() {
#if MODEL_LOCKSTEP
        if (top_->performed_hart) performed();
#endif
        dram_.sample(*top_);
        if (top_->uart_tx_valid) terminal_.write(top_->uart_tx_data);
        if (top_->uart_rx_valid && top_->uart_rx_ready) terminal_.next_input();
#define SAMPLE(n)                                                                           \
    {                                                                                       \
        Hart& hart = harts_[n];                                                             \
        hart.events.add(top_->hart##n##_events);                                            \
        hart.priv = top_->hart##n##_priv_now;                                               \
        if (top_->hart##n##_valid) {                                                        \
            if (top_->hart##n##_trap)                                                       \
                hart.trap({cycle_, top_->hart##n##_pc,                                      \
                           static_cast<bool>(top_->hart##n##_interrupt),                    \
                           top_->hart##n##_cause, tval(n, hart.priv)});                     \
            else                                                                            \
                hart.retire(cycle_, top_->hart##n##_pc, top_->hart##n##_insn);              \
            SHOW_COMMIT(n)                                                                  \
        }                                                                                   \
        if (top_->hart##n##_store)                                                          \
            watch_store(top_->hart##n##_store_addr, top_->hart##n##_store_data,             \
                        top_->hart##n##_store_mask);                                        \
    }
#if MODEL_COMMIT_LOG || MODEL_LOCKSTEP
#define FIELD(n, name) top_->hart##n##_##name,
#define SHOW_COMMIT(n) show_commit(n, {COMMIT_FIELDS(FIELD, n)});
#else
#define SHOW_COMMIT(n)
#endif
        HARTS(SAMPLE)
        if (top_->finish_valid) finish_request(top_->finish_kind, top_->finish_code);
    }

#if MODEL_LOCKSTEP
    // Before the commits of the same cycle: what a hart read cannot have been performed later.
    void performed() {
        const unsigned hart = __builtin_ctz(top_->performed_hart);
        if (result_.status == Status::RUNNING &&
            !lockstep_.perform(cycle_, hart, top_->performed_atomic, top_->performed_addr,
                               top_->performed_data, top_->performed_mask))
            result_.status = Status::DIFFERS;
    }
#endif

#if MODEL_COMMIT_LOG || MODEL_LOCKSTEP
    void show_commit(unsigned hart, const CommitFields& fields) {
#if MODEL_COMMIT_LOG
        log_.write(cycle_, hart, fields, disassembler_);
#endif
#if MODEL_LOCKSTEP
        if (result_.status == Status::RUNNING && !lockstep_.step(cycle_, hart, fields))
            result_.status = Status::DIFFERS;
#endif
    }
#endif

    // Returns the last trap's value: xtval of the mode that took it, which the hart is in.
    uint64_t tval(unsigned hart, unsigned priv) const {
#define READ_TVAL(n, memory) if (hart == n) return top_->rootp->memory[UTVAL_INDEX + priv];
        HART_TVALS(READ_TVAL)
#undef READ_TVAL
        return 0;
    }

    void drive() {
        dram_.drive(*top_);
        top_->uart_rx_valid = terminal_.has_input();
        if (terminal_.has_input()) top_->uart_rx_data = terminal_.input();
    }

    // Handles a write to the test finisher.
    void finish_request(unsigned kind, unsigned code) {
        switch (kind) {
        case FINISH_PASS: return end_program(0);
        case FINISH_FAIL: return end_program(std::max(code, 1u));
        case FINISH_RESET:
            load();
#if MODEL_LOCKSTEP
            lockstep_.reset();
#endif
            return reset();
        }
    }

    // The tohost convention: an odd value ends the program; its upper bits are the exit code.
    void watch_store(uint64_t paddr, uint64_t data, unsigned mask) {
        if (!options_.tohost || (paddr & ~7ull) != options_.tohost_address || !(mask & 1)) return;
        const uint64_t value = mask == 0xff ? data : data & 0xffffffff;
        if (value & 1) end_program(value >> 1);
    }

    void end_program(uint64_t code) {
        result_.exit_code = code;
        result_.status = code == 0 ? Status::PASSED : Status::FAILED;
    }

    void look_around() {
        terminal_.poll_input();
        terminal_.flush();
        if (caught_signal) interrupt(caught_signal);
        if (terminal_.leave()) interrupt(SIGINT);
        look_at_outputs();
        const double now = seconds();
        if (now - last_progress_ >= PROGRESS_SECONDS) {
            last_progress_ = now;
            char text[128];
            snprintf(text, sizeof text, "%.1f million cycles, %.0f kHz, hart 0 at %lx", cycle_ / 1e6,
                     cycle_ / now / 1e3, harts_[0].retired_pc);
            terminal_.show_status(text);
        }
    }

    // Ends the run as soon as what it writes is lost.
    void look_at_outputs() {
        if (terminal_.error() == EPIPE) interrupt(SIGPIPE);
        else if (terminal_.error()) lose("standard output", terminal_.error());
#if MODEL_COMMIT_LOG
        if (log_.error()) lose(options_.commit_log, log_.error());
#endif
    }

    // Reports a file that could not be written. A run that would have passed has not.
    void lose(const std::string& path, int error) {
        if (!lost_.insert(path).second) return;
        terminal_.clear_status();
        complain(path, strerror(error));
        if (result_.status == Status::RUNNING || result_.status == Status::PASSED)
            result_.status = Status::OUTPUT_LOST;
    }

    // Says which harts trap for ever, and ends the run if no hart can go on.
    void look_for_loops() {
        bool any = false, all = true;
        for (unsigned n = 0; n < HART_COUNT; ++n) {
            TrapLoop& loop = harts_[n].loop;
            const bool endless = loop.endless(cycle_);
            any |= endless;
            all &= endless || (asleep(n) && harts_[n].idle(cycle_) >= SLEEP_CYCLES &&
                               !terminal_.interactive());
            if (endless && !loop.warned && HART_COUNT > 1) {
                terminal_.clear_status();
                const Trap& trap = harts_[n].last_trap;
                fprintf(stderr, "rel4 sim: hart %u traps for ever at %016lx: %s, tval %016lx\n", n,
                        trap.pc, cause_text(trap.interrupt, trap.cause), trap.tval);
                loop.warned = true;
            }
        }
        if (any && all && result_.status == Status::RUNNING) result_.status = Status::TRAPS;
    }

    bool asleep(unsigned hart) const {
#define READ_ASLEEP(n) if (hart == n) return top_->hart##n##_asleep;
        HARTS(READ_ASLEEP)
#undef READ_ASLEEP
        return false;
    }

    void interrupt(int signal) {
        if (result_.status != Status::RUNNING) return;
        result_.status = Status::INTERRUPTED;
        result_.signal = signal;
    }

    double seconds() const {
        return std::chrono::duration<double>(Clock::now() - start_).count();
    }

    void dump(unsigned phase) {
#if MODEL_TRACE
        if (cycle_ >= options_.trace_start && cycle_ < options_.trace_stop)
            waves_->dump(CLOCK_NS * cycle_ + phase);
#else
        (void)phase;
#endif
    }

    void finish() {
        result_.cycles = cycle_;
        result_.seconds = seconds();
        close_outputs();
        for (Hart& hart : harts_) hart.events.flush();
        for (unsigned n = 0; n < HART_COUNT; ++n) harts_[n].asleep = asleep(n);
        if (result_.status == Status::FAILED)
            fprintf(stderr, "rel4 sim: failed with code %lu in cycle %lu\n", result_.exit_code,
                    cycle_);
        if (result_.status == Status::TRAPS)
            fprintf(stderr, "rel4 sim: traps for ever; stopped in cycle %lu\n", cycle_);
#if MODEL_LOCKSTEP
        if (result_.status == Status::DIFFERS) lockstep_.report(disassembler_);
#endif
        if (result_.status == Status::CYCLE_LIMIT)
            fprintf(stderr, "rel4 sim: no end after %lu cycles\n", cycle_);
        if (result_.status == Status::INTERRUPTED)
            fprintf(stderr, "rel4 sim: interrupted in cycle %lu\n", cycle_);
        if (result_.status != Status::PASSED && result_.status != Status::OUTPUT_LOST)
            Report(options_, harts_, disassembler_, cycle_).print();
        if (!options_.json.empty() && !write_json(options_.json, result_, harts_))
            lose(options_.json, errno);
    }

    void close_outputs() {
        terminal_.flush();
        terminal_.clear_status();
#if MODEL_COMMIT_LOG
        log_.close();
#endif
#if MODEL_TRACE
        errno = 0;
        waves_->close();
        if (!whole_fst(options_.trace)) lose(options_.trace, errno ? errno : EIO);
#endif
        look_at_outputs();
    }

    const Options& options_;
    Terminal terminal_;
    Disassembler disassembler_;
    std::vector<Hart> harts_;
    Dram dram_;
    VerilatedContext context_;
    std::unique_ptr<Model> top_;
#if MODEL_COMMIT_LOG
    CommitLog log_;
#endif
#if MODEL_LOCKSTEP
    Lockstep lockstep_;
#endif
#if MODEL_TRACE
    std::unique_ptr<VerilatedFstC> waves_;
    static inline Simulation* tracing_ = nullptr;
#endif
    Result result_;
    uint64_t cycle_ = 0;
    Clock::time_point start_;
    double last_progress_ = 0;
    std::set<std::string> lost_;  // outputs whose failure was reported
};

}  // namespace

int main(int argc, char** argv) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, on_signal);
    for (int number : {SIGPIPE, SIGXFSZ}) signal(number, SIG_IGN);  // the write fails instead
    const Options options = parse_options(argc, argv);
    Simulation simulation(options);
    return simulation.prepare() ? simulation.run().exit_status() : 2;
}
