// Whether a waveform is complete.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

// The FST writer does not tell of failed writes. A complete file is a sequence of blocks, each with
// its type and length, up to the end of the file, and has a block with the hierarchy.
inline bool whole_fst(const std::string& path) {
    constexpr int HEADER = 0, HIERARCHY = 4, HIERARCHY_LZ4 = 6, HIERARCHY_LZ4_TWICE = 7;
    FILE* file = fopen(path.c_str(), "rb");
    if (!file) return false;
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    long at = 0;
    bool hierarchy = false;
    while (at < size) {
        uint8_t head[9];
        fseek(file, at, SEEK_SET);
        if (fread(head, 1, sizeof head, file) != sizeof head) break;
        uint64_t length = 0;
        for (unsigned i = 1; i < sizeof head; ++i) length = length << 8 | head[i];
        if ((at == 0 && head[0] != HEADER) || length < 8 || length > uint64_t(size - at)) break;
        hierarchy |= head[0] == HIERARCHY || head[0] == HIERARCHY_LZ4 ||
                     head[0] == HIERARCHY_LZ4_TWICE;
        at += 1 + length;
    }
    fclose(file);
    return at == size && hierarchy;
}
