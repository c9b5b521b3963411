// The other end of the UART: standard output, and standard input without echo or line editing.
//
// On a terminal, Ctrl-A is the escape: Ctrl-A x leaves, Ctrl-A c sends Ctrl-C, Ctrl-A Ctrl-A sends
// itself. Ctrl-C interrupts the simulation.
#pragma once

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <deque>

class Terminal {
public:
    Terminal() {
        if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp()) return;
        if (tcgetattr(STDIN_FILENO, &saved_) != 0) return;
        termios raw = saved_;
        raw.c_lflag &= ~(ICANON | ECHO);
        raw.c_iflag &= ~(ICRNL | IXON);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        raw_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }

    ~Terminal() {
        flush();
        if (raw_) tcsetattr(STDIN_FILENO, TCSANOW, &saved_);
    }

    void write(uint8_t byte) {
        dirty_ = true;
        if (putchar_unlocked(byte) == EOF) broken_ = true;
    }

    void flush() {
        if (dirty_ && fflush(stdout) != 0) broken_ = true;
        dirty_ = false;
    }

    // Fetches typed bytes without waiting. Reads nothing more while fetched bytes remain.
    void poll_input() {
        if (ended_ || !typed_.empty()) return;
        pollfd request = {STDIN_FILENO, POLLIN, 0};
        if (poll(&request, 1, 0) <= 0 || !(request.revents & (POLLIN | POLLHUP))) return;
        uint8_t buffer[4096];
        const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (count <= 0) ended_ = true;
        for (ssize_t i = 0; i < count; ++i) accept(buffer[i]);
    }

    bool has_input() const { return !typed_.empty(); }
    uint8_t input() const { return typed_.front(); }
    void next_input() { typed_.pop_front(); }

    bool leave() const { return leave_; }    // Ctrl-A x was typed
    bool broken() const { return broken_; }  // standard output has no reader any more

private:
    static constexpr uint8_t ESCAPE = 1;  // Ctrl-A

    void accept(uint8_t byte) {
        if (!raw_) return typed_.push_back(byte);
        if (!escaped_) {
            if (byte == ESCAPE) escaped_ = true;
            else typed_.push_back(byte);
            return;
        }
        escaped_ = false;
        if (byte == 'x') leave_ = true;
        else if (byte == 'c') typed_.push_back(3);
        else if (byte == ESCAPE) typed_.push_back(ESCAPE);
    }

    termios saved_{};
    bool raw_ = false, ended_ = false, escaped_ = false, leave_ = false, dirty_ = false,
         broken_ = false;
    std::deque<uint8_t> typed_;
};
