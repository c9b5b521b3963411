fn main() {
    image::link_at(image::USER_BASE);
    // It is embedded as it is.
    println!("cargo:rustc-link-arg-bins=--strip-debug");
}
