fn main() {
    image::link_at(image::MACHINE_BASE);
    image::embed("FW_PAYLOAD", |file| image::flatten(file, image::PAYLOAD_BASE));
}
