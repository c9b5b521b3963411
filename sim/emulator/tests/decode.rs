//! Compressed instructions decode as what they stand for.

use emulator::decode::{Code, Op, decode};

/// Compressed and full encodings of the same instruction, from an assembler.
const PAIRS: [(u32, u32); 27] = [
    (0x0808, 0x0101_0513), // addi a0, sp, 16
    (0x41C8, 0x0045_A503), // lw a0, 4(a1)
    (0x6588, 0x0085_B503), // ld a0, 8(a1)
    (0xC1C8, 0x00A5_A223), // sw a0, 4(a1)
    (0xE588, 0x00A5_B423), // sd a0, 8(a1)
    (0x157D, 0xFFF5_0513), // addi a0, a0, -1
    (0x2505, 0x0015_051B), // addiw a0, a0, 1
    (0x6125, 0x0601_0113), // addi sp, sp, 96
    (0x8105, 0x0015_5513), // srli a0, a0, 1
    (0x957D, 0x43F5_5513), // srai a0, a0, 63
    (0x8909, 0x0025_7513), // andi a0, a0, 2
    (0x8D0D, 0x40B5_0533), // sub a0, a0, a1
    (0x8D2D, 0x00B5_4533), // xor a0, a0, a1
    (0x8D4D, 0x00B5_6533), // or a0, a0, a1
    (0x8D6D, 0x00B5_7533), // and a0, a0, a1
    (0x9D0D, 0x40B5_053B), // subw a0, a0, a1
    (0x9D2D, 0x00B5_053B), // addw a0, a0, a1
    (0x0506, 0x0015_1513), // slli a0, a0, 1
    (0x4512, 0x0041_2503), // lw a0, 4(sp)
    (0x6522, 0x0081_3503), // ld a0, 8(sp)
    (0x8082, 0x0000_8067), // jalr x0, 0(ra)
    (0x9502, 0x0005_00E7), // jalr ra, 0(a0)
    (0x852E, 0x00B0_0533), // add a0, x0, a1
    (0x952E, 0x00B5_0533), // add a0, a0, a1
    (0xC22A, 0x00A1_2223), // sw a0, 4(sp)
    (0xE42A, 0x00A1_3423), // sd a0, 8(sp)
    (0x7139, 0xFC01_0113), // addi sp, sp, -64
];

#[test]
fn pairs_are_equal() {
    for (short, long) in PAIRS {
        let (mut short_op, mut long_op) = (decode(short), decode(long));
        assert_eq!((short_op.length, long_op.length), (2, 4), "{short:04x}");
        (short_op.length, long_op.length) = (0, 0);
        // The second operand of what has an immediate is not used.
        let takes_rs2 = matches!(
            long_op.code,
            Code::Add | Code::Sub | Code::Xor | Code::Or | Code::And | Code::Addw | Code::Subw
        ) || matches!(long_op.code, Code::Sw | Code::Sd);
        let stores = matches!(long_op.code, Code::Sw | Code::Sd);
        for op in [&mut short_op, &mut long_op] {
            op.rs2 = if takes_rs2 { op.rs2 } else { 0 };
            op.rd = if stores { 0 } else { op.rd };
        }
        assert_eq!(short_op, long_op, "{short:04x}");
    }
}

#[test]
fn jumps_and_branches_go_where_the_specification_says() {
    // j -2, j +2046, beqz a0 -256, bnez a0 +254, jal ra -4, beq x0, x0, +4094
    let offsets = [
        (0xBFFD, -2),
        (0xAFFD, 2046),
        (0xD101, -256),
        (0xED7D, 254),
        (0xFFDF_F0EF, -4),
        (0x7E00_0FE3, 4094),
    ];
    for (insn, offset) in offsets {
        assert_eq!(decode(insn).imm, offset, "{insn:x}");
    }
}

#[test]
fn reserved_encodings_are_illegal() {
    let reserved = [
        0x0000, // all zeros
        0x0004, // C.ADDI4SPN with 0
        0x2001, // C.ADDIW to x0
        0x6001, // C.LUI with 0
        0x4002, // C.LWSP to x0
        0x8002, // C.JR x0
        0x9C41, // reserved
        0x2000, // C.FLD
        0x0000_007F,
        0x0000_2063, // branch, funct3 2
        0x0000_7003, // load, funct3 7
        0x0200_101B, // SLLIW by 32
        0x1010_202F, // LR.W with rs2
        0x0000_207B, // UIPI as specification 0.1.1 has it
        0x0A00_607B, // UIPI, operation 5
        0x0010_607B, // UIPI with rs2
    ];
    for insn in reserved {
        assert_eq!(decode(insn).code, Code::Illegal, "{insn:08x}");
    }
}

#[test]
fn nothing_is_written_to_x0() {
    for insn in [0x0000_0013, 0x0000_0037, 0x0000_006F, 0x0001, 0x4001] {
        let op: Op = decode(insn);
        assert_eq!((op.rd, op.written()), (emulator::decode::SINK, 0), "{insn:x}");
    }
}
