fn main() {
    layout::link_at(layout::LOADER_BASE);
}
