/* A program to start from: runs in M-mode on hart 0, prints a line and ends.
 *
 * What main returns is the end of the run: 0 passed, else it failed with this code.
 */

#include <stdint.h>

#include "soc.h"

static volatile uint8_t *const uart = (volatile uint8_t *)REL4_UART0_BASE;

enum { TRANSMIT = 0, LINE_STATUS = 5, TRANSMIT_EMPTY = 0x20 };

static void print(const char *text) {
    for (; *text; ++text) {
        while (!(uart[LINE_STATUS] & TRANSMIT_EMPTY)) {
        }
        uart[TRANSMIT] = *text;
    }
}

int main(void) {
    print("Hello from C.\n");
    return 0;
}
