fn main() {
    image::link_at(image::PAYLOAD_BASE);
    image::embed("HELLO_USER", |file| Ok(file.to_vec()));
}
