fn main() {
    layout::link_at(layout::PAYLOAD_BASE);
}
