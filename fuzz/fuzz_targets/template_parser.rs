//! Any text as a template: it parses or says where not, and what it reads is found.

#![no_main]

use std::sync::LazyLock;

use gotmpl::{Functions, Options, Template};
use libfuzzer_sys::fuzz_target;

static SPRIG: LazyLock<Functions> = LazyLock::new(Functions::sprig);
static GOMPLATE: LazyLock<Functions> = LazyLock::new(Functions::gomplate);

fuzz_target!(|text: &str| {
    let functions = if text.len() % 2 == 0 { &SPRIG } else { &GOMPLATE };
    let options = Options { functions, ..Options::default() };
    match Template::parse("fuzz", text, &options) {
        Ok(template) => {
            template.references();
            template.sole_field();
        }
        Err(error) => {
            assert!(error.offset <= text.len());
            assert!(error.line >= 1 && error.column >= 1);
        }
    }
});
