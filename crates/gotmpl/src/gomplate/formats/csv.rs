//! Comma-separated values: cells in quotes may hold commas, line ends and doubled quotes.

use super::{Outcome, convert};
use crate::Failure;
use crate::functions::Call;
use crate::limits::Meter;
use crate::value::Value;

/// Rows of cells, all as long as the first that was read.
pub(super) struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Of `text`, `delimiter text`, `header text` or `delimiter header text`: a header is given
    /// as a row, and an empty one asks for `A`, `B` and so on.
    pub(super) fn read(c: &mut Call<'_>) -> Result<Self, Failure> {
        let args = c
            .rest(0)
            .iter()
            .map(|arg| convert::text(arg, c.meter))
            .collect::<Result<Vec<_>, _>>()?;
        let row = |text: &str, delimiter: &str| {
            Some(text.split(delimiter).map(str::to_owned).collect::<Vec<_>>())
        };
        let (delimiter, header, text) = match args.as_slice() {
            [text] => (",", None, text.as_str()),
            [first, text] => match first.len() {
                0 => (",", Some(Vec::new()), text.as_str()),
                1 => (first.as_str(), None, text.as_str()),
                _ => (",", row(first, ","), text.as_str()),
            },
            [delimiter, header, text] => {
                (delimiter.as_str(), row(header, delimiter), text.as_str())
            }
            _ => (",", None, ""),
        };
        let delimiter = one_byte(delimiter)?;
        let mut rows = records(text, delimiter, c.meter)?;
        let header = match header {
            _ if rows.is_empty() => header.unwrap_or_default(),
            None => rows.remove(0),
            Some(header) if header.is_empty() => (0..rows[0].len()).map(letters).collect(),
            Some(header) => header,
        };
        Ok(Self { header, rows })
    }
}

/// The name of a column.
pub(super) fn name(header: &[String], i: usize) -> Result<&str, Failure> {
    header.get(i).map(String::as_str).ok_or_else(|| {
        let length = header.len();
        format!("runtime error: index out of range [{i}] with length {length}").into()
    })
}

/// `A` to `Z`, then `AA`, `BB` and so on.
fn letters(i: usize) -> String {
    let letter = char::from(b'A' + (i % 26) as u8);
    std::iter::repeat_n(letter, 1 + i / 26).collect()
}

fn one_byte(delimiter: &str) -> Result<char, Failure> {
    match delimiter.chars().next() {
        None => Err("runtime error: index out of range [0] with length 0".into()),
        Some('"' | '\r' | '\n') => Err("csv: invalid field or comment delimiter".into()),
        Some(c) if c.is_ascii() => Ok(c),
        Some(_) => Err("a delimiter is one ASCII character".into()),
    }
}

fn records(text: &str, delimiter: char, meter: &mut Meter) -> Result<Vec<Vec<String>>, Failure> {
    meter.spend(text.len() / 8)?;
    let text = text.replace("\r\n", "\n");
    let mut rest = text.as_str();
    let mut records: Vec<Vec<String>> = Vec::new();
    let mut line = 1;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('\n') {
            rest = after;
            line += 1;
            continue;
        }
        let before = rest;
        let record = record(&mut rest, delimiter, line)?;
        meter.spend(record.len())?;
        if records.first().is_some_and(|first| first.len() != record.len()) {
            return Err(format!("record on line {line}: wrong number of fields").into());
        }
        line += before[..before.len() - rest.len()].matches('\n').count();
        records.push(record);
    }
    Ok(records)
}

fn record(rest: &mut &str, delimiter: char, line: usize) -> Result<Vec<String>, Failure> {
    let mut cells = Vec::new();
    let wrong = |what: &str| Failure::Message(format!("parse error on line {line}: {what}"));
    loop {
        let cell = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (cell, after) = quoted_cell(quoted)
                    .ok_or_else(|| wrong("extraneous or missing \" in quoted-field"))?;
                *rest = after;
                cell
            }
            None => {
                let end = rest.find([delimiter, '\n']).unwrap_or(rest.len());
                let (cell, after) = rest.split_at(end);
                if cell.contains('"') {
                    return Err(wrong("bare \" in non-quoted-field"));
                }
                *rest = after;
                cell.to_owned()
            }
        };
        cells.push(cell);
        match rest.chars().next() {
            Some(c) if c == delimiter => *rest = &rest[1..],
            Some('\n') => {
                *rest = &rest[1..];
                return Ok(cells);
            }
            None => return Ok(cells),
            Some(_) => return Err(wrong("extraneous or missing \" in quoted-field")),
        }
    }
}

/// Up to the closing quote, and what follows it.
fn quoted_cell(text: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let (piece, after) = rest.split_once('"')?;
        cell.push_str(piece);
        match after.strip_prefix('"') {
            Some(after) => {
                cell.push('"');
                rest = after;
            }
            None => return Some((cell, after)),
        }
    }
}

/// `ToCSV rows` or `ToCSV delimiter rows`, with the line ends of the standard.
pub(super) fn write(c: &mut Call<'_>) -> Outcome {
    let args = c.rest(0);
    let (delimiter, table) = match args.as_slice() {
        [table] => (",".to_owned(), table),
        [Value::Str(delimiter), table] => (delimiter.to_string(), table),
        [other, _] => {
            let (shown, found) = (convert::text(other, c.meter)?, other.type_name());
            return Err(format!(
                "can't parse ToCSV delimiter ({shown}) - must be a string (is a {found})"
            )
            .into());
        }
        _ => return Ok("".into()),
    };
    let delimiter = one_byte(&delimiter)?;
    let shape = |found: &Value| {
        let found = found.type_name();
        Failure::Message(format!(
            "can't parse ToCSV input - must be a two-dimensional array (like [][]string or [][]any) (was {found})"
        ))
    };
    let Value::List(rows) = table else { return Err(shape(table)) };
    let mut out = String::new();
    for row in rows.items() {
        let Value::List(cells) = row else { return Err(shape(table)) };
        for (i, cell) in cells.items().iter().enumerate() {
            if i > 0 {
                out.push(delimiter);
            }
            push_cell(&mut out, &convert::text(cell, c.meter)?, delimiter);
        }
        out.push_str("\r\n");
        c.meter.fits(out.len())?;
    }
    Ok(out.into())
}

fn push_cell(out: &mut String, cell: &str, delimiter: char) {
    let special = |c: char| c == delimiter || matches!(c, '"' | '\r' | '\n');
    let quoted = cell == "\\." || cell.contains(special) || cell.starts_with(char::is_whitespace);
    if !quoted {
        return out.push_str(cell);
    }
    out.push('"');
    // A lone carriage return goes, as all line ends are written alike.
    out.push_str(&cell.replace('"', "\"\"").replace('\r', "").replace('\n', "\r\n"));
    out.push('"');
}
