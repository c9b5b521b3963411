// The other end of the UART: standard output, and standard input without echo or line editing.
//
// On a terminal, Ctrl-A is the escape: Ctrl-A x leaves, Ctrl-A c sends Ctrl-C, Ctrl-A Ctrl-A sends
// itself. Ctrl-C interrupts the simulation. The status line is shown on standard error. It never
// stands on a line that the program has begun.
#pragma once

#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>

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
        restore();
    }

    // Gives the terminal back as it was.
    void restore() {
        if (raw_) tcsetattr(STDIN_FILENO, TCSANOW, &saved_);
        raw_ = false;
    }

    void write(uint8_t byte) {
        output_.push_back(byte);
        if (output_.size() == OUTPUT_BYTES) flush();
    }

    // Writes what the program has printed. After an error, drops everything.
    void flush() {
        if (output_.empty()) return;
        clear_status();
        at_line_start_ = output_.back() == '\n';
        size_t done = 0;
        while (!error_ && done < output_.size()) {
            const ssize_t count = ::write(STDOUT_FILENO, &output_[done], output_.size() - done);
            if (count >= 0) done += count;
            else if (errno == EAGAIN) wait_for_room();
            else if (errno != EINTR) error_ = errno;
        }
        output_.clear();
    }

    // Shows a line about the run, unless it would hide what the program has printed.
    void show_status(const std::string& text) {
        if (!status_allowed_ || (same_screen_ && !at_line_start_)) return;
        fprintf(stderr, "\r%s\033[K", text.c_str());
        status_shown_ = true;
    }

    void clear_status() {
        if (status_shown_) fprintf(stderr, "\r\033[K");
        status_shown_ = false;
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

    bool interactive() const { return raw_; }  // a user may type at any time
    bool leave() const { return leave_; }      // Ctrl-A x was typed
    int error() const { return error_; }       // of writing to standard output, else 0

private:
    static constexpr uint8_t ESCAPE = 1;  // Ctrl-A
    static constexpr size_t OUTPUT_BYTES = 1 << 16;

    static void wait_for_room() {
        pollfd request = {STDOUT_FILENO, POLLOUT, 0};
        poll(&request, 1, -1);
    }

    // Whether output and errors appear on the same screen.
    static bool same_screen() {
        struct stat output, errors;
        return isatty(STDOUT_FILENO) && fstat(STDOUT_FILENO, &output) == 0 &&
               fstat(STDERR_FILENO, &errors) == 0 && output.st_rdev == errors.st_rdev;
    }

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
    bool raw_ = false, ended_ = false, escaped_ = false, leave_ = false;
    std::deque<uint8_t> typed_;
    std::string output_;
    int error_ = 0;
    const bool status_allowed_ = isatty(STDERR_FILENO), same_screen_ = same_screen();
    bool at_line_start_ = true, status_shown_ = false;
};
