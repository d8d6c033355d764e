//! Number literals: one text, valid as each type that can hold it.

use crate::ast::Number;
use crate::lex::TokenKind;
use crate::strconv::{parse_float, parse_integer, quote, unquote_char};

impl Number {
    /// Reads a literal by Go's rules for ideal constants. Complex numbers are refused.
    pub(super) fn parse(text: &str, kind: TokenKind) -> Result<Self, String> {
        let number = |int, float| Self { text: text.to_owned(), int, float: Some(float) };
        if kind == TokenKind::CharConstant {
            let code = unquote_char(text)?;
            return Ok(number(Some(code.into()), code.into()));
        }
        if kind == TokenKind::Complex || text.ends_with('i') {
            return Err(format!("complex numbers are not supported: {}", quote(text, false)));
        }
        if let Some(value) = parse_integer(text) {
            let int = i64::try_from(value).ok();
            let signed = text.starts_with(['+', '-']);
            if int.is_some() || !signed {
                return Ok(number(int, value as f64));
            }
        }
        let Some(float) = parse_float(text) else {
            return Err(format!("illegal number syntax: {}", quote(text, false)));
        };
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quote(text, false)));
        }
        let fits = float.fract() == 0.0 && (-(2f64.powi(63))..2f64.powi(63)).contains(&float);
        Ok(number(fits.then_some(float as i64), float))
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
