//! Go's `fmt`: `Sprint`, `Sprintln` and `Sprintf`.

use crate::Failure;
use crate::limits::Meter;
use crate::value::Value;

mod verb;

use verb::Printer;

/// Widths and precisions beyond this are mistakes, as in Go.
const SIZE_MAX: usize = 1_000_000;

/// The values as `%v`, with a space between two that are both no text.
pub(crate) fn sprint(values: &[Value], meter: &mut Meter) -> Result<String, Failure> {
    let mut printer = Printer::new(meter);
    let mut after_text = true;
    for value in values {
        let is_text = matches!(value, Value::Str(_));
        if !after_text && !is_text {
            printer.push(" ")?;
        }
        printer.value(value, 'v')?;
        after_text = is_text;
    }
    Ok(printer.out)
}

/// The values as `%v`, with spaces between and a newline after.
pub(crate) fn sprintln(values: &[Value], meter: &mut Meter) -> Result<String, Failure> {
    let mut printer = Printer::new(meter);
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            printer.push(" ")?;
        }
        printer.value(value, 'v')?;
    }
    printer.push("\n")?;
    Ok(printer.out)
}

/// The format with its verbs replaced; mistakes are spelled out in the text, as in Go.
pub(crate) fn sprintf(
    format: &str,
    values: &[Value],
    meter: &mut Meter,
) -> Result<String, Failure> {
    let mut reader = Reader { rest: format, values, next: 0, reordered: false, good_index: true };
    let mut printer = Printer::new(meter);
    while let Some((text, verb)) = reader.rest.split_once('%') {
        printer.push(text)?;
        reader.rest = verb;
        reader.verb(&mut printer)?;
    }
    printer.push(reader.rest)?;
    if !reader.reordered && reader.next < values.len() {
        printer.spec = verb::Spec::default();
        printer.push("%!(EXTRA ")?;
        for (i, value) in values[reader.next..].iter().enumerate() {
            if i > 0 {
                printer.push(", ")?;
            }
            match value {
                Value::Nil | Value::Absent => printer.push("<nil>")?,
                value => {
                    printer.push(&value.type_name())?;
                    printer.push("=")?;
                    printer.value(value, 'v')?;
                }
            }
        }
        printer.push(")")?;
    }
    Ok(printer.out)
}

/// The format string being read, and the argument that is next.
struct Reader<'f> {
    rest: &'f str,
    values: &'f [Value],
    next: usize,
    /// Explicit indexes were used, so that unused arguments are no mistake.
    reordered: bool,
    good_index: bool,
}

impl Reader<'_> {
    /// One verb, after its `%`.
    fn verb(&mut self, printer: &mut Printer<'_>) -> Result<(), Failure> {
        self.good_index = true;
        printer.spec = verb::Spec::default();
        self.flags(&mut printer.spec);
        let mut indexed = self.index();
        if self.take('*') {
            printer.spec.width = None;
            match self.size_argument() {
                Some(width) => {
                    if width < 0 {
                        printer.spec.minus = true;
                        printer.spec.zero = false;
                    }
                    printer.spec.width = Some(width.unsigned_abs() as usize);
                }
                None => printer.push("%!(BADWIDTH)")?,
            }
            indexed = false;
        } else {
            printer.spec.width = self.size();
            if indexed && printer.spec.width.is_some() {
                self.good_index = false;
            }
        }
        if self.rest.len() > 1 && self.take('.') {
            if indexed {
                self.good_index = false;
            }
            indexed = self.index();
            if self.take('*') {
                match self.size_argument().filter(|precision| *precision >= 0) {
                    Some(precision) => printer.spec.precision = Some(precision as usize),
                    None => printer.push("%!(BADPREC)")?,
                }
                indexed = false;
            } else {
                printer.spec.precision = Some(self.size().unwrap_or(0));
            }
        }
        if !indexed {
            self.index();
        }
        let Some(verb) = self.rest.chars().next() else {
            return printer.push("%!(NOVERB)");
        };
        self.rest = &self.rest[verb.len_utf8()..];
        if verb == '%' {
            return printer.push("%");
        }
        if !self.good_index {
            return printer.push(&format!("%!{verb}(BADINDEX)"));
        }
        let Some(value) = self.values.get(self.next) else {
            return printer.push(&format!("%!{verb}(MISSING)"));
        };
        self.next += 1;
        printer.spec.settle(verb);
        printer.value(value, verb)
    }

    fn flags(&mut self, spec: &mut verb::Spec) {
        while let Some(c @ ('#' | '0' | '+' | '-' | ' ')) = self.rest.chars().next() {
            match c {
                '#' => spec.sharp = true,
                '0' => spec.zero = true,
                '+' => spec.plus = true,
                '-' => spec.minus = true,
                _ => spec.space = true,
            }
            self.rest = &self.rest[1..];
        }
    }

    fn take(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Decimal digits, if any. One that is too large ends the whole format, as in Go.
    fn size(&mut self) -> Option<usize> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at(digits);
        let mut size = 0;
        for digit in number.bytes() {
            if size > SIZE_MAX {
                self.rest = "";
                return None;
            }
            size = size * 10 + usize::from(digit - b'0');
        }
        self.rest = rest;
        (digits > 0).then_some(size)
    }

    /// The next argument as a size, for `*`.
    fn size_argument(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        let size = i64::try_from(value.integer()?).ok()?;
        (size.unsigned_abs() <= SIZE_MAX as u64).then_some(size)
    }

    /// `[n]`, which selects an argument; whether there was one.
    fn index(&mut self) -> bool {
        let Some(inside) = self.rest.strip_prefix('[') else { return false };
        self.reordered = true;
        let Some(end) = inside.find(']').filter(|_| self.rest.len() >= 3) else {
            self.rest = inside;
            self.good_index = false;
            return false;
        };
        let number = &inside[..end];
        self.rest = &inside[end + 1..];
        let well_formed =
            !number.is_empty() && number.len() < 8 && number.bytes().all(|b| b.is_ascii_digit());
        let index = number.parse::<usize>().ok().filter(|_| well_formed);
        match index.and_then(|n| n.checked_sub(1)).filter(|n| *n < self.values.len()) {
            Some(index) => self.next = index,
            None => self.good_index = false,
        }
        index.is_some()
    }
}
