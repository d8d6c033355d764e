//! Lays out code in the order in which it is used.
//!
//! A page of code is in memory once any function of it has run, and the kernel maps fifteen more around
//! it. Of 30 MB of code an agent runs nine, a little of every page: laid side by side they take 15 MB
//! less of every machine. `functions.txt` names them, and `cargo run -p xtask -- order` writes it.
//!
//! Where a program is told what to add its address to in 24 bytes a place, those of this one are 1.4 MB, all
//! of which are read at every start. Packed they are 50 KB, for a C library that can read that.

#![expect(clippy::disallowed_methods, reason = "cargo tells it everything in the environment")]

use std::env::var;
use std::process::Command;

/// Where the functions are named, from the root.
const FUNCTIONS: &str = "scripts/order/functions.txt";

fn main() {
    println!("cargo::rerun-if-changed={FUNCTIONS}");
    println!("cargo::rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    let root = var("CARGO_MANIFEST_DIR").unwrap_or_default();
    if is_release() && links_with_lld() {
        let ordered = format!("-Wl,--symbol-ordering-file={root}/{FUNCTIONS}");
        // A name that is not there any more is left out. Nobody has to hear of each.
        for argument in [&*ordered, "-Wl,--no-warn-symbol-ordering"] {
            println!("cargo::rustc-link-arg-bin=isobar={argument}");
        }
        if reads_packed_relocations() {
            println!("cargo::rustc-link-arg-bin=isobar=-Wl,-z,pack-relative-relocs");
        }
    }
}

/// In another profile functions have other names.
fn is_release() -> bool {
    var("PROFILE").is_ok_and(|profile| profile == "release")
}

/// Whether the linker is the one that comes with the compiler, which is so on this target alone, and
/// unless somebody names another. The others know no such order.
fn links_with_lld() -> bool {
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let names_another = ["linker", "link-self-contained", "fuse-ld"];
    var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu")
        && var("RUSTC_LINKER").is_err()
        && !names_another.iter().any(|flag| flags.contains(flag))
}

/// Whether the C library of this machine does, for which alone the program is made then: glibc does since
/// 2.36, and an older one says what it lacks and does not start it.
fn reads_packed_relocations() -> bool {
    let is_for_here = var("HOST").is_ok_and(|host| Ok(host) == var("TARGET"));
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let version = said.unwrap_or_default().trim().strip_prefix("glibc 2.").map(str::parse::<u32>);
    is_for_here && version.is_some_and(|minor| minor.is_ok_and(|minor| minor >= 36))
}
