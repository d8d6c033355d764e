//! What must not compile: forging a proof, showing a secret.
//!
//! A file of `tests/compile-fail/` is a program that has one such thing in mind; the file beside
//! it is what the compiler says. `TRYBUILD=overwrite cargo test --test it compile_fail` writes it.

#[test]
fn proofs_cannot_be_forged_and_secrets_cannot_be_shown() {
    trybuild::TestCases::new().compile_fail("tests/compile-fail/*.rs");
}
