//! Address spaces: `satp`, SFENCE.VMA, ASIDs, and M-mode in the place of others (MPRV).

use crate::{
    check::{Check, Test, test},
    space::{self, RWX, data_page, peek, poke, run},
    translation::{Access, CONTENT, VADDR, with_entry},
};
use bare::{
    encode::{A0, A1, A2, CsrOp, NOP, X0, csr, csrc, csrs, csrw, ld, sfence_vma},
    guest::{Mode, Trap},
    machine::set,
};
use hal::{
    csr::status,
    soc::{cause, csr as number},
};
use sv39::{Entry, Flags};

pub const TESTS: &[Test] = &[
    test("sfence.vma", "priv 4.2.1", sfence),
    test("sfence.vma.asid", "priv 4.2.1, 4.1.11", asids),
    test("sfence.vma.global", "priv 4.2.1, 4.3.1", global),
    test("satp.bare", "priv 4.1.11", bare_mode),
    test("sv39.mprv", "priv 3.1.6.3", mprv),
    test("sv39.not_in_m", "priv 4.1.11", not_in_machine),
];

/// Fills data pages 0 and 1 with 100 and 101.
fn fill() {
    poke(data_page(0), 100);
    poke(data_page(1), 101);
}

/// Loads from [`VADDR`] in S-mode after `before`, with `a1` = [`VADDR`] and `a2` = `asid`.
fn load_after(before: u32, asid: usize) -> usize {
    run(Mode::Supervisor, &[before, ld(A0, A1)], &[0, VADDR, asid]).a0()
}

/// A load by M-mode with MPRV set and `MPP` = `mode`.
fn load_as(mode: Mode, address: usize) -> Trap {
    let code = [
        csrc(number::MSTATUS, A2),
        csrs(number::MSTATUS, A0),
        ld(A0, A1),
        csrc(number::MSTATUS, A2),
    ];
    let set = (mode as usize) << status::MPP_SHIFT | status::MPRV;
    run(Mode::Machine, &code, &[set, address, status::MPP | status::MPRV])
}

fn sfence(check: &mut Check) {
    fill();
    let fences = [sfence_vma(X0, X0), sfence_vma(A1, X0), sfence_vma(X0, A2), sfence_vma(A1, A2)];
    for fence in fences {
        let mut space = space::new(0);
        space.map(VADDR, data_page(0), 0, RWX).expect("nothing is there");
        space::select(&space, 3);
        check.eq("before", load_after(NOP, 3), 100);
        *space.entry(VADDR, 0).expect("there") = Entry::new(data_page(1), RWX);
        check.eq("after", load_after(fence, 3), 101);
        *space.entry(VADDR, 0).expect("there") = Entry::INVALID;
        let trap = run(Mode::Supervisor, &[fence, ld(A0, A1)], &[0, VADDR, 3]);
        check.trapped("after removal", &trap, Mode::Machine, cause::LOAD_PAGE);
    }
}

fn asids(check: &mut Check) {
    fill();
    let mut spaces = [space::new(0), space::new(1)];
    for (index, space) in spaces.iter_mut().enumerate() {
        space.map(VADDR, data_page(index), 0, RWX).expect("nothing is there");
    }
    bare::machine::sfence();
    for _ in 0..3 {
        for (index, space) in spaces.iter().enumerate() {
            space::switch(space, 1 + index);
            check.eq("each its own, without a fence", load_after(NOP, 0), 100 + index);
        }
    }
    // The test needs no fence for the other address space, and the fence for this one must work.
    space::switch(&spaces[0], 1);
    *spaces[0].entry(VADDR, 0).expect("there") = Entry::new(data_page(1), RWX);
    check.eq("fenced by ASID", load_after(sfence_vma(X0, A2), 1), 101);
    let change = [csr(CsrOp::Rw, X0, number::SATP, A0), ld(A0, A1)];
    let trap = run(Mode::Supervisor, &change, &[spaces[1].satp(2), VADDR]);
    check.eq("switched by S-mode itself", trap.a0(), 101);
}

fn global(check: &mut Check) {
    fill();
    let mut spaces = [space::new(0), space::new(1)];
    for space in &mut spaces {
        space.map(VADDR, data_page(0), 0, RWX | Flags::GLOBAL).expect("nothing is there");
    }
    bare::machine::sfence();
    for (index, space) in spaces.iter_mut().enumerate() {
        space::switch(space, 1 + index);
        check.eq("global page", load_after(NOP, 0), 100);
        *space.entry(VADDR, 0).expect("there") = Entry::new(data_page(1), RWX | Flags::GLOBAL);
    }
    check.eq("fence of the address", load_after(sfence_vma(A1, X0), 0), 101);
}

fn bare_mode(check: &mut Check) {
    with_entry(0, Entry::new(data_page(0), RWX));
    let address = data_page(2);
    poke(address, 55);
    check.ended("translated", &Access::Load.perform(Mode::Supervisor, VADDR));
    let trap = run(Mode::Supervisor, &[csrw(number::SATP, X0), ld(A0, A1)], &[0, address]);
    check.eq("bare again", trap.a0(), 55);
    let trap = run(Mode::Supervisor, &[ld(A0, A1)], &[0, VADDR]);
    check.trapped("no translation left", &trap, Mode::Machine, cause::LOAD_ACCESS);
    check.eq("page 0 untouched", peek(data_page(0)), CONTENT);
}

fn mprv(check: &mut Check) {
    with_entry(0, Entry::new(data_page(0), Flags::READY | Flags::READ | Flags::USER));
    let trap = load_as(Mode::User, VADDR);
    check.ended("as U", &trap);
    check.eq("loaded", trap.a0(), CONTENT);
    let trap = load_as(Mode::Supervisor, VADDR);
    check.trapped("as S, of a user page", &trap, Mode::Machine, cause::LOAD_PAGE);
    set::<{ number::MSTATUS }>(status::SUM);
    check.ended("as S with SUM", &load_as(Mode::Supervisor, VADDR));
    let trap = load_as(Mode::Machine, VADDR);
    check.trapped("as M: not translated", &trap, Mode::Machine, cause::LOAD_ACCESS);
    with_entry(0, Entry::new(data_page(0), Flags::READY | Flags::EXECUTE));
    check.is("X only: no load", !load_as(Mode::Supervisor, VADDR).ended);
    set::<{ number::MSTATUS }>(status::MXR);
    check.ended("X only with MXR", &load_as(Mode::Supervisor, VADDR));
}

fn not_in_machine(check: &mut Check) {
    with_entry(0, Entry::new(data_page(1), RWX));
    poke(data_page(1), 77);
    let trap = run(Mode::Machine, &[ld(A0, A1)], &[0, data_page(1)]);
    check.eq("M-mode uses physical addresses", trap.a0(), 77);
    let trap = run(Mode::Machine, &[ld(A0, A1)], &[0, VADDR]);
    check.trapped("M-mode is not translated", &trap, Mode::Machine, cause::LOAD_ACCESS);
}
