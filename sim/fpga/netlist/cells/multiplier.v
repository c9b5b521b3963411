// Multiplier of ECP5 (MULT18X18D) without registers, its numbered ports gathered into vectors.
module MULTIPLIER (
    input [17:0] A,
    input [17:0] B,
    input SIGNEDA, SIGNEDB,  // whether the factors are signed
    output [35:0] P
);
    wire signed [35:0] a = {{18{SIGNEDA & A[17]}}, A};
    wire signed [35:0] b = {{18{SIGNEDB & B[17]}}, B};
    assign P = a * b;
endmodule
