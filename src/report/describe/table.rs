//! Rows under named columns: as a table for people, with delimiters for spreadsheets, and as values.

use super::shown::Shown;
use crate::report::words::visible;

/// A column that a table does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no column `{name}`; there are {}", columns.join(", "))]
pub struct NoColumn {
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub columns: Vec<String>,
}

/// Rows under named columns. Every row has as many cells as there are columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What the columns are called.
    pub columns: Vec<String>,
    /// The cells, row by row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns and no rows.
    pub fn new(columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Leaves only the first `columns` columns.
    pub fn keep(&mut self, columns: usize) {
        self.columns.truncate(columns);
        self.rows.iter_mut().for_each(|row| row.truncate(columns));
    }

    /// Leaves these columns, in this order; the error is the one there is none of.
    pub fn pick(&mut self, names: &[String]) -> Result<(), NoColumn> {
        let picked = names.iter().map(|name| self.column(name)).collect::<Result<Vec<_>, _>>()?;
        let only = |cells: &Vec<String>| picked.iter().map(|at| cells[*at].clone()).collect();
        self.rows = self.rows.iter().map(only).collect();
        self.columns = only(&self.columns);
        Ok(())
    }

    /// Puts rows in the order of the column's cells, rows with equal cells as they were. Numbers
    /// count as numbers.
    pub fn sort(&mut self, name: &str, descending: bool) -> Result<(), NoColumn> {
        let at = self.column(name)?;
        let key = |cells: &Vec<String>| {
            let number = cells[at].parse::<u64>().ok();
            (number.is_none(), number, cells[at].clone())
        };
        match descending {
            false => self.rows.sort_by_key(key),
            true => self.rows.sort_by_key(|cells| std::cmp::Reverse(key(cells))),
        }
        Ok(())
    }

    /// Leaves the rows whose cell in the column `fits`.
    pub fn retain(&mut self, name: &str, fits: impl Fn(&str) -> bool) -> Result<(), NoColumn> {
        let at = self.column(name)?;
        self.rows.retain(|cells| fits(&cells[at]));
        Ok(())
    }

    fn column(&self, name: &str) -> Result<usize, NoColumn> {
        let found = self.columns.iter().position(|column| column.eq_ignore_ascii_case(name.trim()));
        found.ok_or_else(|| NoColumn { name: name.to_owned(), columns: self.columns.clone() })
    }

    /// The columns side by side, two blanks between them; nothing at all without rows.
    pub fn text(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let lines = std::iter::once(&self.columns).chain(&self.rows);
        let lines: Vec<Vec<_>> =
            lines.map(|cells| cells.iter().map(|cell| visible(cell)).collect()).collect();
        let width = |at: usize| lines.iter().map(|cells| cells[at].chars().count()).max();
        let widths: Vec<_> = (0..self.columns.len()).map(|at| width(at).unwrap_or(0)).collect();
        let line = |cells: &Vec<String>| {
            let cells = cells.iter().zip(&widths);
            let padded: Vec<_> = cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
            padded.join("  ").trim_end().to_owned() + "\n"
        };
        lines.iter().map(line).collect()
    }

    /// The columns and rows with `delimiter` between cells; a cell that could be misread is in
    /// quotes, as spreadsheets read it.
    pub fn delimited(&self, delimiter: &str) -> String {
        let cell =
            |cell: &String| match cell.contains(['"', '\n', '\r']) || cell.contains(delimiter) {
                true => format!("\"{}\"", cell.replace('"', "\"\"")),
                false => cell.clone(),
            };
        let line = |cells: &Vec<String>| {
            let cells: Vec<_> = cells.iter().map(cell).collect();
            cells.join(delimiter) + "\n"
        };
        std::iter::once(&self.columns).chain(&self.rows).map(line).collect()
    }

    /// A list with a map for each row, its cells by the names of their columns.
    pub fn shown(&self) -> Shown<'_> {
        let row = |cells: &'_ Vec<String>| -> Shown<'_> {
            let cells = self.columns.iter().zip(cells);
            Shown::map(cells.map(|(column, cell)| (column.as_str(), Shown::text(cell.clone()))))
        };
        Shown::List(self.rows.iter().map(row).collect())
    }
}
