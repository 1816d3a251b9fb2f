//! Has the migrations put into the library anew when a step is added.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
