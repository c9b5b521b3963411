"""Compares the branch predictor with a model of its tables, under random fetches, redirects and
training.

``test_frontend`` tests the quality of its predictions with the whole front end.
"""

import random

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from hdl.core.fetch.predict import Predictor
from hdl.core.fetch.types import (
    BLOCK_BRANCHES,
    BranchKind,
    predictor_state_layout,
    redirect_layout,
    train_layout,
)
from hdl.core.params import PC_BITS, configuration
from tests.support import clock
from tests.support.layouts import pack, unpack
from tests.support.run import run_cocotb

PARAMS = configuration("tiny")
PC_MASK = (1 << PC_BITS) - 1
NONE, BRANCH, JUMP, CALL, RETURN = (kind.value for kind in BranchKind)


HALF_ENTRIES = PARAMS.btb_entries // 2


class Model:
    """The documented behaviour of ``Predictor``, with one method for each event."""

    def __init__(self) -> None:
        self.btb: dict[tuple[int, int], dict] = {}  # by half and index
        self.counters: dict[tuple, int] = {}
        self.links = [0] * PARAMS.ras_entries
        self.pointer = 0
        self.history = 0
        self.recent: bool | None = None  # outcome of the last block's branch, if it has one
        self.entries: list[dict | None] = [None, None]
        # for each half, the counters after a block without and with a taken branch
        self.pairs = [(2, 2), (2, 2)]
        self.read_keys = self.written_keys = (None, None)  # of BTB and counters in one cycle

    def shift(self, history: int, *outcomes) -> int:
        for outcome in outcomes:
            history = history << 1 | outcome
        return history % (1 << PARAMS.history_bits)

    def key(self, block: int, history: int) -> int:
        bits = PARAMS.bht_entries.bit_length() - 3
        return (block ^ history << bits - PARAMS.history_bits) % (1 << bits)

    def read(self, block: int, history: int) -> None:
        key = self.key(block, history)
        self.read_keys = block % HALF_ENTRIES, key
        for half in range(2):
            self.entries[half] = self.btb.get((half, block % HALF_ENTRIES))
            self.pairs[half] = tuple(self.counters.get((half, bank, key), 2) for bank in range(2))

    def collided(self) -> bool:
        return any(read is not None and read == written
                   for read, written in zip(self.read_keys, self.written_keys, strict=True))

    def settled(self) -> int:
        """Returns the history including the last block."""
        return self.history if self.recent is None else self.shift(self.history, self.recent)

    def predict(self, pc: int) -> dict:
        """Returns the taken branch, if any, as ``ending``, and the conditional branches by half."""
        counters = [pair[bool(self.recent)] for pair in self.pairs]
        conditional, ending = [False, False], None
        for half, entry in enumerate(self.entries):
            if (entry is None or entry["kind"] == NONE
                    or entry["tag"] != (pc >> 3) // HALF_ENTRIES % 256
                    or entry["last"] < (pc >> 1 & 3)):
                continue
            conditional[half] = entry["kind"] == BRANCH
            if ending is None and (not conditional[half] or counters[half] >= 2):
                target = (self.links[self.pointer] if entry["kind"] == RETURN
                          else pc >> 25 << 25 | entry["target"])
                ending = entry | {"target": target, "half": half}
        following = (pc >> 3) + 1 << 3 & PC_MASK
        return {"ending": ending, "conditional": conditional, "counters": counters,
                "next": ending["target"] if ending else following}

    def push(self, link: int) -> None:
        self.pointer = (self.pointer + 1) % PARAMS.ras_entries
        self.links[self.pointer] = link

    def pop(self) -> None:
        self.pointer = (self.pointer - 1) % PARAMS.ras_entries

    def accept(self, pc: int, prediction: dict) -> None:
        self.history = self.settled()
        ending, conditional = prediction["ending"], prediction["conditional"]
        reached = conditional[0] or (conditional[1] and not (ending and ending["half"] == 0))
        self.recent = ending is not None if reached else None
        if ending and ending["kind"] == CALL:
            self.push((pc >> 3 << 3) + 2 * ending["last"] + 2 & PC_MASK)
        elif ending and ending["kind"] == RETURN:
            self.pop()

    def restart(self, state: dict) -> None:
        self.history = state["history"]
        self.recent = bool(state["recent_taken"]) if state["recent_branch"] else None
        self.pointer = state["ras"]

    def redirect(self, redirect: dict) -> None:
        state = redirect["prediction"]
        self.restart(state)
        self.history, self.recent = self.settled(), False if state["after"] else None
        if redirect["branch"]:
            self.recent = bool(redirect["taken"])
        if redirect["call"]:
            self.push(redirect["link"])
        elif redirect["ret"]:
            self.pop()

    def train(self, train: dict) -> None:
        block, state = train["pc_last"] >> 3, train["prediction"]
        half = train["pc_last"] >> 2 & 1
        index = half, block % HALF_ENTRIES
        wrong, taken, kind = train["mispredicted"], train["taken"], train["kind"]
        written_entry = written_key = None
        if wrong and taken and kind != NONE:
            self.btb[index] = {
                "kind": kind, "last": train["pc_last"] >> 1 & 3,
                "tag": block // HALF_ENTRIES % 256, "target": train["target"] % (1 << 25)}
            written_entry = index[1]
        elif kind == NONE or (wrong and not taken and not state["hit"]):
            self.btb.pop(index, None)
            written_entry = index[1]
        if kind == BRANCH and (state["hit"] or (wrong and taken)):
            counter = state["counter"]
            if not state["hit"]:
                counter = max(counter, 2)
            else:
                counter = min(counter + 1, 3) if taken else max(counter - 1, 0)
            bank = int(state["recent_branch"] and state["recent_taken"])
            written_key = self.key(block, state["history"])
            self.counters[half, bank, written_key] = counter
        self.written_keys = written_entry, written_key

    def drop(self, pc: int) -> None:
        index = pc >> 2 & 1, (pc >> 3) % HALF_ENTRIES
        self.btb.pop(index, None)
        self.written_keys = index[1], None


class Stimulus:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.blocks = [rng.getrandbits(PC_BITS - 3) for _ in range(6)]
        self.blocks += [block ^ HALF_ENTRIES for block in self.blocks[:3]]
        self.states = [0] * 4

    def pc(self) -> int:
        return self.rng.choice(self.blocks) << 3 | self.rng.randrange(4) << 1

    def state(self) -> dict:
        rng = self.rng
        packed = (rng.choice(self.states) if rng.random() < 0.8
                  else rng.getrandbits(predictor_state_layout(PARAMS).size))
        return unpack(predictor_state_layout(PARAMS), packed)

    def prediction(self) -> dict:
        state = self.state()
        del state["counters"]
        return state | {"counter": self.rng.randrange(4), "hit": self.rng.getrandbits(1),
                        "after": self.rng.getrandbits(1)}

    def redirect(self) -> dict:
        kind = self.rng.choice(("branch", "call", "ret", "none"))
        return {"pc": self.pc(), "prediction": self.prediction(), "branch": kind == "branch",
                "taken": self.rng.getrandbits(1), "call": kind == "call", "ret": kind == "ret",
                "link": self.pc()}

    def train(self) -> dict:
        rng = self.rng
        return {"pc_last": self.pc(), "kind": rng.choice(list(BranchKind)).value,
                "taken": rng.random() < 0.7,
                "mispredicted": rng.getrandbits(1), "target": self.pc(),
                "prediction": self.prediction()}


@cocotb.test()
async def predicts_as_the_model(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    dut._log.info(f"seed {cocotb.RANDOM_SEED}")
    stimulus, model = Stimulus(rng), Model()
    for name in ("p_en", "f_valid", "f_accept", "redirect__valid", "restart", "train__valid",
                 "drop"):
        getattr(dut, name).value = 0
    await clock.start(dut)
    f_valid, pc = False, 0
    taken = collisions = 0
    for _ in range(20_000):
        happens = {name: rng.random() < p for name, p in (
            ("redirect", 0.1), ("restart", 0.05), ("train", 0.3), ("drop", 0.05))}
        redirect, train = stimulus.redirect(), stimulus.train()
        restart_state, drop_pc = stimulus.state(), stimulus.pc()
        # The result of a colliding read is unreliable, so F must always read again.
        again = f_valid and model.collided()
        collisions += again
        f_read = f_valid and not again
        stall = f_read and rng.random() < 0.2
        accept = f_read and not stall and rng.random() < 0.8
        p_en = happens["redirect"] or not stall

        dut.redirect__valid.value = happens["redirect"]
        dut.redirect__p.value = pack(redirect_layout(PARAMS), redirect)
        dut.restart.value = happens["restart"]
        dut.restart_state.value = pack(predictor_state_layout(PARAMS), restart_state)
        dut.train__valid.value = happens["train"]
        dut.train__p.value = pack(train_layout(PARAMS), train)
        dut.drop.value = happens["drop"]
        dut.drop_pc.value = drop_pc
        dut.f_valid.value, dut.f_pc.value, dut.f_accept.value = f_valid, pc, accept
        dut.p_en.value = p_en
        await ReadOnly()

        assert dut.f_again.value == again
        assert dut.drop_done.value == (not happens["train"])
        expected = model.predict(pc)
        if f_read:
            branches = unpack(BLOCK_BRANCHES, int(dut.f_branches.value))
            ending = expected["ending"]
            assert branches["taken"] == (ending is not None)
            for half in range(2):
                assert (branches["conditional"] >> half & 1) == expected["conditional"][half]
                if expected["conditional"][half]:
                    assert branches["lasts"] >> half & 1 == model.entries[half]["last"] & 1
            fetch_pc = expected["next"]
            if ending:
                taken += 1
                assert branches["taken_half"] == ending["half"]
                assert branches["lasts"] >> ending["half"] & 1 == ending["last"] & 1
                assert int(dut.f_target.value) == ending["target"]
            packed = int(dut.f_state.value)
            state = unpack(predictor_state_layout(PARAMS), packed)
            state["recent_taken"] &= state["recent_branch"]
            assert state == {
                "history": model.history, "recent_branch": model.recent is not None,
                "recent_taken": bool(model.recent), "ras": model.pointer,
                "counters": dict(enumerate(expected["counters"]))}
            stimulus.states[rng.randrange(4)] = packed
        else:
            fetch_pc = pc >> 3 << 3

        if happens["redirect"]:
            fetch_pc = redirect["pc"]
        assert int(dut.p_pc.value) == fetch_pc
        settled = model.settled() if f_read else model.history
        if happens["redirect"]:
            model.redirect(redirect)
            settled = model.history
        elif happens["restart"]:
            model.restart(restart_state)
        elif accept:
            model.accept(pc, expected)
        model.read_keys = model.written_keys = (None, None)
        if p_en:
            model.read(fetch_pc >> 3, settled)
        if happens["train"]:
            model.train(train)
        elif happens["drop"]:
            model.drop(drop_pc)

        if happens["redirect"]:
            f_valid, pc = True, fetch_pc
        elif happens["restart"]:
            f_valid, pc = False, stimulus.pc()
        elif not f_valid:
            f_valid = True
        elif accept:
            pc = fetch_pc
        elif not (stall or again):
            f_valid = False
        await FallingEdge(dut.clk)
    assert taken > 500
    assert collisions > 100


def test_predict():
    run_cocotb(Predictor(PARAMS), __name__, "predict")
