//! Decoded instructions, in blocks.
//!
//! A block begins where something jumped to. It goes on behind branches (which leave it if they are
//! taken) and through jumps that go forwards within the page. It lies within one physical page, so its
//! translation is looked up once. Blocks are found by their place in memory; a table by virtual
//! address makes that fast.

use std::collections::HashMap;

use crate::decode::{Code, Op, decode, length};
use crate::memory::Memory;

/// Instructions of a block at most. More would make turns of harts uneven.
const MAX_INSTRUCTIONS: usize = 64;
/// Blocks that are kept. When there are more, all are forgotten.
const MAX_BLOCKS: usize = 1 << 16;
const TABLE: usize = 1 << 13;
const PAGE: usize = 4096;

/// A decoded block.
#[derive(Clone)]
pub struct Block {
    ops: Box<[Op]>,
    /// What it was decoded from, and where that is.
    source: Box<[u8]>,
    offset: usize,
    /// When the source was last known to be what memory holds.
    epoch: u32,
}

impl Block {
    /// A block that is used once.
    pub fn new(ops: Box<[Op]>) -> Self {
        Self { ops, source: Box::new([]), offset: 0, epoch: 0 }
    }

    /// Its operations.
    #[inline(always)]
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }
}

#[derive(Clone, Copy)]
struct Known {
    tag: u64,
    generation: u32,
    number: u32,
}

/// The blocks of a hart.
#[derive(Clone)]
pub struct Blocks {
    blocks: Vec<Block>,
    by_offset: HashMap<usize, usize>,
    table: Box<[Known; TABLE]>,
    epoch: u32,
}

impl Default for Blocks {
    fn default() -> Self {
        Self::new()
    }
}

impl Blocks {
    /// None yet.
    pub fn new() -> Self {
        Self {
            blocks: Vec::new(),
            by_offset: HashMap::new(),
            table: Box::new([Known { tag: u64::MAX, generation: 0, number: 0 }; TABLE]),
            epoch: 0,
        }
    }

    /// The number of the block at `pc`, if the table knows it.
    #[inline(always)]
    pub fn known(&self, pc: u64, context: usize, generation: u32) -> Option<usize> {
        let known = &self.table[slot(pc)];
        let hit = known.tag == tag(pc, context) && known.generation == generation;
        hit.then_some(known.number as usize)
    }

    /// Notes the number of the block at `pc`.
    pub fn remember(&mut self, pc: u64, context: usize, generation: u32, number: usize) {
        self.table[slot(pc)] = Known { tag: tag(pc, context), generation, number: number as u32 };
    }

    /// A block by its number.
    #[inline(always)]
    pub fn get(&self, number: usize) -> &Block {
        &self.blocks[number]
    }

    /// FENCE.I: blocks are compared with memory before they are used again
    /// ([`crate::choices::FETCH_SEES_STORES_AT_FENCE_I`]). The caller also forgets translations, which
    /// empties the table.
    pub fn refetch(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// The block at an offset in memory, decoded now if need be; `None` if its first instruction
    /// goes on on the next page.
    pub fn at(&mut self, memory: &Memory, offset: usize) -> Option<usize> {
        if let Some(&number) = self.by_offset.get(&offset) {
            let block = &mut self.blocks[number];
            if block.epoch != self.epoch {
                if memory.slice(block.offset, block.source.len()) != Some(&block.source) {
                    *block = build(memory, offset, self.epoch)?;
                }
                block.epoch = self.epoch;
            }
            return Some(number);
        }
        let block = build(memory, offset, self.epoch)?;
        if self.blocks.len() == MAX_BLOCKS {
            self.blocks.clear();
            self.by_offset.clear();
            self.table.fill(Known { tag: u64::MAX, generation: 0, number: 0 });
        }
        self.blocks.push(block);
        self.by_offset.insert(offset, self.blocks.len() - 1);
        Some(self.blocks.len() - 1)
    }
}

#[inline(always)]
fn slot(pc: u64) -> usize {
    (pc >> 1) as usize % TABLE
}

/// Addresses that can be fetched from are sign-extended, so the context fits in.
#[inline(always)]
fn tag(pc: u64, context: usize) -> u64 {
    pc << 2 | context as u64
}

fn build(memory: &Memory, start: usize, epoch: u32) -> Option<Block> {
    let page_end = (start | (PAGE - 1)) + 1;
    let page = memory.slice(start, page_end - start)?;
    let mut ops: Vec<Op> = Vec::new();
    let mut at = 0;
    let mut end = 0;
    let closed = loop {
        let Some(insn) = instruction(page, at) else { break false };
        if ops.len() == MAX_INSTRUCTIONS {
            break false;
        }
        let mut op = decode(insn);
        op.offset = at as u16;
        op.count = ops.len() as u8 + 1;
        if op.is_relative() {
            op.imm += at as i64;
        }
        at += usize::from(op.length);
        end = end.max(at);
        let forwards = op.code == Code::Jal && (at as i64..page.len() as i64).contains(&op.imm);
        if forwards {
            at = op.imm as usize;
            op.code = Code::Link;
        }
        ops.push(op);
        if op.code.ends_block() {
            break true;
        }
    };
    let count = ops.len() as u8;
    if count == 0 {
        return None;
    }
    if !closed {
        ops.push(Op { code: Code::End, count, offset: at as u16, ..Op::default() });
    }
    Some(Block { ops: ops.into(), source: page[..end].into(), offset: start, epoch })
}

/// The instruction at `at`, if all of it is on the page.
fn instruction(page: &[u8], at: usize) -> Option<u32> {
    let low = u32::from(u16::from_le_bytes(*page.get(at..)?.first_chunk()?));
    if length(low) == 2 {
        return Some(low);
    }
    Some(u32::from_le_bytes(*page.get(at..)?.first_chunk()?))
}
