fn main() {
    image::link_at(image::MACHINE_BASE);
}
