//! Values as Go's `interface{}` holds them, with Go's names, truth and sharing.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::Function;

mod convert;

/// A value of a template. Cloning is cheap; maps and lists are shared.
#[derive(Clone)]
pub enum Value {
    /// Nothing at all, as from a missing key; prints `<no value>`.
    Absent,
    /// A nil that is there, as from `key: null`.
    Nil,
    /// `true` or `false`.
    Bool(bool),
    /// Go's `int`, the type of integer literals and of integers in YAML.
    Int(i64),
    /// Go's `int64`, what Sprig's arithmetic returns.
    Int64(i64),
    /// Go's `uint8`, what indexing a text returns.
    Uint8(u8),
    /// Go's `uint64`, for integers beyond `int`.
    Uint64(u64),
    /// Go's `float64`.
    Float(f64),
    /// A text.
    Str(Arc<str>),
    /// A Go slice.
    List(List),
    /// A Go map from texts.
    Map(Map),
    /// Something of the embedder's, with methods.
    Object(Arc<dyn Object>),
}

/// A value the embedder defines: `{{ (thing "x").Method 1 }}`.
pub trait Object: Any + Send + Sync {
    /// Go's name of the type, as `%T` prints it.
    fn type_name(&self) -> &str;
    /// Go's name of the kind.
    fn kind_name(&self) -> &'static str {
        "ptr"
    }
    /// The number it is underneath, as Go's durations are: it compares and prints as one.
    fn integer(&self) -> Option<i64> {
        None
    }
    /// The method or field `name`, or `None` if there is no such.
    fn method(&self, name: &str) -> Option<Function>;
    /// What printing it gives.
    fn text(&self) -> String;
    /// What it is in JSON, if that is another text.
    fn encoded(&self) -> String {
        self.text()
    }
}

/// What a list or map holds, as far as Go's types tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// Anything: Go's `interface{}`.
    Any,
    /// Texts.
    Str,
    /// `true` and `false`.
    Bool,
    /// Go's `int`.
    Int,
    /// Go's `int64`.
    Int64,
    /// Go's `float64`.
    Float,
    /// Bytes, which print as text under `%s`.
    Byte,
    /// Lists of anything, as `chunk` makes.
    AnyList,
    /// Lists of texts, and maps of them, as CSV has.
    StrList,
    /// Maps from texts to texts.
    StrMap,
    /// Tables, as TOML has.
    AnyMap,
}

/// A Go slice. `None` inside is the nil slice, empty but `null` in JSON.
#[derive(Clone)]
pub struct List {
    element: Element,
    items: Option<Arc<Items>>,
}

/// A Go map with text keys, kept sorted as Go prints them. Clones share content, as in Go:
/// what `set` does to one, all see. `None` inside is the nil map, which cannot be set.
#[derive(Clone)]
pub struct Map {
    element: Element,
    entries: Option<Arc<Entries>>,
}

struct Items(Vec<Value>);
struct Entries(RwLock<BTreeMap<Arc<str>, Value>>);

impl Value {
    /// An embedder's object.
    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Arc::new(object))
    }

    /// Go's truth: not the zero of its type, and not empty.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Absent | Self::Nil => false,
            Self::Bool(b) => *b,
            Self::Int(_) | Self::Int64(_) | Self::Uint8(_) | Self::Uint64(_) => {
                self.integer() != Some(0)
            }
            Self::Float(f) => *f != 0.0,
            Self::Str(s) => !s.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.integer() != Some(0),
        }
    }

    /// Any of the integer types, as a number.
    pub fn integer(&self) -> Option<i128> {
        match self {
            Self::Int(i) | Self::Int64(i) => Some(i128::from(*i)),
            Self::Uint8(u) => Some(i128::from(*u)),
            Self::Uint64(u) => Some(i128::from(*u)),
            Self::Object(object) => object.integer().map(i128::from),
            _ => None,
        }
    }

    /// The embedder's object, if it is one of this type.
    pub fn as_object<T: Object>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => (&**object as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// Whether it is a nil of any type.
    pub fn is_nil(&self) -> bool {
        match self {
            Self::Absent | Self::Nil => true,
            Self::List(list) => list.is_nil(),
            Self::Map(map) => map.is_nil(),
            _ => false,
        }
    }

    /// A copy that shares no map with this value.
    pub(crate) fn detached(&self) -> Self {
        match self {
            Self::List(list) if !list.is_nil() => {
                let items = list.items().iter().map(Self::detached).collect();
                Self::List(List::of(list.element(), items))
            }
            Self::Map(map) if !map.is_nil() => {
                let copy = Map::new(map.element());
                for (key, value) in map.entries() {
                    copy.insert(key, value.detached());
                }
                Self::Map(copy)
            }
            other => other.clone(),
        }
    }

    /// Go's name of the type, e.g. `map[string]interface {}`.
    pub fn type_name(&self) -> String {
        match self {
            Self::Absent | Self::Nil => "<nil>".to_owned(),
            Self::Bool(_) => "bool".to_owned(),
            Self::Int(_) => "int".to_owned(),
            Self::Int64(_) => "int64".to_owned(),
            Self::Uint8(_) => "uint8".to_owned(),
            Self::Uint64(_) => "uint64".to_owned(),
            Self::Float(_) => "float64".to_owned(),
            Self::Str(_) => "string".to_owned(),
            Self::List(list) => format!("[]{}", list.element.type_name()),
            Self::Map(map) => format!("map[string]{}", map.element.type_name()),
            Self::Object(object) => object.type_name().to_owned(),
        }
    }

    /// Go's name of the kind, e.g. `map`.
    pub fn kind_name(&self) -> &str {
        match self {
            Self::Absent | Self::Nil => "invalid",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Uint64(_) => "uint64",
            Self::Float(_) => "float64",
            Self::Str(_) => "string",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Object(object) => object.kind_name(),
        }
    }
}

impl Element {
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Str => "string",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Float => "float64",
            Self::Byte => "uint8",
            Self::AnyList => "[]interface {}",
            Self::StrList => "[]string",
            Self::StrMap => "map[string]string",
            Self::AnyMap => "map[string]interface {}",
        }
    }

    /// What Go reads from a map of these where there is no entry.
    pub(crate) fn zero(self) -> Value {
        match self {
            Self::Any => Value::Nil,
            Self::Str => Value::from(""),
            Self::Bool => Value::Bool(false),
            Self::Int => Value::Int(0),
            Self::Int64 => Value::Int64(0),
            Self::Float => Value::Float(0.0),
            Self::Byte => Value::Uint8(0),
            Self::StrList => Value::List(List::nil(Self::Str)),
            Self::StrMap => Value::Map(Map::nil(Self::Str)),
            Self::AnyMap => Value::Map(Map::nil(Self::Any)),
            Self::AnyList => Value::List(List::nil(Self::Any)),
        }
    }
}

impl List {
    /// A `[]interface{}`.
    pub fn new(items: Vec<Value>) -> Self {
        Self::of(Element::Any, items)
    }

    /// A list whose items are all of `element`.
    pub fn of(element: Element, items: Vec<Value>) -> Self {
        Self { element, items: Some(Arc::new(Items(items))) }
    }

    /// The nil slice.
    pub fn nil(element: Element) -> Self {
        Self { element, items: None }
    }

    /// A `[]byte`.
    pub fn bytes(bytes: &[u8]) -> Self {
        Self::of(Element::Byte, bytes.iter().map(|byte| Value::Uint8(*byte)).collect())
    }

    /// What it holds.
    pub fn element(&self) -> Element {
        self.element
    }

    /// Whether it is Go's nil, which is empty too.
    pub fn is_nil(&self) -> bool {
        self.items.is_none()
    }

    /// What a `[]byte` holds; `None` for any other list.
    pub(crate) fn as_bytes(&self) -> Option<Vec<u8>> {
        let byte = |item: &Value| if let Value::Uint8(byte) = item { Some(*byte) } else { None };
        (self.element == Element::Byte).then(|| self.items().iter().filter_map(byte).collect())
    }

    /// What it holds, in order; nothing for the nil slice.
    pub fn items(&self) -> &[Value] {
        self.items.as_ref().map_or(&[], |items| &items.0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items().is_empty()
    }
}

impl Map {
    /// An empty map of `element`.
    pub fn new(element: Element) -> Self {
        Self { element, entries: Some(Arc::new(Entries(RwLock::default()))) }
    }

    /// The nil map.
    pub fn nil(element: Element) -> Self {
        Self { element, entries: None }
    }

    /// Whether it is Go's nil, which is empty too.
    pub fn is_nil(&self) -> bool {
        self.entries.is_none()
    }

    /// What it holds.
    pub fn element(&self) -> Element {
        self.element
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.read(BTreeMap::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at `key`, if there is one.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.read(|entries| entries.get(key).cloned())
    }

    /// Whether there is a value at `key`, be it nil.
    pub fn has(&self, key: &str) -> bool {
        self.read(|entries| entries.contains_key(key))
    }

    /// All entries as they are now, in key order.
    pub fn entries(&self) -> Vec<(Arc<str>, Value)> {
        self.read(|entries| entries.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    /// Sets an entry, for every holder of this map; a nil map stays as it is.
    pub fn insert(&self, key: impl Into<Arc<str>>, value: Value) {
        self.write(|entries| entries.insert(key.into(), value));
    }

    /// Removes an entry, for every holder of this map.
    pub fn remove(&self, key: &str) {
        self.write(|entries| entries.remove(key));
    }

    pub(crate) fn shares(&self, other: &Self) -> bool {
        matches!((&self.entries, &other.entries), (Some(a), Some(b)) if Arc::ptr_eq(a, b))
    }

    fn read<T>(&self, look: impl FnOnce(&BTreeMap<Arc<str>, Value>) -> T) -> T {
        match &self.entries {
            Some(entries) => look(&entries.0.read().unwrap_or_else(PoisonError::into_inner)),
            None => look(&BTreeMap::new()),
        }
    }

    /// What `change` returns, an old value perhaps, is dropped after the lock.
    fn write<T>(&self, change: impl FnOnce(&mut BTreeMap<Arc<str>, Value>) -> T) -> Option<T> {
        let entries = self.entries.as_ref()?;
        Some(change(&mut entries.0.write().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Nil => f.write_str("Nil"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Str(s) => write!(f, "{s:?}"),
            Self::List(list) => f.debug_list().entries(list.items()).finish(),
            Self::Map(map) => f.debug_map().entries(map.entries()).finish(),
            Self::Object(object) => f.write_str(object.type_name()),
            _ => write!(f, "{:?}", self.integer().unwrap_or_default()),
        }
    }
}

impl Drop for Items {
    fn drop(&mut self) {
        dismantle(std::mem::take(&mut self.0));
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        let entries = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        dismantle(std::mem::take(entries).into_values().collect());
    }
}

/// Drops values level by level: a template can build nests deeper than any stack.
fn dismantle(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::List(List { items: Some(mut items), .. }) => {
                if let Some(items) = Arc::get_mut(&mut items) {
                    pending.append(&mut items.0);
                }
            }
            Value::Map(Map { entries: Some(mut entries), .. }) => {
                if let Some(entries) = Arc::get_mut(&mut entries) {
                    let entries = entries.0.get_mut().unwrap_or_else(PoisonError::into_inner);
                    pending.extend(std::mem::take(entries).into_values());
                }
            }
            _ => {}
        }
    }
}
