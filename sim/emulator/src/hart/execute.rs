//! The interpreter's inner loop.

use super::alu::{self, word};
use super::translate::Access;
use super::{Hart, Trap, held_address};
use crate::blocks::{Block, Blocks};
use crate::bus::Bus;
use crate::decode::{Code, Op, decode, length};

/// What must be done after a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing: the next block follows.
    Next,
    /// Interrupts may have changed, or where instructions come from.
    Look,
    /// FENCE.I: instructions may have changed.
    Refetch,
}

impl Hart {
    /// Runs until `counters.cycles` is `end` or somewhat more, until WFI waits, or until a device was
    /// accessed and `yields`. It may stop in the middle of nothing: every instruction is whole.
    pub fn run(&mut self, bus: &mut Bus, blocks: &mut Blocks, end: u64, yields: bool) {
        if bus.debug.step == Some(self.id) {
            return self.run_one(bus, blocks, end);
        }
        self.look(bus);
        while self.counters.cycles < end && !self.waiting {
            let (data, fetch) = self.contexts();
            let exit = self.run_blocks(bus, blocks, end, data, fetch);
            if exit == Exit::Refetch {
                blocks.refetch();
                self.flush_tlb();
            }
            if bus.finisher.end().is_some() || bus.stored.is_some() || bus.debug.hit.is_some() {
                return;
            }
            let touched = std::mem::take(&mut bus.touched);
            self.look(bus);
            if touched && yields {
                return;
            }
        }
    }

    /// The same for a debugger's step: one instruction or trap, none if the hart waits.
    #[cold]
    fn run_one(&mut self, bus: &mut Bus, blocks: &mut Blocks, end: u64) {
        let traps = self.traps;
        self.look(bus);
        if self.traps == traps {
            if self.waiting || self.counters.cycles >= end {
                return;
            }
            if self.step(bus) == Exit::Refetch {
                blocks.refetch();
                self.flush_tlb();
            }
            bus.touched = false;
        }
        bus.debug.stepped(self.id);
    }

    /// Executes exactly one instruction or takes one trap. Interrupts come first.
    pub fn step(&mut self, bus: &mut Bus) -> Exit {
        match self.fetch(bus, self.pc) {
            Err(trap) => {
                self.take_exception(trap);
                self.counters.cycles += 1;
                Exit::Look
            }
            Ok(insn) => {
                let op = Op { count: 1, ..decode(insn) };
                let end = Op { code: Code::End, count: 1, offset: op.length.into(), ..op };
                let (data, _) = self.contexts();
                let block = Block::new([op, end].into());
                self.run_block(bus, &block, self.pc, self.counters.cycles, data)
            }
        }
    }

    /// Takes an interrupt, if one is to be taken now.
    pub fn look(&mut self, bus: &mut Bus) {
        self.look_at_lines(bus, self.counters.cycles);
        if self.waiting && self.wakes() {
            self.waiting = false;
        }
        if let Some((mode, cause)) = self.next_interrupt() {
            self.take_interrupt(mode, cause);
            self.counters.cycles += 1;
        }
    }

    fn run_blocks(
        &mut self,
        bus: &mut Bus,
        blocks: &mut Blocks,
        end: u64,
        data: usize,
        fetch: usize,
    ) -> Exit {
        while self.counters.cycles < end {
            let generation = self.tlb.generation();
            let number = match blocks.known(self.pc, fetch, generation) {
                Some(number) => number,
                None => match self.find(bus, blocks, fetch) {
                    Some(number) => number,
                    None if bus.debug.stops_before(self.id, self.pc) => return Exit::Look,
                    None => return self.step(bus),
                },
            };
            let exit = self.run_block(bus, blocks.get(number), self.pc, end, data);
            if exit != Exit::Next {
                return exit;
            }
        }
        Exit::Next
    }

    /// The block at `pc`; `None` if its first instruction faults or lies on two pages, or if a
    /// debugger wants to see every instruction of the page.
    #[cold]
    fn find(&mut self, bus: &Bus, blocks: &mut Blocks, context: usize) -> Option<usize> {
        if bus.debug.breaks_in_page(self.pc) {
            return None;
        }
        let offset = match self.tlb.fetch(context, self.pc) {
            Some(offset) => offset,
            None => {
                let place = self.translate(bus, self.pc, Access::Fetch).ok()?;
                let (offset, _) = bus.memory.locate(place.paddr)?;
                self.tlb.learn_fetch(context, self.pc, offset);
                offset
            }
        };
        let number = blocks.at(&bus.memory, offset)?;
        blocks.remember(self.pc, context, self.tlb.generation(), number);
        Some(number)
    }

    /// The bits of the instruction at `pc`.
    pub fn fetch(&self, bus: &Bus, pc: u64) -> Result<u32, Trap> {
        let pc = super::sign_extend(pc, crate::choices::PC_BITS);
        let half = |vaddr: u64| {
            let place = self
                .translate(bus, vaddr, Access::Fetch)
                .map_err(|fault| fault.trap(Access::Fetch, vaddr))?;
            let at = bus.memory.locate(place.paddr);
            Ok(at.map_or(0, |(at, _)| u32::from(u16::from_le_bytes(bus.memory.read(at)))))
        };
        let low = half(pc)?;
        if length(low) == 2 { Ok(low) } else { Ok(low | half(pc.wrapping_add(2))? << 16) }
    }

    /// Executes a block at `base` once, or, if it jumps to its own start, until `end`.
    #[inline(always)]
    fn run_block(
        &mut self,
        bus: &mut Bus,
        block: &Block,
        base: u64,
        end: u64,
        context: usize,
    ) -> Exit {
        macro_rules! x {
            ($register:expr) => {
                self.regs[usize::from($register)]
            };
        }
        macro_rules! load {
            ($op:ident, $type:ty) => {{
                const SIZE: u64 = size_of::<$type>() as u64;
                let vaddr = x!($op.rs1).wrapping_add($op.imm as u64);
                let entry = self.tlb.data(context, vaddr);
                if entry.load == vaddr & (!0xFFF | (SIZE - 1)) {
                    let at = vaddr.wrapping_add(entry.addend) as usize;
                    x!($op.rd) = <$type>::from_le_bytes(bus.memory.read(at)) as i64 as u64;
                } else {
                    let cycle = self.counters.cycles + u64::from($op.count) - 1;
                    match self.load_slow(bus, vaddr, SIZE, cycle) {
                        Ok(value) => x!($op.rd) = value as $type as i64 as u64,
                        Err(trap) => return self.fault($op, base, trap),
                    }
                    if bus.touched {
                        return self.pause($op, base);
                    }
                }
            }};
        }
        macro_rules! store {
            ($op:ident, $type:ty) => {{
                const SIZE: u64 = size_of::<$type>() as u64;
                let vaddr = x!($op.rs1).wrapping_add($op.imm as u64);
                let entry = self.tlb.data(context, vaddr);
                let value = x!($op.rs2);
                if entry.store == vaddr & (!0xFFF | (SIZE - 1)) {
                    let at = vaddr.wrapping_add(entry.addend) as usize;
                    bus.memory.write(at, (value as $type).to_le_bytes());
                } else {
                    let cycle = self.counters.cycles + u64::from($op.count) - 1;
                    if let Err(trap) = self.store_slow(bus, vaddr, SIZE, value, cycle) {
                        return self.fault($op, base, trap);
                    }
                    if bus.touched || bus.stored.is_some() {
                        return self.pause($op, base);
                    }
                }
            }};
        }
        'again: loop {
            macro_rules! jump_if {
                ($op:ident, $taken:expr) => {
                    if $taken {
                        self.retire(u64::from($op.count));
                        if $op.imm == 0 && self.counters.cycles < end {
                            continue 'again;
                        }
                        self.pc = base.wrapping_add($op.imm as u64);
                        return Exit::Next;
                    }
                };
            }
            for op in block.ops() {
                let (a, b) = (x!(op.rs1), x!(op.rs2));
                let imm = op.imm as u64;
                match op.code {
                    Code::Li => x!(op.rd) = imm,
                    Code::Auipc => x!(op.rd) = base.wrapping_add(imm),
                    Code::Jal => {
                        x!(op.rd) = self.following(op, base);
                        jump_if!(op, true);
                    }
                    Code::Link => x!(op.rd) = self.following(op, base),
                    Code::Jalr => {
                        x!(op.rd) = self.following(op, base);
                        self.retire(u64::from(op.count));
                        self.pc = held_address(a.wrapping_add(imm) & !1);
                        return Exit::Next;
                    }
                    Code::Beq => jump_if!(op, a == b),
                    Code::Bne => jump_if!(op, a != b),
                    Code::Blt => jump_if!(op, (a as i64) < b as i64),
                    Code::Bge => jump_if!(op, a as i64 >= b as i64),
                    Code::Bltu => jump_if!(op, a < b),
                    Code::Bgeu => jump_if!(op, a >= b),
                    Code::Lb => load!(op, i8),
                    Code::Lh => load!(op, i16),
                    Code::Lw => load!(op, i32),
                    Code::Ld => load!(op, u64),
                    Code::Lbu => load!(op, u8),
                    Code::Lhu => load!(op, u16),
                    Code::Lwu => load!(op, u32),
                    Code::Sb => store!(op, u8),
                    Code::Sh => store!(op, u16),
                    Code::Sw => store!(op, u32),
                    Code::Sd => store!(op, u64),
                    Code::Addi => x!(op.rd) = a.wrapping_add(imm),
                    Code::Slti => x!(op.rd) = u64::from((a as i64) < imm as i64),
                    Code::Sltiu => x!(op.rd) = u64::from(a < imm),
                    Code::Xori => x!(op.rd) = a ^ imm,
                    Code::Ori => x!(op.rd) = a | imm,
                    Code::Andi => x!(op.rd) = a & imm,
                    Code::Slli => x!(op.rd) = a << (imm & 63),
                    Code::Srli => x!(op.rd) = a >> (imm & 63),
                    Code::Srai => x!(op.rd) = (a as i64 >> (imm & 63)) as u64,
                    Code::Addiw => x!(op.rd) = word(a.wrapping_add(imm) as i32),
                    Code::Slliw => x!(op.rd) = word((a as i32) << (imm & 31)),
                    Code::Srliw => x!(op.rd) = word((a as u32 >> (imm & 31)) as i32),
                    Code::Sraiw => x!(op.rd) = word(a as i32 >> (imm & 31)),
                    Code::Add => x!(op.rd) = a.wrapping_add(b),
                    Code::Sub => x!(op.rd) = a.wrapping_sub(b),
                    Code::Sll => x!(op.rd) = a << (b & 63),
                    Code::Slt => x!(op.rd) = u64::from((a as i64) < b as i64),
                    Code::Sltu => x!(op.rd) = u64::from(a < b),
                    Code::Xor => x!(op.rd) = a ^ b,
                    Code::Srl => x!(op.rd) = a >> (b & 63),
                    Code::Sra => x!(op.rd) = (a as i64 >> (b & 63)) as u64,
                    Code::Or => x!(op.rd) = a | b,
                    Code::And => x!(op.rd) = a & b,
                    Code::Addw => x!(op.rd) = word(a.wrapping_add(b) as i32),
                    Code::Subw => x!(op.rd) = word(a.wrapping_sub(b) as i32),
                    Code::Sllw => x!(op.rd) = word((a as i32) << (b & 31)),
                    Code::Srlw => x!(op.rd) = word((a as u32 >> (b & 31)) as i32),
                    Code::Sraw => x!(op.rd) = word(a as i32 >> (b & 31)),
                    Code::Mul => x!(op.rd) = a.wrapping_mul(b),
                    Code::Mulh => x!(op.rd) = alu::mulh(a, b),
                    Code::Mulhsu => x!(op.rd) = alu::mulhsu(a, b),
                    Code::Mulhu => x!(op.rd) = alu::mulhu(a, b),
                    Code::Div => x!(op.rd) = alu::div(a, b),
                    Code::Divu => x!(op.rd) = alu::divu(a, b),
                    Code::Rem => x!(op.rd) = alu::rem(a, b),
                    Code::Remu => x!(op.rd) = alu::remu(a, b),
                    Code::Mulw => x!(op.rd) = word((a as i32).wrapping_mul(b as i32)),
                    Code::Divw => x!(op.rd) = alu::divw(a, b),
                    Code::Divuw => x!(op.rd) = alu::divuw(a, b),
                    Code::Remw => x!(op.rd) = alu::remw(a, b),
                    Code::Remuw => x!(op.rd) = alu::remuw(a, b),
                    Code::Fence => {}
                    Code::LrW | Code::LrD | Code::ScW | Code::ScD | Code::AmoW | Code::AmoD => {
                        if let Err(trap) = self.atomic(bus, op) {
                            return self.fault(op, base, trap);
                        }
                        if bus.stored.is_some() {
                            return self.pause(op, base);
                        }
                    }
                    Code::End => {
                        self.retire(u64::from(op.count));
                        self.pc = base.wrapping_add(u64::from(op.offset));
                        return Exit::Next;
                    }
                    _ => return self.run_system(bus, op, base),
                }
            }
            unreachable!("a block ends with a jump, a system instruction or its end");
        }
    }

    /// The address after `op`.
    #[inline(always)]
    fn following(&self, op: &Op, base: u64) -> u64 {
        base.wrapping_add(u64::from(op.offset) + u64::from(op.length))
    }

    #[inline(always)]
    fn retire(&mut self, count: u64) {
        self.counters.retired += count;
        self.counters.cycles += count;
    }

    /// Takes the trap of `op`. It does not retire, but takes a cycle.
    #[cold]
    fn fault(&mut self, op: &Op, base: u64, trap: Trap) -> Exit {
        self.retire(u64::from(op.count) - 1);
        self.pc = base.wrapping_add(u64::from(op.offset));
        if trap == Trap::DEBUGGER {
            return Exit::Look;
        }
        self.take_exception(trap);
        self.counters.cycles += 1;
        Exit::Look
    }

    /// Leaves the block behind `op`, which is complete.
    #[cold]
    fn pause(&mut self, op: &Op, base: u64) -> Exit {
        self.retire(u64::from(op.count));
        self.pc = self.following(op, base);
        Exit::Look
    }

    #[inline(never)]
    fn run_system(&mut self, bus: &mut Bus, op: &Op, base: u64) -> Exit {
        self.retire(u64::from(op.count) - 1);
        self.pc = base.wrapping_add(u64::from(op.offset));
        let exit = match self.system(bus, op) {
            Ok(exit) => {
                self.counters.retired += 1;
                exit
            }
            Err(trap) => {
                self.take_exception(trap);
                Exit::Look
            }
        };
        self.counters.cycles += 1;
        exit
    }
}
