"""``rel4 emu --gdb``: sessions of the real GDB, scripted, and of clients that misbehave."""

import os
import random
import re
import signal
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from sim.emulator.run import EmulatorOptions, emulate, emulator_command
from sim.model.elf import BadImage, Program
from sim.model.run_options import BadArgument
from sim.tools import BUILD, PROJECT
from soc.config import SocParams, configuration
from soc.memory_map import UINTC_BASE
from tests.support.elf import DRAM_BASE, Part, elf64

HELLO = BUILD / "sw" / "hello.elf"
HELLO_USER = (PROJECT / "sw" / "target" / "riscv64imac-unknown-none-elf" / "release"
              / "hello-user")
BACK = "Back in the interrupted code: one user interrupt, no kernel involved."
HARTS = {harts: configuration("default", harts=harts) for harts in (1, 2)}
SELF = 0x0000_006F  # jal x0, 0
# lui t0, 0x10000; li t1, '!'; sb t1, 0(t0): says on the UART that the program runs
READY = (0x1000_02B7, 0x0210_0313, 0x0062_8023)
COUNTER = DRAM_BASE + 0x1000
# lui t0, 0x80001 in the lower half: li t0, 1; slli t0, t0, 31; lui t1, 1; add t0, t0, t1
TO_COUNTER = (0x0010_0293, 0x01F2_9293, 0x0000_1337, 0x0062_82B3)
# loop: ld t1, 0(t0); addi t1, t1, 1; sd t1, 0(t0); jal x0, -12
COUNT = (*TO_COUNTER, 0x0002_B303, 0x0013_0313, 0x0062_B023, 0xFF5F_F06F)
LOOP = DRAM_BASE + 16


class Emulator:
    """A run that waits for GDB, and a way to talk to it."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.process = process
        first = process.stderr.readline()
        self.port = int(re.fullmatch(r"rel4 emu: waiting for GDB on 127\.0\.0\.1:(\d+)\n",
                                     first)[1])

    def gdb(self, commands: str, symbols: Path | None = None) -> str:
        """What GDB prints for ``commands``, one a line."""
        arguments = ["--eval-command=set pagination off",
                     f"--eval-command=target remote 127.0.0.1:{self.port}"]
        arguments += [f"--eval-command={line.strip()}" for line in commands.strip().splitlines()]
        files = [str(symbols)] if symbols else ["--eval-command=set architecture riscv:rv64"]
        done = subprocess.run(["gdb-multiarch", "-nx", "-q", "-batch", *files, *arguments],
                              capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def end(self) -> tuple[int, str]:
        """Waits for the end. Returns exit status and standard output."""
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output


@contextmanager
def emulator(params: SocParams, image: Path, **options):
    program = Program.load(image, memory_bytes=params.dram_bytes)
    command = emulator_command(params, program, EmulatorOptions(gdb=0, **options))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    try:
        yield Emulator(process)
    finally:
        process.kill()
        process.communicate()


def image_of(tmp_path, *words: int) -> Path:
    image = tmp_path / "program.elf"
    image.write_bytes(elf64([Part(b"".join(word.to_bytes(4, "little") for word in words))]))
    return image


def packet(text: str) -> bytes:
    return f"${text}#{sum(text.encode()) % 256:02x}".encode()


def test_the_session_of_the_readme():
    session = (PROJECT / "README.md").read_text()
    assert f"rel4 emu {HELLO.relative_to(PROJECT)} --gdb 3333 " in session
    assert f"gdb-multiarch {HELLO_USER.relative_to(PROJECT)} " in session
    target, *commands = re.findall(r"^ +\(gdb\) (.*)$", session, re.M)
    assert target == "target remote :3333"
    with emulator(HARTS[2], HELLO) as run:
        said = run.gdb("\n".join(commands), HELLO_USER)
        assert re.search(r" hit Breakpoint 1, 0x0000\w+ in entry \(\)$", said, re.M)
        assert re.search(r"^uepc +0x1\w{4}\t", said, re.M)
        assert re.search(r"^priv +0x0\tprv:0 \[User/Application\]$", said, re.M)
        assert re.search(r"^ucause +0x8000000000000000\t", said, re.M)
        assert said.endswith("[Inferior 1 (process 1) exited normally]\n")
        status, output = run.end()
        assert status == 0 and BACK in output


def test_harts_are_threads_and_csrs_have_names():
    with emulator(HARTS[2], HELLO) as run:
        said = run.gdb("""
            info threads
            thread 2
            p $mhartid
            set $uscratch = 0x123456789abcdef0
            p/x $uscratch
            thread 1
            p/x $uscratch
            set $suist = -1
            p/x $suist
            p/x $suicfg
            p/x $misa
            set $mhartid = 5
            p $mhpmcounter6
            p $mhpmcounter7
            info registers csr""")
        assert re.search(r"^\* 1 +Thread 1\.1 \(hart 0, M-mode\)", said, re.M)
        assert re.search(r"^  2 +Thread 1\.2 \(hart 1, M-mode\)", said, re.M)
        assert "$1 = 1\n" in said
        assert "$2 = 0x123456789abcdef0\n" in said
        assert "$3 = 0x0\n" in said
        assert "$4 = 0x80ffffffffffffff\n" in said
        assert f"$5 = {UINTC_BASE:#x}\n" in said
        assert "$6 = 0x8000000000143105\n" in said
        assert 'Could not write register "mhartid"' in said
        assert "$7 = 0\n" in said
        assert "$8 = void\n" in said
        for name in ("ustatus", "uie", "utvec", "uepc", "ucause", "utval", "uip", "sideleg",
                     "suist", "suirs", "suierr", "stimecmp", "pmpaddr7", "mhpmevent3", "time"):
            assert re.search(rf"^{name} +0x", said, re.M), name


def test_breakpoints_steps_and_changes_of_the_program(tmp_path):
    with emulator(HARTS[1], image_of(tmp_path, *COUNT)) as run:
        said = run.gdb(f"""
            break *{LOOP + 8:#x}
            continue
            continue
            p $t1
            delete
            stepi
            p/x $pc
            stepi
            p/x $pc
            p *(long *){COUNTER:#x}
            set *(long *){COUNTER:#x} = 100
            stepi
            stepi
            stepi
            p *(long *){COUNTER:#x}
            set *(int *){LOOP + 12:#x} = 0x00000013
            set *(int *){LOOP + 16:#x} = {SELF:#x}
            set $t1 = 7
            set $pc = {LOOP + 4:#x}
            hbreak *{LOOP + 16:#x}
            continue
            p $t1
            x/1xw 0x10000000
            x/1xw 0x70000000
            kill""")
        assert re.findall(r"^\$\d+ = (.*)$", said, re.M) == [
            "2", f"{LOOP + 12:#x}", f"{LOOP:#x}", "2", "101", "8"]
        assert "Cannot access memory at address 0x10000000" in said
        assert "Cannot access memory at address 0x70000000" in said
        assert run.end()[0] == 128 + signal.SIGKILL


def test_watchpoints(tmp_path):
    with emulator(HARTS[1], image_of(tmp_path, *COUNT)) as run:
        said = run.gdb(f"""
            watch *(long *){COUNTER:#x}
            continue
            p/x $pc
            delete
            rwatch *(long *){COUNTER:#x}
            continue
            p/x $pc
            delete
            awatch *(int *){COUNTER:#x}
            continue
            p/x $pc
            continue
            p/x $pc
            delete
            watch *(long *){COUNTER + 8:#x}
            tbreak *{LOOP:#x}
            continue""")
        assert "Old value = 0\nNew value = 1\n" in said
        # After the watched access. GDB itself executes the instruction that is reported.
        pcs = [f"{LOOP + offset:#x}" for offset in (12, 4, 12, 4)]
        assert re.findall(r"^\$\d+ = (.*)$", said, re.M) == pcs
        assert "Temporary breakpoint" in said


def test_memory_is_seen_through_the_translation_of_the_hart():
    with emulator(HARTS[1], HELLO) as run:
        said = run.gdb("""
            break entry
            continue
            x/4xb 0x10000
            compare-sections .text
            x/1xw 0x80200000""", HELLO_USER)
        assert re.search(r"^Section .text, range 0x10000 -- 0x1\w{4}: matched\.", said, re.M)
        # The kernel is mapped, and rights do not count.
        assert re.search(r"^0x80200000:\t0x", said, re.M)
        # The client has gone: the program goes on.
        assert run.end()[0] == 0


def test_only_one_hart_goes_on_if_gdb_says_so():
    with emulator(HARTS[2], HELLO) as run:
        said = run.gdb("""
            set scheduler-locking on
            thread 2
            stepi
            stepi
            p/x $pc
            thread 1
            p/x $pc
            set scheduler-locking off
            continue""")
        assert re.findall(r"^\$\d+ = (.*)$", said, re.M) == ["0x1008", "0x1000"]
        assert "exited normally]\n" in said


def test_a_failing_program_tells_its_exit_status(tmp_path):
    # lui t0, 0x73; addi t0, t0, 0x333; lui t1, 0x100; sw t0, 0(t1)
    image = image_of(tmp_path, 0x0007_32B7, 0x3332_8293, 0x0010_0337, 0x0053_2023, SELF)
    with emulator(HARTS[1], image) as run:
        assert "exited with code 01]" in run.gdb("continue")
        assert run.end()[0] == 1


@pytest.mark.parametrize("words", [COUNT, (0x1050_0073, SELF)], ids=["busy", "asleep"])
def test_ctrl_c_interrupts_a_running_program(tmp_path, words):
    with emulator(HARTS[1], image_of(tmp_path, *READY, *words)) as run:
        command = ["gdb-multiarch", "-nx", "-q", "--eval-command=set architecture riscv:rv64"]
        gdb = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, bufsize=1,
                               start_new_session=True)
        gdb.stdin.write(f"target remote 127.0.0.1:{run.port}\ncontinue\n")
        assert run.process.stdout.read(1) == "!"
        os.killpg(gdb.pid, signal.SIGINT)
        gdb.stdin.write("p $pc - 0x80000000 < 64\nkill\nquit\n")
        rest, _ = gdb.communicate(timeout=30)
        assert "received signal SIGINT, Interrupt." in rest
        assert "= 1\n" in rest
        assert run.end()[0] == 128 + signal.SIGKILL


def test_a_second_client_comes_after_the_first():
    with emulator(HARTS[2], HELLO, ips=1_000_000) as run:
        assert "in entry ()" in run.gdb("break entry\ncontinue\ndetach", HELLO_USER)
        assert run.end()[0] == 0


def test_a_client_that_disappears_leaves_the_program_running():
    with emulator(HARTS[2], HELLO) as run:
        with run.connect() as client:
            client.sendall(packet("Z0,100c8,4") + packet("vCont;c"))
        status, output = run.end()
        assert status == 0 and BACK in output


@pytest.mark.parametrize("seed", range(4))
def test_nonsense_ends_the_session_and_not_the_program(seed):
    numbers = random.Random(seed)
    words = ("vCont;", "m", "M", "p", "P", "Z0,", "z3,", "H", "X", "qXfer:features:read:", "G",
             "qRcmd,", "T", "c", "s", ":", ",", "ffffffffffffffff", "-1", "99", "80000000", "\0",
             "p1.1", ";", "=")
    packets = ["".join(numbers.choices(words, k=numbers.randint(1, 6))) for _ in range(40)]
    data = b"".join(packet(text) for text in packets) + numbers.randbytes(2000)
    with emulator(HARTS[2], HELLO) as run:
        with run.connect() as client:
            try:
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except ConnectionError:
                pass  # The session has ended already.
        status, output = run.end()
        assert (status, BACK in output) == (0, True), (seed, packets)


def test_a_port_that_is_taken_gives_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadImage, match=rf"rel4 emu: port {port}: Address already in use"):
            emulate(HARTS[1], image_of(tmp_path, SELF), EmulatorOptions(gdb=port))
    with pytest.raises(BadArgument, match="gdb must be a port from 0 to 65535, not 65536"):
        emulate(HARTS[1], image_of(tmp_path, SELF), EmulatorOptions(gdb=65536))
