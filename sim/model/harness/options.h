// The harness's command line. sim/model/simulate.py writes it and has already checked the user's
// options.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

// A part of the image file that is loaded to memory; the rest of the segment is zero.
struct Segment {
    uint64_t offset, paddr, file_bytes, memory_bytes;
};

struct Options {
    std::string image;
    std::vector<Segment> segments;
    uint64_t entry = 0;
    uint64_t memory_bytes = 0;
    uint64_t max_cycles = 0;
    unsigned latency = 10;
    bool random_latency = false;
    uint64_t seed = 1;
    bool undefined = false;
    uint64_t undefined_seed = 0;
    bool tohost = false;
    uint64_t tohost_address = 0;
    std::string trace, commit_log, json, capstone, python, places;
    std::string emulator, machine;  // library, and the arguments that describe the machine to it
    uint64_t trace_start = 0, trace_stop = UINT64_MAX;
};

inline Options parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        const char* text = argv[i + 1];
        const auto number = [&] { return strtoull(text, nullptr, 0); };
        if (name == "--image") options.image = text;
        else if (name == "--segment") {
            Segment segment;
            if (sscanf(text, "%lu:%lu:%lu:%lu", &segment.offset, &segment.paddr,
                       &segment.file_bytes, &segment.memory_bytes) == 4)
                options.segments.push_back(segment);
        }
        else if (name == "--entry") options.entry = number();
        else if (name == "--memory") options.memory_bytes = number();
        else if (name == "--max-cycles") options.max_cycles = number();
        else if (name == "--latency") options.latency = number();
        else if (name == "--random-latency") options.random_latency = number();
        else if (name == "--seed") options.seed = number();
        else if (name == "--undefined")
            options.undefined = true, options.undefined_seed = number();
        else if (name == "--tohost") options.tohost = true, options.tohost_address = number();
        else if (name == "--trace") options.trace = text;
        else if (name == "--trace-start") options.trace_start = number();
        else if (name == "--trace-stop") options.trace_stop = number();
        else if (name == "--commit-log") options.commit_log = text;
        else if (name == "--json") options.json = text;
        else if (name == "--capstone") options.capstone = text;
        else if (name == "--python") options.python = text;
        else if (name == "--places") options.places = text;
        else if (name == "--emulator") options.emulator = text;
        else if (name == "--machine") options.machine = text;
        else {
            fprintf(stderr, "rel4 sim: the harness does not know %s\n", argv[i]);
            exit(2);
        }
    }
    return options;
}
