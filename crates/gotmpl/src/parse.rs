//! Tokens to trees: one for the template and one for each `define` and `block` in it.

use std::collections::BTreeMap;
use std::mem;

use crate::ast::{
    Action, Branch, Command, Invocation, Node, Number, Operand, Pipe, Term, Text, is_blank,
};
use crate::lex::{Keyword, Token, TokenKind, lex};
use crate::{Error, ErrorKind, Functions, strconv};

mod number;

/// Levels of blocks and parentheses, which parsing and running recurse over: at about 3 KB a
/// level this is 300 KB of stack. Hand-written templates stay below ten.
const NESTING_MAX: usize = 100;

pub(crate) type Trees = BTreeMap<String, Vec<Node>>;

/// Parses `text`; the result holds `name` and every template defined inside.
pub(crate) fn parse(
    name: &str,
    text: &str,
    delimiters: (&str, &str),
    functions: &Functions,
) -> Result<Trees, Error> {
    let mut parser = Parser {
        tokens: lex(text, delimiters.0, delimiters.1),
        next: 0,
        furthest: 0,
        functions,
        variables: vec!["$".to_owned()],
        ranges: 0,
        nesting: 0,
        trees: Trees::new(),
    };
    match parser.run(name) {
        Ok(()) => Ok(parser.trees),
        Err(Mistake { kind, message }) => {
            let offset = parser.tokens[parser.furthest].offset;
            Err(Error::new(kind, name, text, offset, message))
        }
    }
}

struct Parser<'t> {
    tokens: Vec<Token<'t>>,
    next: usize,
    /// The last token looked at: where a mistake is.
    furthest: usize,
    functions: &'t Functions,
    variables: Vec<String>,
    /// How many ranges are open, for `break` and `continue`.
    ranges: usize,
    nesting: usize,
    trees: Trees,
}

struct Mistake {
    kind: ErrorKind,
    message: String,
}

type Parse<T> = Result<T, Mistake>;

/// What one action or text turns out to be.
enum Piece {
    Node(Node),
    End,
    /// With the `if` or `with` that follows in the same action, if any.
    Else(Option<Keyword>),
}

fn mistake<T>(message: impl Into<String>) -> Parse<T> {
    Err(Mistake { kind: ErrorKind::Parse, message: message.into() })
}

impl<'t> Parser<'t> {
    fn run(&mut self, name: &str) -> Parse<()> {
        let mut body = Vec::new();
        while self.peek().kind != TokenKind::End {
            if self.peek().kind == TokenKind::LeftDelimiter {
                let start = self.next;
                self.advance();
                if self.advance_solid().kind == TokenKind::Keyword(Keyword::Define) {
                    self.definition()?;
                    continue;
                }
                self.next = start;
            }
            match self.piece()? {
                Piece::Node(node) => body.push(node),
                Piece::End => return mistake("unexpected {{end}}"),
                Piece::Else(_) => return mistake("unexpected {{else}}"),
            }
        }
        self.add(name.to_owned(), body)
    }

    fn peek(&mut self) -> &Token<'t> {
        self.furthest = self.furthest.max(self.next);
        &self.tokens[self.next]
    }

    fn advance(&mut self) -> Token<'t> {
        let token = self.peek().clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    /// The next token that is no space.
    fn advance_solid(&mut self) -> Token<'t> {
        self.skip_space();
        self.advance()
    }

    fn peek_solid(&mut self) -> &Token<'t> {
        self.skip_space();
        self.peek()
    }

    fn skip_space(&mut self) {
        while self.peek().kind == TokenKind::Space {
            self.next += 1;
        }
    }

    fn unexpected<T>(&self, token: &Token<'t>, context: &str) -> Parse<T> {
        let text = match token.kind {
            TokenKind::Error => {
                return Err(Mistake { kind: ErrorKind::Lex, message: token.message.clone() });
            }
            TokenKind::End => "EOF".to_owned(),
            TokenKind::Keyword(_) | TokenKind::Nil | TokenKind::Dot => format!("<{}>", token.text),
            _ => match token.text.char_indices().nth(10) {
                Some((cut, _)) if token.text.len() > 10 => {
                    format!("{}...", strconv::quote(&token.text[..cut], false))
                }
                _ => strconv::quote(token.text, false),
            },
        };
        mistake(format!("unexpected {text} in {context}"))
    }

    fn expect_right_delimiter(&mut self, context: &str) -> Parse<()> {
        let token = self.advance_solid();
        if token.kind == TokenKind::RightDelimiter {
            Ok(())
        } else {
            self.unexpected(&token, context)
        }
    }

    fn name_literal(&mut self, context: &str) -> Parse<(String, usize)> {
        let token = self.advance_solid();
        match token.kind {
            TokenKind::String | TokenKind::RawString => {
                Ok((string_value(token.text)?, token.offset))
            }
            _ => self.unexpected(&token, context),
        }
    }

    /// `{{define "name"}} ... {{end}}`, after the keyword.
    fn definition(&mut self) -> Parse<()> {
        let context = "define clause";
        let (name, _) = self.name_literal(context)?;
        self.expect_right_delimiter(context)?;
        self.template_body(name, context)
    }

    /// A body of its own, up to its end: no outer variable or range reaches into it.
    fn template_body(&mut self, name: String, context: &str) -> Parse<()> {
        let variables = mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let ranges = mem::take(&mut self.ranges);
        let (body, end) = self.list()?;
        if let Piece::Else(_) = end {
            return mistake(format!("unexpected {{{{else}}}} in {context}"));
        }
        self.variables = variables;
        self.ranges = ranges;
        self.add(name, body)
    }

    fn add(&mut self, name: String, body: Vec<Node>) -> Parse<()> {
        match self.trees.get(&name) {
            Some(old) if !is_blank(old) => {
                if !is_blank(&body) {
                    let name = strconv::quote(&name, false);
                    return mistake(format!("template: multiple definition of template {name}"));
                }
            }
            _ => {
                self.trees.insert(name, body);
            }
        }
        Ok(())
    }

    /// Pieces up to `{{end}}` or `{{else}}`, which is returned too.
    fn list(&mut self) -> Parse<(Vec<Node>, Piece)> {
        self.enter()?;
        let mut nodes = Vec::new();
        while self.peek_solid().kind != TokenKind::End {
            match self.piece()? {
                Piece::Node(node) => nodes.push(node),
                end => {
                    self.nesting -= 1;
                    return Ok((nodes, end));
                }
            }
        }
        mistake("unexpected EOF")
    }

    fn enter(&mut self) -> Parse<()> {
        if self.nesting == NESTING_MAX {
            let message = format!("nested deeper than {NESTING_MAX} levels");
            return Err(Mistake { kind: ErrorKind::Limit, message });
        }
        self.nesting += 1;
        Ok(())
    }

    fn piece(&mut self) -> Parse<Piece> {
        let token = self.advance_solid();
        match token.kind {
            TokenKind::Text => {
                let text = Text { offset: token.offset, text: token.text.into() };
                Ok(Piece::Node(Node::Text(text)))
            }
            TokenKind::LeftDelimiter => self.action(token.offset),
            _ => self.unexpected(&token, "input"),
        }
    }

    /// An action that is written from byte `from` on, after its delimiter.
    fn action(&mut self, from: usize) -> Parse<Piece> {
        let start = self.next;
        let token = self.advance_solid();
        let keyword = match token.kind {
            TokenKind::Keyword(Keyword::Break) if self.functions.has("break") => None,
            TokenKind::Keyword(Keyword::Continue) if self.functions.has("continue") => None,
            TokenKind::Keyword(keyword) => Some(keyword),
            _ => None,
        };
        let node = match keyword {
            Some(Keyword::If) => Node::If(self.branch("if")?),
            Some(Keyword::With) => Node::With(self.branch("with")?),
            Some(Keyword::Range) => Node::Range(self.branch("range")?),
            Some(Keyword::Template) => Node::Template(self.invocation()?),
            Some(Keyword::Block) => Node::Template(self.block()?),
            Some(Keyword::Break) => self.jump("{{break}}", Node::Break)?,
            Some(Keyword::Continue) => self.jump("{{continue}}", Node::Continue)?,
            Some(Keyword::Else) => return self.otherwise(),
            Some(Keyword::End) => {
                self.expect_right_delimiter("end")?;
                return Ok(Piece::End);
            }
            Some(Keyword::Define) | None => {
                self.next = start;
                let pipe = self.pipeline("command", TokenKind::RightDelimiter)?;
                let end = &self.tokens[self.next - 1];
                Node::Action(Action { written: from..end.offset + end.text.len(), pipe })
            }
        };
        Ok(Piece::Node(node))
    }

    fn jump(&mut self, name: &str, node: Node) -> Parse<Node> {
        self.expect_right_delimiter(name)?;
        if self.ranges == 0 {
            return mistake(format!("{name} outside {{{{range}}}}"));
        }
        Ok(node)
    }

    fn otherwise(&mut self) -> Parse<Piece> {
        if let TokenKind::Keyword(keyword @ (Keyword::If | Keyword::With)) = self.peek_solid().kind
        {
            return Ok(Piece::Else(Some(keyword)));
        }
        self.expect_right_delimiter("else")?;
        Ok(Piece::Else(None))
    }

    /// `if`, `with` or `range`, after the keyword. `{{else if x}}` is `{{else}}{{if x}}` whose
    /// end is shared.
    fn branch(&mut self, context: &'static str) -> Parse<Branch> {
        let visible = self.variables.len();
        let pipe = self.pipeline(context, TokenKind::RightDelimiter)?;
        let is_range = usize::from(context == "range");
        self.ranges += is_range;
        let (body, end) = self.list()?;
        self.ranges -= is_range;
        let otherwise = match (end, context) {
            (Piece::Else(Some(Keyword::If)), "if") => vec![Node::If(self.chained(context)?)],
            (Piece::Else(Some(Keyword::With)), "with") => vec![Node::With(self.chained(context)?)],
            (Piece::Else(_), _) => {
                let (otherwise, end) = self.list()?;
                if let Piece::Else(_) = end {
                    return mistake("expected end; found {{else}}");
                }
                otherwise
            }
            _ => Vec::new(),
        };
        self.variables.truncate(visible);
        Ok(Branch { pipe, body, otherwise })
    }

    fn chained(&mut self, context: &'static str) -> Parse<Branch> {
        self.enter()?;
        self.advance_solid();
        let branch = self.branch(context)?;
        self.nesting -= 1;
        Ok(branch)
    }

    fn invocation(&mut self) -> Parse<Invocation> {
        let context = "template clause";
        let (name, offset) = self.name_literal(context)?;
        let pipe = if self.peek_solid().kind == TokenKind::RightDelimiter {
            self.advance();
            None
        } else {
            Some(self.pipeline(context, TokenKind::RightDelimiter)?)
        };
        Ok(Invocation { offset, name, pipe })
    }

    fn block(&mut self) -> Parse<Invocation> {
        let context = "block clause";
        let (name, offset) = self.name_literal(context)?;
        let pipe = self.pipeline(context, TokenKind::RightDelimiter)?;
        self.template_body(name.clone(), context)?;
        Ok(Invocation { offset, name, pipe: Some(pipe) })
    }

    fn pipeline(&mut self, context: &str, end: TokenKind) -> Parse<Pipe> {
        let offset = self.peek_solid().offset;
        let mut pipe = Pipe { offset, assigns: false, variables: Vec::new(), commands: Vec::new() };
        self.declarations(context, &mut pipe)?;
        loop {
            let token = self.peek_solid().clone();
            if token.kind == end {
                self.advance();
                break;
            }
            if !self.starts_operand(&token) {
                self.advance();
                return self.unexpected(&token, context);
            }
            pipe.commands.push(self.command()?);
        }
        if pipe.commands.is_empty() {
            return mistake(format!("missing value for {context}"));
        }
        for (i, command) in pipe.commands.iter().enumerate().skip(1) {
            use Term::{Bool, Dot, Nil, Number, Str};
            if let Bool(_) | Dot | Nil | Number(_) | Str { .. } = command.operands[0].term {
                return mistake(format!("non executable command in pipeline stage {}", i + 1));
            }
        }
        Ok(pipe)
    }

    fn declarations(&mut self, context: &str, pipe: &mut Pipe) -> Parse<()> {
        loop {
            let start = self.next;
            if self.peek_solid().kind != TokenKind::Variable {
                return Ok(());
            }
            let name = self.advance().text.to_owned();
            let sign = self.peek_solid().kind;
            match sign {
                TokenKind::Assign | TokenKind::Declare => {
                    pipe.assigns = sign == TokenKind::Assign;
                    self.advance();
                    self.declare(name, pipe);
                    return Ok(());
                }
                TokenKind::Comma => {
                    self.advance();
                    self.declare(name, pipe);
                    if context != "range" || pipe.variables.len() > 1 {
                        return mistake(format!("too many declarations in {context}"));
                    }
                    let next = self.peek_solid().kind;
                    if !matches!(
                        next,
                        TokenKind::Variable | TokenKind::RightDelimiter | TokenKind::RightParen
                    ) {
                        return mistake("range can only initialize variables");
                    }
                }
                _ => {
                    self.next = start;
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, name: String, pipe: &mut Pipe) {
        self.variables.push(name.clone());
        pipe.variables.push(name);
    }

    fn starts_operand(&self, token: &Token<'t>) -> bool {
        use TokenKind::{
            Bool, CharConstant, Complex, Dot, Field, Identifier, LeftParen, Nil, Number, RawString,
            String, Variable,
        };
        self.is_function_keyword(token)
            || matches!(
                token.kind,
                Bool | CharConstant
                    | Complex
                    | Dot
                    | Field
                    | Identifier
                    | Number
                    | Nil
                    | RawString
                    | String
                    | Variable
                    | LeftParen
            )
    }

    fn is_function_keyword(&self, token: &Token<'t>) -> bool {
        matches!(token.kind, TokenKind::Keyword(Keyword::Break | Keyword::Continue))
            && self.functions.has(token.text)
    }

    /// Operands up to a `|`, which is consumed, or a closing delimiter, which is not.
    fn command(&mut self) -> Parse<Command> {
        let offset = self.peek_solid().offset;
        let mut operands = Vec::new();
        loop {
            self.skip_space();
            operands.extend(self.operand()?);
            let token = self.peek().clone();
            match token.kind {
                TokenKind::Space => {
                    self.advance();
                }
                TokenKind::RightDelimiter | TokenKind::RightParen => break,
                TokenKind::Pipe => {
                    self.advance();
                    break;
                }
                _ => return self.unexpected(&token, "operand"),
            }
        }
        if operands.is_empty() {
            return mistake("empty command");
        }
        Ok(Command { offset, operands })
    }

    /// A term and the fields that follow it without a space.
    fn operand(&mut self) -> Parse<Option<Operand>> {
        let Some(mut operand) = self.term()? else { return Ok(None) };
        if self.peek().kind != TokenKind::Field {
            return Ok(Some(operand));
        }
        let offset = self.peek().offset;
        let mut fields = Vec::new();
        while self.peek().kind == TokenKind::Field {
            fields.push(self.advance().text[1..].to_owned());
        }
        match &mut operand.term {
            Term::Field(names) | Term::Variable(_, names) => names.append(&mut fields),
            Term::Bool(_) | Term::Str { .. } | Term::Number(_) | Term::Nil | Term::Dot => {
                let shown = strconv::quote(&operand.to_string(), false);
                return mistake(format!("unexpected . after term {shown}"));
            }
            _ => operand = Operand { offset, term: Term::Chain(Box::new(operand), fields) },
        }
        operand.offset = offset;
        Ok(Some(operand))
    }

    /// A literal, name or parenthesis; `None` if the next token is none of these.
    fn term(&mut self) -> Parse<Option<Operand>> {
        let token = self.peek_solid().clone();
        if !self.starts_operand(&token) {
            return Ok(None);
        }
        self.advance();
        let term = match token.kind {
            TokenKind::Dot => Term::Dot,
            TokenKind::Nil => Term::Nil,
            TokenKind::Bool => Term::Bool(token.text == "true"),
            TokenKind::Field => Term::Field(vec![token.text[1..].to_owned()]),
            TokenKind::Variable => {
                if !self.variables.iter().any(|name| name == token.text) {
                    let name = strconv::quote(token.text, false);
                    return mistake(format!("undefined variable {name}"));
                }
                Term::Variable(token.text.to_owned(), Vec::new())
            }
            TokenKind::String | TokenKind::RawString => {
                Term::Str { quoted: token.text.to_owned(), value: string_value(token.text)?.into() }
            }
            TokenKind::LeftParen => {
                self.enter()?;
                let pipe = self.pipeline("parenthesized pipeline", TokenKind::RightParen)?;
                self.nesting -= 1;
                return Ok(Some(Operand { offset: pipe.offset, term: Term::Paren(pipe) }));
            }
            TokenKind::Number | TokenKind::CharConstant | TokenKind::Complex => {
                match Number::parse(token.text, token.kind) {
                    Ok(number) => Term::Number(number),
                    Err(message) => return mistake(message),
                }
            }
            _ => {
                if !self.functions.has(token.text) {
                    let name = strconv::quote(token.text, false);
                    return mistake(format!("function {name} not defined"));
                }
                Term::Function(token.text.to_owned())
            }
        };
        Ok(Some(Operand { offset: token.offset, term }))
    }
}

fn string_value(literal: &str) -> Parse<String> {
    strconv::unquote(literal).or_else(mistake)
}
