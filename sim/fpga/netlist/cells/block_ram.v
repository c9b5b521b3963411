// Block RAM of ECP5 (DP16KD), its numbered ports gathered into vectors.
//
// 512 rows of four bytes of 9 bits. Port A reads and writes, port B reads, at the edges of one
// clock. A port of 4, 2 or 1 bits uses the lower 8 bits of each byte. Data of 36 bits has its upper
// half at DIB and DOB. With 18 and 36 bits, the lowest bits of ADA enable the bytes of a write.
//
// In a write, the output of port A stays (NORMAL), becomes what is written (WRITETHROUGH) or what
// was there before (READBEFOREWRITE). What port B reads where port A writes at the same edge is
// undefined: here it is random. With +undefined, so are the contents at the start.
module BLOCK_RAM #(
    parameter DATA_WIDTH_A = 18,
    parameter DATA_WIDTH_B = 18,
    parameter WRITEMODE_A = "NORMAL",
    parameter WRITTEN = 1,  // what is only read always starts with INIT
    parameter [18431:0] INIT = 0
) (
    input CLK,
    input CEA, WEA,
    input [13:0] ADA,
    input [17:0] DIA,
    output [17:0] DOA,
    input CEB,
    input [13:0] ADB,
    input [17:0] DIB,
    output [17:0] DOB
);
    // The lowest bit of a port's data in its row.
    function [5:0] place(input integer width, input [4:0] address);
        case (width)
            36: place = 0;
            18: place = address[4] ? 18 : 0;
            9: place = 9 * address[4:3];
            4: place = 9 * address[4:3] + 4 * address[2];
            2: place = 9 * address[4:3] + 2 * address[2:1];
            default: place = 9 * address[4:3] + address[2:0];
        endcase
    endfunction

    // The bits that a write changes, counted from there.
    function [35:0] enabled(input integer width, input [3:0] bytes);
        case (width)
            36: enabled = {{9{bytes[3]}}, {9{bytes[2]}}, {9{bytes[1]}}, {9{bytes[0]}}};
            18: enabled = {18'b0, {9{bytes[1]}}, {9{bytes[0]}}};
            default: enabled = (36'b1 << width) - 1;
        endcase
    endfunction

    reg [35:0] rows [0:511];
    reg [35:0] seen_a, seen_b;
    reg undefined = $test$plusargs("undefined") != 0;
    integer i;

    initial begin
        seen_a = 0;
        seen_b = 0;
        for (i = 0; i < 512; i = i + 1)
            rows[i] = WRITTEN && undefined ? {$urandom, $urandom} : INIT[36 * i +: 36];
    end

    wire [5:0] place_a = place(DATA_WIDTH_A, ADA[4:0]);
    wire [5:0] place_b = place(DATA_WIDTH_B, ADB[4:0]);
    wire [35:0] row_a = rows[ADA[13:5]];
    wire [35:0] row_b = rows[ADB[13:5]];
    wire [35:0] mask = CEA & WEA ? enabled(DATA_WIDTH_A, ADA[3:0]) << place_a : 36'b0;
    wire [35:0] written = row_a & ~mask | ({DIB, DIA} << place_a) & mask;
    wire [35:0] lost = ADA[13:5] == ADB[13:5] ? mask : 36'b0;

    always @(posedge CLK) begin
        if (CEA & WEA) rows[ADA[13:5]] <= written;
        if (CEA && !(WEA && WRITEMODE_A == "NORMAL"))
            seen_a <= (WRITEMODE_A == "WRITETHROUGH" ? written : row_a) >> place_a;
        if (CEB) seen_b <= (row_b & ~lost | {$urandom, $urandom} & lost) >> place_b;
    end

    assign DOA = DATA_WIDTH_B == 36 ? seen_b[17:0] : seen_a[17:0];
    assign DOB = DATA_WIDTH_B == 36 ? seen_b[35:18] : seen_b[17:0];
endmodule
