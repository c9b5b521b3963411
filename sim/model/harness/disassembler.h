// Disassembly with the capstone library. The library is loaded on first use.
#pragma once

#include <capstone/capstone.h>
#include <dlfcn.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "model.h"

class Disassembler {
public:
    explicit Disassembler(const std::string& library) {
        void* handle = library.empty() ? nullptr : dlopen(library.c_str(), RTLD_NOW);
        if (!handle) return;
        const auto open = reinterpret_cast<decltype(&cs_open)>(dlsym(handle, "cs_open"));
        disassemble_ = reinterpret_cast<decltype(&cs_disasm)>(dlsym(handle, "cs_disasm"));
        free_ = reinterpret_cast<decltype(&cs_free)>(dlsym(handle, "cs_free"));
        const auto mode = static_cast<cs_mode>(CS_MODE_RISCV64 | CS_MODE_RISCVC);
        ready_ = open && disassemble_ && free_ && open(CS_ARCH_RISCV, mode, &engine_) == CS_ERR_OK;
    }

    // Returns the text of an instruction. Branch targets are relative to it. Each word is decoded
    // once.
    const std::string& operator()(uint32_t insn) {
        auto [entry, is_new] = texts_.try_emplace(insn);
        if (is_new) entry->second = decode(insn);
        return entry->second;
    }

private:
    std::string decode(uint32_t insn) {
        cs_insn* decoded = nullptr;
        const auto* bytes = reinterpret_cast<const uint8_t*>(&insn);
        const size_t length = (insn & 3) == 3 ? 4 : 2;
        if (!ready_) return "?";
        if (disassemble_(engine_, bytes, length, 0, 1, &decoded) != 1) return decode_uipi(insn);
        std::string text = decoded->mnemonic;
        if (decoded->op_str[0]) text += std::string(" ") + decoded->op_str;
        free_(decoded, 1);
        return text;
    }

    // The project's custom instructions: funct7 is the operation. Registers have the usual order.
    static std::string decode_uipi(uint32_t insn) {
        const uint32_t op = insn >> 25;
        if ((insn & UIPI_MASK) != UIPI_MATCH || op >= UIPI_COUNT) return "(unknown)";
        std::string text = UIPI_NAMES[op];
        if (const uint32_t rd = insn >> 7 & 31) text += " x" + std::to_string(rd);
        if (const uint32_t rs1 = insn >> 15 & 31) text += " x" + std::to_string(rs1);
        return text;
    }

    bool ready_ = false;
    csh engine_ = 0;
    decltype(&cs_disasm) disassemble_ = nullptr;
    decltype(&cs_free) free_ = nullptr;
    std::unordered_map<uint32_t, std::string> texts_;
};
