//! Migrations are compiled in, and the compiler does not see the folder that they are read from.
fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
