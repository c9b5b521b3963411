// A single data rate SDRAM of 16 bits, with the rules of its data sheet.
//
// It takes commands at the rising edge of clk. Words that are read are on dq_o for the cycle before
// the CL-th edge after the command; at other times there is rubbish. Bursts have one word.
//
// The first rule that is broken is named in the output, and its number stays in fault: see
// sdram_model.py. With FATAL the simulation ends there. Times are in ps; they are the longest of
// the chips for which the controller is made.
module sdram_chip #(
    parameter integer COLUMN_BITS = 9,
    parameter integer PERIOD = 16667,
    parameter integer PAUSE = 200000000,
    parameter integer T_RCD = 21000,
    parameter integer T_RP = 21000,
    parameter integer T_RAS = 44000,
    parameter integer T_RC = 66000,
    parameter integer T_RRD = 15000,
    parameter integer T_RFC = 70000,
    parameter integer T_WR = 15000,      // and 2 cycles at least
    parameter integer T_REFI = 7812500,  // 64 ms / 8192
    parameter integer FATAL = 0,
    parameter IMAGE = ""                 // file of words in hexadecimal, to start with
) (
    input clk,
    input cke,
    input ras,
    input cas,
    input we,
    input [12:0] a,
    input [1:0] ba,
    input [1:0] dqm,
    input [15:0] dq_i,
    input dq_oe,
    output reg [15:0] dq_o,
    output reg [7:0] fault,
    output reg [31:0] refreshes
);
    localparam [15:0] RUBBISH = 16'hBAD1;
    localparam integer INIT_REFRESHES = 8;
    localparam integer BACKLOG = 2;  // refreshes that may be late at any time

    reg [15:0] words [0:(1 << (COLUMN_BITS + 15)) - 1];

    longint now;  // cycle
    longint activated [0:3];
    longint written [0:3];
    longint idle_from [0:3];  // cycle from which tRP counts
    longint last_activate, last_refresh, last_mode, cke_rise;
    longint unrefreshed;  // ps
    reg [3:0] open;
    reg [12:0] row [0:3];
    reg cke_before;
    reg precharged, mode_set;  // since cke rose
    integer init_refreshes;
    reg [1:0] latency;

    reg [1:0] dqm_before;
    reg read_1, read_2;  // data for the next cycle, and for the one after
    reg [15:0] data_1, data_2;
    reg driving;

    integer i;
    initial begin
        if (IMAGE != "") $readmemh(IMAGE, words);
        now = 0;
        open = 0;
        cke_before = 0;
        fault = 0;
        refreshes = 0;
        driving = 0;
        read_1 = 0;
        read_2 = 0;
        latency = 2;
        unrefreshed = 0;
        // All long ago.
        for (i = 0; i < 4; i = i + 1) begin
            activated[i] = -1000000;
            written[i] = -1000000;
            idle_from[i] = -1000000;
        end
        last_activate = -1000000;
        last_refresh = -1000000;
        last_mode = -1000000;
    end

    task broken(input [7:0] number, input string rule);
        if (fault == 0) begin
            fault <= number;
            $display("sdram, cycle %0d: %s", now, rule);
            if (FATAL != 0) $fatal(1, "sdram, cycle %0d: %s", now, rule);
        end
    endtask

    function automatic bit too_soon(input longint since, input integer ps);
        return (now - since) * PERIOD < ps;
    endfunction

    function automatic bit ready;
        return precharged && mode_set && init_refreshes >= INIT_REFRESHES;
    endfunction

    task quiet_banks;  // what refresh and mode register ask of the banks
        if (open != 0) broken(4, "a bank is open");
        for (i = 0; i < 4; i = i + 1)
            if (too_soon(idle_from[i], T_RP)) broken(5, "tRP");
    endtask

    task precharge(input [1:0] bank);
        if (open[bank]) begin
            if (too_soon(activated[bank], T_RAS)) broken(8, "tRAS");
            if (too_soon(written[bank], T_WR) || now - written[bank] < 2) broken(9, "tWR");
            open[bank] = 0;
            idle_from[bank] = now;
        end
    endtask

    task column(input write);
        reg [COLUMN_BITS + 14:0] word;
        word = {row[ba], ba, a[COLUMN_BITS - 1:0]};
        if (!open[ba]) broken(10, "no row is open");
        if (too_soon(activated[ba], T_RCD)) broken(11, "tRCD");
        if (write) begin
            if (!dq_oe) broken(12, "no data to write");
            if (!dqm[0]) words[word][7:0] <= dq_i[7:0];
            if (!dqm[1]) words[word][15:8] <= dq_i[15:8];
            written[ba] = now;
        end else if (latency == 2) begin
            read_1 = 1;
            data_1 = words[word];
        end else begin
            read_2 = 1;
            data_2 = words[word];
        end
        if (a[10]) begin  // the chip itself waits for tRAS and tWR
            open[ba] = 0;
            idle_from[ba] = now + 1;
            if (write) idle_from[ba] = now + 1 + (T_WR + PERIOD - 1) / PERIOD;
            if ((idle_from[ba] - activated[ba]) * PERIOD < T_RAS)
                idle_from[ba] = activated[ba] + (T_RAS + PERIOD - 1) / PERIOD;
        end
    endtask

    always @(posedge clk) begin
        now <= now + 1;
        cke_before <= cke;
        dqm_before <= dqm;

        if (driving && dq_oe) broken(13, "both sides drive the data");
        driving <= read_1 && dqm_before != 2'b11;
        dq_o <= {read_1 && !dqm_before[1] ? data_1[15:8] : RUBBISH[15:8],
                 read_1 && !dqm_before[0] ? data_1[7:0] : RUBBISH[7:0]};
        read_1 = read_2;
        data_1 = data_2;
        read_2 = 0;

        if (ready()) begin
            unrefreshed = unrefreshed + PERIOD;
            if (unrefreshed > BACKLOG * T_REFI) broken(14, "refresh is late");
        end

        if (!cke) begin  // power-down: everything is started anew
            precharged <= 0;
            mode_set <= 0;
            init_refreshes <= 0;
            unrefreshed = 0;
            cke_rise <= now;
        end else if (!cke_before) begin
            if (ras || cas || we) broken(1, "a command while CKE rises");
        end else if (ras || cas || we) begin
            if (too_soon(cke_rise, PAUSE)) broken(2, "a command in the pause after power-up");
            if (too_soon(last_refresh, T_RFC)) broken(6, "tRFC");
            if (now - last_mode < 2) broken(7, "tMRD");
            case ({ras, cas, we})
                3'b111: begin  // load mode register
                    quiet_banks();
                    if (a[2:0] != 0 || a[12:7] != 0 || ba != 0 || (a[6:4] != 2 && a[6:4] != 3))
                        broken(3, "the mode word is reserved, or is for longer bursts");
                    if (!precharged) broken(15, "no precharge before the mode register");
                    latency <= a[5:4];
                    mode_set <= 1;
                    last_mode <= now;
                end
                3'b110: begin  // refresh
                    quiet_banks();
                    if (!precharged) broken(15, "no precharge before a refresh");
                    init_refreshes <= init_refreshes + 1;
                    refreshes <= refreshes + 1;
                    unrefreshed = unrefreshed > T_REFI ? unrefreshed - T_REFI : 0;
                    last_refresh <= now;
                end
                3'b101: begin  // precharge
                    if (a[10])
                        for (i = 0; i < 4; i = i + 1) precharge(i[1:0]);
                    else precharge(ba);
                    if (a[10]) precharged <= 1;
                end
                3'b100: begin  // activate
                    if (!ready()) broken(16, "the chip is not initialised");
                    if (open[ba]) broken(17, "the bank is open already");
                    if (too_soon(idle_from[ba], T_RP)) broken(5, "tRP");
                    if (too_soon(activated[ba], T_RC)) broken(18, "tRC");
                    if (too_soon(last_activate, T_RRD)) broken(19, "tRRD");
                    open[ba] = 1;
                    row[ba] <= a;
                    activated[ba] = now;
                    last_activate <= now;
                end
                3'b010: column(0);
                3'b011: column(1);
                default: broken(20, "a command that is not expected");
            endcase
        end
    end
endmodule
