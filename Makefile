# Everything starts here: `make` alone tells what there is. Each target is incremental.

VENV   := .venv
PYTHON := $(VENV)/bin/python
REL4   := $(VENV)/bin/rel4
JOBS   ?= 2
# Of the random tests: a number, or "random" for another one each time (it is printed).
SEED   ?= 1
# 0: every bench runs; 1: those that passed with the same Verilog, tests, seed and tools do not run
# again. If it is not given, it is 1 for `make check` and 0 for the others.
REUSE  ?=
BOARD  ?= ulx3s-85f
# Figures that are measured anew; rel4 figures --list tells which there are.
GROUPS ?= core uintr taic message

PACKAGES := build/stamps/debian-packages
ENVIRON  := $(VENV)/installed
TESTING_PACKAGES := build/stamps/test-packages
TESTING  := $(VENV)/installed-tests
RUST     := build/rust.mk
SITE     := $(VENV)/installed-docs
CONSTANTS := build/stamps/constants
GATEWARE := $(shell find hdl soc -name '*.py')
PROGRAMS := build/sw/hello.elf

.PHONY: help setup sw run hello check test test-all lint synth netlist bitstream bench docs clean \
        figures figures-check wheel compare-builds
help:
	@echo 'make setup   tools: Debian packages, .venv, Rust target (first time 1 to 3 minutes)'
	@echo 'make run     builds everything and compares ways to wake the receiver of a message (first'
	@echo '             time 4 to 6 minutes); table, plot and JSON also go to build/report'
	@echo 'make hello   the smallest kernel and its program on the RTL'
	@echo 'make check   while you work: lint, tests of plain code, small benches (3 minutes); what did'
	@echo '             not change since it passed is not run again, unless REUSE=0'
	@echo 'make test    before a change lands: what each part does (about 40 minutes);'
	@echo '             SEED=random for other stimulus'
	@echo 'make test-all  also planted faults, wider shapes and netlists (1 hour)'
	@echo 'make lint    ruff, rustfmt and clippy (1 minute)'
	@echo 'make synth   resources of hart, UINTC, TAIC and SoC on ECP5 (about 40 minutes)'
	@echo 'make netlist programs on the netlists of the SoC with two harts (25 minutes)'
	@echo 'make bitstream  for a board (BOARD=ulx3s-85f, about 20 minutes)'
	@echo 'make bench   cycles of core, user interrupts, TAIC, messages, measured on the RTL (10 minutes)'
	@echo 'make compare-builds  the table of make run in builds of two compilers and two orders of linking'
	@echo '             (20 minutes)'
	@echo 'make figures GROUPS="core uintr taic message"  measures these anew and writes docs/figures and'
	@echo '             the pages that show them (10 minutes); area and boards take up to an hour a'
	@echo '             group: area-hart, area-uintc, area-taic, area-soc, board-ulx3s'
	@echo 'make figures-check  fails if a page says something else than docs/figures (10 seconds)'
	@echo 'make docs    these pages, registers and the reference of the code as a site (2 minutes)'
	@echo 'make wheel   the package rel4_soc for pip, with simulator and programs, in build/dist'
	@echo 'make sw      firmware and programs only (first time 1 minute)'
	@echo 'make clean   removes what was built; .venv stays'

setup: $(PACKAGES) $(ENVIRON) $(RUST)

$(PACKAGES): scripts/debian-packages.sh
	@echo '== Debian packages'
	@scripts/debian-packages.sh $(if $(filter check lint netlist test test-all,$(MAKECMDGOALS)),tests)
	@mkdir -p $(@D) && touch $@

$(TESTING_PACKAGES): scripts/debian-packages.sh
	@echo '== Debian packages for the tests'
	@scripts/debian-packages.sh tests
	@mkdir -p $(@D) && touch $@

$(ENVIRON): requirements.lock pyproject.toml | $(PACKAGES)
	@echo '== Python packages into $(VENV) (about 1 minute)'
	@test -x $(PYTHON) || python3 -m venv $(VENV)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(TESTING): requirements-tests.lock | $(ENVIRON) $(TESTING_PACKAGES)
	@echo '== Python packages of the tests into $(VENV) (1 minute)'
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements-tests.lock
	@touch $@

$(SITE): requirements-docs.lock | $(ENVIRON)
	@echo '== Documentation generator into $(VENV)'
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements-docs.lock
	@mkdir -p $(@D) && touch $@

$(RUST): scripts/rust-toolchain.sh | $(PACKAGES)
	@echo '== Rust toolchain (up to 1 minute)'
	@scripts/rust-toolchain.sh $@

$(CONSTANTS): $(GATEWARE) $(ENVIRON)
	@$(REL4) gen rust -o build/generated/soc.rs
	@$(REL4) gen c-header -o build/generated/soc.h
	@touch $@

sw: $(ENVIRON) $(CONSTANTS) $(RUST)
	@echo '== Software (first time about 1 minute)'
	@$(MAKE) --no-print-directory -C sw

# One image, perhaps for another machine: SOC_RS, OUT and TARGET_DIR as in sw/Makefile.
sw-%: $(ENVIRON) $(if $(SOC_RS),,$(CONSTANTS)) $(RUST)
	@$(MAKE) --no-print-directory -C sw image-$*

run: $(ENVIRON) sw
	@echo '== Messages between two processes on the RTL (1 minute; the simulator first, 2 minutes)'
	@$(REL4) bench message --report build/report

hello: $(ENVIRON) sw
	@echo '== hello on the RTL (the simulator is built first, about 2 minutes)'
	$(REL4) sim $(PROGRAMS)

# The tests of a tier: those of the software on the host, then all others.
define tests
@echo '== Tests of the software on the host (1 minute)'
@$(MAKE) --no-print-directory -C sw test
@echo '== Tests of the emulator (the first time 1 minute)'
@$(MAKE) --no-print-directory -C sim/emulator test
@echo '== Tests of gateware, simulator and programs ($(2))'
@seed=$(SEED); test $$seed != random || seed=$$(od -An -N4 -tu4 /dev/urandom | tr -d ' '); \
echo "seed $$seed"; COCOTB_RANDOM_SEED=$$seed $(PYTHON) -m pytest -n $(JOBS) -q --tier $(1) \
$(if $(REUSE),$(if $(filter 0,$(REUSE)),--no-reuse,--reuse)) tests
endef

check: $(TESTING) sw
	@$(PYTHON) -m ruff check --quiet .
	@$(MAKE) --no-print-directory -C sw lint-if-possible
	@$(MAKE) --no-print-directory -C sim/emulator lint-if-possible
	$(call tests,check,1 minute)

test: $(TESTING) sw
	$(call tests,test,about 40 minutes)

test-all: $(TESTING) sw
	$(call tests,all,about 1 hour)

lint: $(TESTING) $(CONSTANTS) $(RUST)
	$(PYTHON) -m ruff check .
	@$(MAKE) --no-print-directory -C sw lint
	@$(MAKE) --no-print-directory -C sim/emulator lint

synth: $(ENVIRON)
	@echo '== Synthesis for ECP5 (about 40 minutes)'
	@$(REL4) synth --target hart
	@$(REL4) synth --target uintc
	@$(REL4) synth --target taic --place 2
	@$(REL4) synth --target taic-reference --no-per-module
	@$(REL4) synth --target soc --harts 1,2,4

netlist: $(TESTING) sw
	@echo '== Programs on netlists with two harts (25 minutes)'
	@$(PYTHON) -m pytest -q tests/netlist/test_long_programs.py

bitstream: $(ENVIRON) sw
	@echo '== Bitstream for the $(BOARD) (about 20 minutes)'
	@$(REL4) build $(BOARD)

bench: $(ENVIRON) sw
	@$(REL4) bench

figures: $(ENVIRON) sw
	@$(REL4) figures $(GROUPS)

compare-builds: sw
	@export PATH="$$PATH:$${CARGO_HOME:-$$HOME/.cargo}/bin"; $(PYTHON) scripts/compare-builds.py

figures-check: $(ENVIRON)
	@$(REL4) figures --check

docs: $(SITE) $(CONSTANTS) $(RUST)
	@echo '== Documentation (2 minutes)'
	@$(MAKE) --no-print-directory -C sw doc
	@$(PYTHON) docs/site/build.py build/docs --rust build/rustdoc
	@echo 'written: build/docs/index.html'

wheel: $(ENVIRON) sw
	@rm -rf build/dist
	@$(PYTHON) -m pip wheel --quiet --disable-pip-version-check --no-deps -w build/dist .
	@ls build/dist/*.whl

clean:
	rm -rf build sw/target
