fn main() {
    layout::link_at(layout::USER_BASE);
}
