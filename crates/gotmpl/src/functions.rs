//! The functions a template may call: a registry of names, signatures and Rust closures.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::limits::Meter;
use crate::value::{List, Map, Object, Value};
use crate::{Failure, builtins, gomplate, sprig};

/// The type of a parameter, checked before a function runs, by Go's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Anything; a missing value arrives as [`Value::Nil`].
    Any,
    /// Anything, where [`Value::Absent`] and [`Value::Nil`] stay apart: Go's `reflect.Value`.
    Raw,
    /// `true` or `false`.
    Bool,
    /// An integer of any of Go's types.
    Int,
    /// A number.
    Float,
    /// A text.
    Str,
    /// `map[string]interface{}`; a missing value arrives as the nil map.
    Map,
    /// The embedder's type of this name.
    Object(&'static str),
}

/// A function: its parameters and what it does.
#[derive(Clone)]
pub struct Function {
    pub(crate) fixed: Vec<Type>,
    /// The type of any further arguments.
    pub(crate) rest: Option<Type>,
    pub(crate) body: Body,
    pub(crate) mutates: bool,
}

type Native = dyn Fn(&mut Call<'_>) -> Result<Value, Failure> + Send + Sync;

#[derive(Clone)]
pub(crate) enum Body {
    Native(Arc<Native>),
    /// `and` and `or` evaluate only the arguments they need.
    And,
    Or,
}

/// One call: the arguments, already of the types the signature names, and the meter to pay.
pub struct Call<'a> {
    args: Vec<Value>,
    /// Pays for what the function makes beyond its arguments' size.
    pub meter: &'a mut Meter,
}

/// A set of functions by name. Cloning is cheap.
#[derive(Clone)]
pub struct Functions {
    by_name: Arc<BTreeMap<Arc<str>, Function>>,
}

static BUILTINS: LazyLock<Functions> = LazyLock::new(|| {
    let mut functions = Functions::none();
    builtins::register(&mut functions);
    functions
});

static GOMPLATE: LazyLock<Functions> = LazyLock::new(|| {
    let mut functions = Functions::default();
    gomplate::register(&mut functions);
    functions
});

static SPRIG: LazyLock<Functions> = LazyLock::new(|| {
    let mut functions = Functions::default();
    sprig::register(&mut functions);
    functions
});

impl Function {
    /// A function of exactly these parameters.
    pub fn new(
        fixed: &[Type],
        body: impl Fn(&mut Call<'_>) -> Result<Value, Failure> + Send + Sync + 'static,
    ) -> Self {
        Self {
            fixed: fixed.to_vec(),
            rest: None,
            body: Body::Native(Arc::new(body)),
            mutates: false,
        }
    }

    /// What it gives without arguments, if it is a plain function that takes none.
    pub(crate) fn without_arguments(&self, meter: &mut Meter) -> Option<Value> {
        match &self.body {
            Body::Native(native) if self.fixed.is_empty() && self.rest.is_none() => {
                native(&mut Call::new(Vec::new(), meter)).ok()
            }
            _ => None,
        }
    }

    /// Accepts any number of further arguments of type `rest`.
    pub fn with_rest(mut self, rest: Type) -> Self {
        self.rest = Some(rest);
        self
    }

    /// Says that it changes maps it is given. A template calling it runs on a copy of its data,
    /// so that nothing it does outlives the rendering.
    pub fn mutating(mut self) -> Self {
        self.mutates = true;
        self
    }

    /// A name that exists but always fails with `reason`.
    pub fn refused(reason: &'static str) -> Self {
        let refuse = move |_: &mut Call<'_>| Err(Failure::Refused(reason.to_owned()));
        Self::new(&[], refuse).with_rest(Type::Any)
    }
}

/// `Functions::default()` is what the language itself has.
impl Default for Functions {
    fn default() -> Self {
        BUILTINS.clone()
    }
}

impl Functions {
    /// What [`Functions::default`] clones.
    pub(crate) fn builtins() -> &'static Self {
        &BUILTINS
    }

    /// The language's own and Sprig's deterministic functions. Sprig's others are refused by
    /// name until the embedder adds them.
    pub fn sprig() -> Self {
        SPRIG.clone()
    }

    /// The language's own and Gomplate's, by its namespaces and their older aliases. Those that
    /// read the environment, data sources, a clock or a network are refused by name until the
    /// embedder adds them: [`Functions::add`], or for a namespace [`Functions::add_method`].
    pub fn gomplate() -> Self {
        GOMPLATE.clone()
    }

    /// Adds all of `other`, whose functions hide those of the same name.
    ///
    /// A program that has both Gomplate's and Sprig's lets Sprig's hide Gomplate's, so that `env`
    /// is Sprig's function and no longer Gomplate's namespace:
    /// `Functions::gomplate().hidden_by(&Functions::sprig())`.
    pub fn hidden_by(mut self, other: &Self) -> Self {
        let all = Arc::make_mut(&mut self.by_name);
        all.extend(other.by_name.iter().map(|(name, f)| (name.clone(), f.clone())));
        self
    }

    /// Adds or replaces `method` of one of [`Functions::gomplate`]'s namespaces.
    ///
    /// # Errors
    /// The name, if there is no such namespace.
    pub fn add_method(
        &mut self,
        namespace: &str,
        method: &str,
        function: Function,
    ) -> Result<&mut Self, String> {
        let known = self.get(namespace);
        let mutates = function.mutates || known.is_some_and(|known| known.mutates);
        let Some((type_name, mut methods)) = known.and_then(gomplate::methods) else {
            return Err(namespace.to_owned());
        };
        methods.add(method, function);
        let whole = Function { mutates, ..gomplate::namespace(type_name, methods) };
        Ok(self.add(namespace, whole))
    }

    pub(crate) fn none() -> Self {
        Self { by_name: Arc::default() }
    }

    /// Adds or replaces a function.
    pub fn add(&mut self, name: &str, function: Function) -> &mut Self {
        Arc::make_mut(&mut self.by_name).insert(name.into(), function);
        self
    }

    /// Takes a name away; templates that use it no longer parse.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        Arc::make_mut(&mut self.by_name).remove(name);
        self
    }

    /// Whether there is a function of that name.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The function of that name.
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.by_name.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(|name| &**name)
    }
}

pub(crate) type Outcome = Result<Value, Failure>;

/// Adds a function under each of its names.
pub(crate) fn add(
    f: &mut Functions,
    names: &[&str],
    fixed: &[Type],
    body: impl Fn(&mut Call<'_>) -> Outcome + Send + Sync + 'static,
) {
    let function = Function::new(fixed, body);
    for name in names {
        f.add(name, function.clone());
    }
}

/// Adds a function with any number of further arguments under each of its names.
pub(crate) fn add_with_rest(
    f: &mut Functions,
    names: &[&str],
    fixed: &[Type],
    rest: Type,
    body: impl Fn(&mut Call<'_>) -> Outcome + Send + Sync + 'static,
) {
    let function = Function::new(fixed, body).with_rest(rest);
    for name in names {
        f.add(name, function.clone());
    }
}

/// Reasons, each before the names that are refused for it, which blanks separate.
pub(crate) type Refusals = [(&'static str, &'static str)];

pub(crate) fn refuse(f: &mut Functions, refused: &Refusals) {
    for (reason, names) in refused {
        for name in names.split_whitespace() {
            f.add(name, Function::refused(reason));
        }
    }
}

impl<'a> Call<'a> {
    pub(crate) fn new(args: Vec<Value>, meter: &'a mut Meter) -> Self {
        Self { args, meter }
    }

    /// All arguments, in order.
    pub fn args(&self) -> &[Value] {
        &self.args
    }

    /// Argument `i`, or nil.
    pub fn value(&self, i: usize) -> Value {
        self.args.get(i).cloned().unwrap_or(Value::Nil)
    }

    /// The arguments from `i` on.
    pub fn rest(&self, i: usize) -> Vec<Value> {
        self.args.get(i..).unwrap_or_default().to_vec()
    }

    /// Argument `i`, declared [`Type::Str`].
    ///
    /// # Errors
    /// If it is no text, which means that the signature does not say so.
    pub fn str(&self, i: usize) -> Result<Arc<str>, Failure> {
        match self.args.get(i) {
            Some(Value::Str(s)) => Ok(s.clone()),
            other => Err(mismatch(i, "string", other)),
        }
    }

    /// Argument `i`, declared [`Type::Int`]. Errors as [`Call::str`].
    pub fn int(&self, i: usize) -> Result<i64, Failure> {
        match self.args.get(i) {
            Some(Value::Int(n)) => Ok(*n),
            other => Err(mismatch(i, "int", other)),
        }
    }

    /// Argument `i`, declared [`Type::Float`]. Errors as [`Call::str`].
    pub fn float(&self, i: usize) -> Result<f64, Failure> {
        match self.args.get(i) {
            Some(Value::Float(x)) => Ok(*x),
            other => Err(mismatch(i, "float64", other)),
        }
    }

    /// Argument `i`, declared [`Type::Bool`]. Errors as [`Call::str`].
    pub fn bool(&self, i: usize) -> Result<bool, Failure> {
        match self.args.get(i) {
            Some(Value::Bool(b)) => Ok(*b),
            other => Err(mismatch(i, "bool", other)),
        }
    }

    /// Argument `i`, declared [`Type::Map`]. Errors as [`Call::str`].
    pub fn map(&self, i: usize) -> Result<Map, Failure> {
        match self.args.get(i) {
            Some(Value::Map(map)) => Ok(map.clone()),
            other => Err(mismatch(i, "map[string]interface {}", other)),
        }
    }

    /// Argument `i`, declared [`Type::Object`] with the name of `T`. Errors as [`Call::str`].
    pub fn object<T: Object>(&self, i: usize) -> Result<&T, Failure> {
        let arg = self.args.get(i);
        arg.and_then(Value::as_object).ok_or_else(|| mismatch(i, "another type", arg))
    }

    /// Argument `i` as a list of any element type; `action` is for the message.
    pub(crate) fn list(&self, i: usize, action: &str) -> Result<List, Failure> {
        match self.args.get(i) {
            Some(Value::List(list)) => Ok(list.clone()),
            other => {
                let kind = other.map_or("invalid", |value| value.kind_name());
                Err(Failure::Message(format!("Cannot {action} type {kind}")))
            }
        }
    }
}

fn mismatch(i: usize, expected: &str, found: Option<&Value>) -> Failure {
    let found = found.map_or_else(|| "nothing".to_owned(), Value::type_name);
    Failure::Message(format!("argument {i} should be {expected}, is {found}"))
}

impl Type {
    /// Go's name of the type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Raw => "reflect.Value",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float64",
            Self::Str => "string",
            Self::Map => "map[string]interface {}",
            Self::Object(name) => name,
        }
    }
}
