// How a run ended, as text and as JSON.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "hart.h"
#include "model.h"

#define NAME(name, word, exit_status) name,
enum class Status { STATUSES(NAME) RUNNING };
#undef NAME

struct Result {
    Status status = Status::RUNNING;
    uint64_t exit_code = 0;  // the program's own, if it ended
    int signal = 0;          // the interrupting signal, else 0
    uint64_t cycles = 0;
    double seconds = 0;

    int exit_status() const {
        switch (status) {
#define EXIT_STATUS(name, word, exit_status) \
    case Status::name: return exit_status + signal;
            STATUSES(EXIT_STATUS)
#undef EXIT_STATUS
        case Status::RUNNING: break;
        }
        return -1;
    }

    const char* word() const {
        switch (status) {
#define WORD(name, word, exit_status) \
    case Status::name: return word;
            STATUSES(WORD)
#undef WORD
        case Status::RUNNING: break;
        }
        return "running";
    }
};

// Writes a temporary file and renames it, so that a partial file is never seen. A device is written
// directly. Returns false on failure; ``errno`` says why.
inline bool write_json(const std::string& path, const Result& result,
                       const std::vector<Hart>& harts) {
    struct stat existing;
    const bool device = stat(path.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode);
    const std::string partial = device ? path : path + ".partial";
    FILE* file = fopen(partial.c_str(), "w");
    if (!file) return false;
    uint64_t instructions = 0;
    for (const Hart& hart : harts) instructions += hart.events[EVENT_INSTRUCTION];
    const bool ended = result.status == Status::PASSED || result.status == Status::FAILED;
    const std::string code = ended ? std::to_string(result.exit_code) : "null";
    const double khz = result.seconds > 0 ? result.cycles / result.seconds / 1000 : 0;
    fprintf(file,
            "{\"status\": \"%s\", \"exit_code\": %s, \"cycles\": %lu, \"instructions\": %lu, "
            "\"seconds\": %.3f, \"sim_khz\": %.1f,\n \"harts\": [",
            result.word(), code.c_str(), result.cycles, instructions, result.seconds, khz);
    for (size_t n = 0; n < harts.size(); ++n) {
        const EventCounters& events = harts[n].events;
        fprintf(file, "%s\n  {\"cycles\": %lu, \"instructions\": %lu, \"counters\": {",
                n ? "," : "", result.cycles, events[EVENT_INSTRUCTION]);
        for (unsigned event = 1; event < EVENT_COUNT; ++event)
            fprintf(file, "%s\"%s\": %lu", event > 1 ? ", " : "", EVENT_NAMES[event],
                    events[event]);
        fprintf(file, "}}");
    }
    fprintf(file, "]}\n");
    const bool written = !ferror(file);
    if (fclose(file) != 0 || !written) {
        const int error = errno;
        if (!device) unlink(partial.c_str());
        errno = error;
        return false;
    }
    return device || rename(partial.c_str(), path.c_str()) == 0;
}
