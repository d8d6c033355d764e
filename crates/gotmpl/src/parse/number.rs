//! Number literals: one text, valid as each type that can hold it.

use crate::ast::Number;
use crate::lex::TokenKind;
use crate::strconv::{parse_float, parse_integer, quote, unquote_char};

impl Number {
    /// Reads a literal by Go's rules for ideal constants. Complex numbers are refused.
    pub(super) fn parse(text: &str, kind: TokenKind) -> Result<Self, String> {
        let number = |int, uint, float| Self { text: text.to_owned(), int, uint, float };
        if kind == TokenKind::CharConstant {
            let code = unquote_char(text)?;
            return Ok(number(Some(code.into()), Some(code.into()), Some(code.into())));
        }
        if kind == TokenKind::Complex || text.ends_with('i') {
            return Err(format!("complex numbers are not supported: {}", quote(text, false)));
        }
        if let Some(value) = parse_integer(text) {
            let int = i64::try_from(value).ok();
            let signed = text.starts_with(['+', '-']);
            let uint = u64::try_from(value).ok().filter(|u| !signed || *u == 0);
            if int.is_some() || uint.is_some() {
                return Ok(number(int, uint, Some(value as f64)));
            }
        }
        let Some(float) = parse_float(text) else {
            return Err(format!("illegal number syntax: {}", quote(text, false)));
        };
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quote(text, false)));
        }
        let whole = float.fract() == 0.0;
        let int = (whole && (-(2f64.powi(63))..2f64.powi(63)).contains(&float)).then_some(float as i64);
        let uint = (whole && (0.0..2f64.powi(64)).contains(&float)).then_some(float as u64);
        Ok(number(int, uint, Some(float)))
    }

    /// Whether the spelling makes it a float where any type will do.
    pub(crate) fn looks_float(&self) -> bool {
        let hex_int = self.text.len() > 2
            && (self.text.starts_with("0x") || self.text.starts_with("0X"))
            && !self.text.contains(['p', 'P']);
        self.float.is_some()
            && !hex_int
            && !self.text.starts_with('\'')
            && self.text.contains(['.', 'e', 'E', 'p', 'P'])
    }
}
