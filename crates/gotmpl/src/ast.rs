//! The tree of a parsed template. `Display` is Go's canonical spelling, which errors quote.

use std::fmt::{self, Display, Formatter, Write};
use std::ops::Range;
use std::sync::Arc;

/// One piece of a template body. Offsets are byte offsets into the template text.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Text(Text),
    Action(Action),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template(Invocation),
    Break,
    Continue,
}

/// What is printed as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub offset: usize,
    pub text: Arc<str>,
}

/// `{{pipe}}`.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    /// With its delimiters.
    pub written: Range<usize>,
    pub pipe: Pipe,
}

/// `if`, `with` or `range`.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    pub pipe: Pipe,
    pub body: Vec<Node>,
    pub otherwise: Vec<Node>,
}

/// `{{template "name" pipe}}`.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub offset: usize,
    pub name: String,
    pub pipe: Option<Pipe>,
}

/// `$a, $b := command | command`.
#[derive(Debug, Clone)]
pub(crate) struct Pipe {
    pub offset: usize,
    /// `=` rather than `:=`.
    pub assigns: bool,
    pub variables: Vec<String>,
    pub commands: Vec<Command>,
}

/// An operand and what follows it; never empty.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub offset: usize,
    pub operands: Vec<Operand>,
}

#[derive(Debug, Clone)]
pub(crate) struct Operand {
    pub offset: usize,
    pub term: Term,
}

#[derive(Debug, Clone)]
pub(crate) enum Term {
    Bool(bool),
    Number(Number),
    Str {
        quoted: String,
        value: Arc<str>,
    },
    Nil,
    Dot,
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b`
    Variable(String, Vec<String>),
    Function(String),
    Paren(Pipe),
    /// Fields of a function's or parenthesis' result.
    Chain(Box<Operand>, Vec<String>),
}

/// A number literal under each of the types that can hold it exactly.
#[derive(Debug, Clone)]
pub(crate) struct Number {
    pub text: String,
    pub int: Option<i64>,
    pub float: Option<f64>,
}

/// Whether a body prints and does nothing, so that a later definition may replace it.
pub(crate) fn is_blank(body: &[Node]) -> bool {
    body.iter().all(|node| matches!(node, Node::Text(text) if text.text.trim().is_empty()))
}

impl Display for Invocation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{template {}", crate::strconv::quote(&self.name, false))?;
        if let Some(pipe) = &self.pipe {
            write!(f, " {pipe}")?;
        }
        f.write_str("}}")
    }
}

impl Display for Pipe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            let sign = if self.assigns { "=" } else { ":=" };
            write!(f, "{} {sign} ", self.variables.join(", "))?;
        }
        for (i, command) in self.commands.iter().enumerate() {
            write!(f, "{}{command}", if i > 0 { " | " } else { "" })?;
        }
        Ok(())
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, operand) in self.operands.iter().enumerate() {
            if i > 0 {
                f.write_char(' ')?;
            }
            match &operand.term {
                Term::Paren(pipe) => write!(f, "({pipe})")?,
                _ => operand.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let fields = |f: &mut Formatter<'_>, names: &[String]| {
            names.iter().try_for_each(|name| write!(f, ".{name}"))
        };
        match &self.term {
            Term::Bool(b) => write!(f, "{b}"),
            Term::Number(number) => f.write_str(&number.text),
            Term::Str { quoted, .. } => f.write_str(quoted),
            Term::Nil => f.write_str("nil"),
            Term::Dot => f.write_char('.'),
            Term::Field(names) => fields(f, names),
            Term::Variable(name, names) => {
                f.write_str(name)?;
                fields(f, names)
            }
            Term::Function(name) => f.write_str(name),
            Term::Paren(pipe) => pipe.fmt(f),
            Term::Chain(base, names) => {
                match &base.term {
                    Term::Paren(pipe) => write!(f, "({pipe})")?,
                    _ => base.fmt(f)?,
                }
                fields(f, names)
            }
        }
    }
}
