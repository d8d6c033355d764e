//! Pipelines, commands, fields and calls: values, but no output.

use super::{At, Eval, Run, Slot};
use crate::ast::{Command, Number, Operand, Pipe, Term};
use crate::functions::{Body, Call, Function, Type};
use crate::time::{DURATION, Duration};
use crate::value::{Element, Map, Value};
use crate::{Error, ErrorKind, Failure, MissingKey};

/// How a call is written: its name, its arguments in the source, the piped one, and who is to
/// blame when the function fails.
struct Request<'t, 'n> {
    name: &'n str,
    args: &'t [Operand],
    piped: Option<Slot>,
    at: At<'t>,
}

impl<'t> Run<'t> {
    pub(super) fn pipeline(&mut self, dot: &Slot, pipe: &'t Pipe) -> Eval<Slot> {
        self.at = Some(At::Pipe(pipe));
        let mut value = None;
        for command in &pipe.commands {
            self.spend()?;
            value = Some(self.command(dot, command, value)?.unboxed());
        }
        let value = value.unwrap_or_else(|| Slot::plain(Value::Absent));
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name, value.clone()));
            }
        }
        Ok(value)
    }

    fn command(&mut self, dot: &Slot, command: &'t Command, piped: Option<Slot>) -> Eval<Slot> {
        let (first, args) = (&command.operands[0], &command.operands[1..]);
        match &first.term {
            Term::Field(names) => {
                self.at = Some(At::Operand(first));
                self.fields(dot, dot.clone(), first, names, args, piped)
            }
            Term::Chain(base, names) => self.chain(dot, first, base, names, args, piped),
            Term::Function(name) => {
                self.at = Some(At::Operand(first));
                self.function(dot, Request { name, args, piped, at: At::Command(command) })
            }
            Term::Variable(name, names) => self.variable(dot, first, (name, names), args, piped),
            Term::Paren(pipe) => {
                self.takes_no_arguments(first, args, piped.as_ref())?;
                self.nested(|run| run.pipeline(dot, pipe))
            }
            literal => {
                self.at = Some(At::Operand(first));
                self.takes_no_arguments(first, args, piped.as_ref())?;
                match literal {
                    Term::Nil => self.fail("nil is not a command"),
                    _ => self.literal(dot, first),
                }
            }
        }
    }

    fn takes_no_arguments(
        &self,
        first: &Operand,
        args: &[Operand],
        piped: Option<&Slot>,
    ) -> Eval<()> {
        if args.is_empty() && piped.is_none() {
            return Ok(());
        }
        self.fail(format!("can't give argument to non-function {first}"))
    }

    /// A literal or dot, where any type will do.
    fn literal(&mut self, dot: &Slot, operand: &'t Operand) -> Eval<Slot> {
        self.at = Some(At::Operand(operand));
        match &operand.term {
            Term::Bool(b) => Ok(Slot::plain(Value::Bool(*b))),
            Term::Str { value, .. } => Ok(Slot::plain(Value::Str(value.clone()))),
            Term::Number(number) => self.constant(number),
            Term::Dot => Ok(dot.clone()),
            _ => self.fail(format!("can't evaluate command {:?}", operand.to_string())),
        }
    }

    fn constant(&self, number: &Number) -> Eval<Slot> {
        let value = match number {
            Number { float: Some(float), .. } if number.looks_float() => Value::Float(*float),
            Number { int: Some(int), text, .. } if text.starts_with('\'') => Value::Int(*int),
            Number { int: Some(int), .. } => Value::Int(*int),
            _ => return self.fail(format!("{} overflows int", number.text)),
        };
        Ok(Slot::plain(value))
    }

    fn chain(
        &mut self,
        dot: &Slot,
        node: &'t Operand,
        base: &'t Operand,
        names: &'t [String],
        args: &'t [Operand],
        piped: Option<Slot>,
    ) -> Eval<Slot> {
        self.at = Some(At::Operand(node));
        let receiver = self.nested(|run| run.operand(dot, base))?;
        self.fields(dot, receiver, node, names, args, piped)
    }

    fn variable(
        &mut self,
        dot: &Slot,
        node: &'t Operand,
        (name, names): (&'t str, &'t [String]),
        args: &'t [Operand],
        piped: Option<Slot>,
    ) -> Eval<Slot> {
        self.at = Some(At::Operand(node));
        let found = self.variables.iter().rev().find(|(known, _)| *known == name);
        let Some((_, value)) = found else {
            return self.fail(format!("undefined variable: {name}"));
        };
        let value = value.clone();
        if names.is_empty() {
            self.takes_no_arguments(node, args, piped.as_ref())?;
            return Ok(value);
        }
        self.fields(dot, value, node, names, args, piped)
    }

    /// `.a.b.c args`: only the last may be a method with arguments.
    fn fields(
        &mut self,
        dot: &Slot,
        mut receiver: Slot,
        node: &'t Operand,
        names: &'t [String],
        args: &'t [Operand],
        piped: Option<Slot>,
    ) -> Eval<Slot> {
        let Some((last, inner)) = names.split_last() else { return Ok(receiver) };
        let at = At::Operand(node);
        for name in inner {
            receiver = self.field(dot, &receiver, Request { name, args: &[], piped: None, at })?;
        }
        self.field(dot, &receiver, Request { name: last, args, piped, at })
    }

    fn field(&mut self, dot: &Slot, receiver: &Slot, request: Request<'t, '_>) -> Eval<Slot> {
        self.spend()?;
        let name = request.name;
        let has_arguments = !request.args.is_empty() || request.piped.is_some();
        let type_name =
            if receiver.boxed { "interface {}".to_owned() } else { receiver.value.type_name() };
        match &receiver.value {
            Value::Absent if self.missing_key == MissingKey::Error => Err(self.error(
                ErrorKind::MissingKey,
                format!("nil data; no entry for key {}", crate::strconv::quote(name, false)),
            )),
            Value::Absent => Ok(Slot::plain(Value::Absent)),
            Value::Nil => self.fail(format!("nil pointer evaluating {type_name}.{name}")),
            Value::Map(_) if has_arguments => {
                self.fail(format!("{name} is not a method but has arguments"))
            }
            Value::Map(map) => match map.get(name) {
                Some(value) => Ok(Slot::element(value, map.element())),
                None => self.missing(map.element(), name),
            },
            Value::Object(object) => match object.method(name) {
                Some(method) => self.call(dot, &method, request),
                None => self.fail(format!("can't evaluate field {name} in type {type_name}")),
            },
            _ => self.fail(format!("can't evaluate field {name} in type {type_name}")),
        }
    }

    fn missing(&self, element: Element, name: &str) -> Eval<Slot> {
        match self.missing_key {
            MissingKey::Default => Ok(Slot::plain(Value::Absent)),
            MissingKey::Zero => Ok(Slot::element(element.zero(), element)),
            MissingKey::Error => {
                let name = crate::strconv::quote(name, false);
                let message = format!("map has no entry for key {name}");
                Err(self.error(ErrorKind::MissingKey, message))
            }
        }
    }

    fn function(&mut self, dot: &Slot, request: Request<'t, '_>) -> Eval<Slot> {
        let functions = self.functions;
        match functions.get(request.name) {
            Some(function) => self.call(dot, function, request),
            None => {
                let name = crate::strconv::quote(request.name, false);
                self.fail(format!("{name} is not a defined function"))
            }
        }
    }

    fn call(&mut self, dot: &Slot, function: &Function, request: Request<'t, '_>) -> Eval<Slot> {
        let Request { name, args, piped, at } = request;
        let given = args.len() + usize::from(piped.is_some());
        let fixed = function.fixed.len();
        if function.rest.is_some() && given < fixed {
            let got = args.len();
            return self
                .fail(format!("wrong number of args for {name}: want at least {fixed} got {got}"));
        }
        if function.rest.is_none() && given != fixed {
            return self.fail(format!("wrong number of args for {name}: want {fixed} got {given}"));
        }
        let native = match &function.body {
            Body::Native(native) => native,
            Body::And => return self.short_circuit(dot, args, piped, false),
            Body::Or => return self.short_circuit(dot, args, piped, true),
        };
        let type_of =
            |i: usize| function.fixed.get(i).copied().or(function.rest).unwrap_or(Type::Any);
        let mut values = Vec::with_capacity(given);
        for (i, arg) in args.iter().enumerate() {
            values.push(self.argument(dot, arg, type_of(i))?);
        }
        let callee = args.first().map_or_else(|| described(piped.as_ref()), Operand::to_string);
        if let Some(piped) = piped {
            values.push(self.validate(piped, type_of(args.len()))?);
        }
        let result = native(&mut Call::new(values, &mut self.meter));
        let result = result.and_then(|value| {
            match &value {
                Value::Str(text) => self.meter.spend_bytes(text.len())?,
                Value::List(list) => self.meter.spend(list.len())?,
                Value::Map(map) => self.meter.spend(map.len())?,
                _ => {}
            }
            Ok(value)
        });
        match result {
            Ok(value) => Ok(Slot::plain(value)),
            Err(failure) => {
                self.at = Some(at);
                Err(self.call_error(name, &callee, failure))
            }
        }
    }

    fn call_error(&self, name: &str, callee: &str, failure: Failure) -> Box<Error> {
        match failure {
            // Of this function alone Go tells what it was to call.
            Failure::Message(text) if name == "call" => {
                let text =
                    text.replacen("non-function of", &format!("non-function {callee} of"), 1);
                self.error(ErrorKind::Exec, format!("error calling call: {text}"))
            }
            Failure::Message(text) => {
                self.error(ErrorKind::Exec, format!("error calling {name}: {text}"))
            }
            Failure::Limit(text) => self.error(ErrorKind::Limit, format!("{name}: {text}")),
            Failure::Refused(text) => {
                self.error(ErrorKind::Refused, format!("{name} is refused: {text}"))
            }
        }
    }

    fn short_circuit(
        &mut self,
        dot: &Slot,
        args: &'t [Operand],
        piped: Option<Slot>,
        stops_at: bool,
    ) -> Eval<Slot> {
        let mut last = Slot::plain(Value::Absent);
        for arg in args {
            last = self.raw_argument(dot, arg)?;
            if last.value.is_true() == stops_at {
                return Ok(last);
            }
        }
        Ok(piped.unwrap_or(last))
    }

    /// An operand that is no literal, or a literal where any type will do.
    fn operand(&mut self, dot: &Slot, operand: &'t Operand) -> Eval<Slot> {
        self.spend()?;
        self.at = Some(At::Operand(operand));
        match &operand.term {
            Term::Field(names) => self.fields(dot, dot.clone(), operand, names, &[], None),
            Term::Variable(name, names) => self.variable(dot, operand, (name, names), &[], None),
            Term::Paren(pipe) => self.nested(|run| run.pipeline(dot, pipe)),
            Term::Function(name) => {
                let at = At::Operand(operand);
                self.function(dot, Request { name, args: &[], piped: None, at })
            }
            Term::Chain(base, names) => self.chain(dot, operand, base, names, &[], None),
            Term::Nil => Ok(Slot::plain(Value::Nil)),
            _ => self.literal(dot, operand),
        }
    }

    /// An argument for a `reflect.Value` parameter: nil becomes nothing.
    fn raw_argument(&mut self, dot: &Slot, operand: &'t Operand) -> Eval<Slot> {
        match operand.term {
            Term::Nil => Ok(Slot::plain(Value::Absent)),
            _ => self.operand(dot, operand),
        }
    }

    fn argument(&mut self, dot: &Slot, operand: &'t Operand, want: Type) -> Eval<Value> {
        if want == Type::Raw {
            return Ok(self.raw_argument(dot, operand)?.value);
        }
        self.at = Some(At::Operand(operand));
        let expected = |what: &str| self.fail(format!("expected {what}; found {operand}"));
        match (&operand.term, want) {
            (Term::Nil, Type::Any) => Ok(Value::Nil),
            (Term::Nil, Type::Map) => Ok(Map::nil(Element::Any).into()),
            (Term::Nil, _) => self.fail(format!("cannot assign nil to {}", want.name())),
            (Term::Bool(b), Type::Bool) => Ok(Value::Bool(*b)),
            (Term::Str { value, .. }, Type::Str) => Ok(Value::Str(value.clone())),
            (Term::Number(Number { int: Some(int), .. }), Type::Int) => Ok(Value::Int(*int)),
            (Term::Number(Number { float: Some(x), .. }), Type::Float) => Ok(Value::Float(*x)),
            (Term::Number(Number { int: Some(int), .. }), DURATION) => {
                Ok(Value::object(Duration(*int)))
            }
            (Term::Bool(_) | Term::Str { .. } | Term::Number(_), _) => match want {
                Type::Bool => expected("bool"),
                Type::Str => expected("string"),
                Type::Int | DURATION => expected("integer"),
                Type::Float => expected("float"),
                Type::Map | Type::Object(_) => {
                    self.fail(format!("can't handle {operand} for arg of type {}", want.name()))
                }
                Type::Any | Type::Raw => Ok(self.literal(dot, operand)?.value),
            },
            _ => {
                let slot = self.operand(dot, operand)?;
                self.validate(slot, want)
            }
        }
    }

    /// Go's assignability of a value to a parameter.
    fn validate(&self, slot: Slot, want: Type) -> Eval<Value> {
        match (slot.value, want) {
            (value, Type::Raw) => Ok(value),
            (Value::Absent, Type::Any) => Ok(Value::Nil),
            (Value::Absent, Type::Map) => Ok(Map::nil(Element::Any).into()),
            (Value::Absent, _) => self.fail(format!("invalid value; expected {}", want.name())),
            (value, Type::Any) => Ok(value),
            (value @ Value::Bool(_), Type::Bool)
            | (value @ Value::Int(_), Type::Int)
            | (value @ Value::Float(_), Type::Float)
            | (value @ Value::Str(_), Type::Str) => Ok(value),
            (Value::Map(map), Type::Map) if map.element() == Element::Any => Ok(map.into()),
            (Value::Object(object), Type::Object(name)) if object.type_name() == name => {
                Ok(Value::Object(object))
            }
            (value, _) => {
                let found = match &value {
                    Value::Nil => "interface {}".to_owned(),
                    value => value.type_name(),
                };
                let want = want.name();
                self.fail(format!("wrong type for value; expected {want}; got {found}"))
            }
        }
    }
}

/// How Go spells a value it was handed without a name.
fn described(piped: Option<&Slot>) -> String {
    match piped.map(|slot| &slot.value) {
        Some(Value::Str(text)) => text.to_string(),
        Some(value) => format!("<{} Value>", value.type_name()),
        None => String::new(),
    }
}
