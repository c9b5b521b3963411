fn main() {
    image::link_at(image::PAYLOAD_BASE);
}
