fn main() {
    layout::link_at(layout::MACHINE_BASE);
}
