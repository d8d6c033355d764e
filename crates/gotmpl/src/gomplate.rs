//! Gomplate's functions (version 4.3), those that give the same for the same arguments: a
//! namespace is a function that gives an object, and its functions are the object's methods.

use crate::functions::{Function, Functions, Outcome, Refusals, add, add_with_rest, refuse};
use crate::limits::{Limits, Meter};
use crate::value::{Object, Value};

mod coll;
mod conv;
mod convert;
mod crypto;
mod formats;
mod math;
mod net;
mod paths;
mod regexp;
mod semver;
mod strings;
mod test;
mod time;

const ENVIRONMENT: &str = "it reads the environment";
const NETWORK: &str = "it asks the network";
const FILES: &str = "it reads files";
const SOURCES: &str = "it reads data sources, which are files or in the network";
const RANDOM: &str = "it is random";

/// The refused among the older aliases.
const REFUSED: &Refusals = &[
    (NETWORK, "ec2dynamic ec2meta ec2region ec2tag ec2tags"),
    (ENVIRONMENT, "getenv"),
    (
        SOURCES,
        "datasource datasourceExists datasourceReachable defineDatasource ds include \
         listDatasources",
    ),
    ("a template does not make templates", "tmpl tpl"),
];

/// Namespaces of which nothing is left: the name, the type, and why.
const CLOSED: &[(&str, &str, &str, &str)] = &[
    ("env", "*funcs.EnvFuncs", ENVIRONMENT, "Getenv ExpandEnv"),
    ("file", "*funcs.FileFuncs", FILES, "Exists IsDir Read ReadDir Stat Walk Write"),
    ("random", "*funcs.RandomFuncs", RANDOM, "ASCII Alpha AlphaNum Float Item Number String"),
    (
        "aws",
        "*aws.Funcs",
        NETWORK,
        "ARN Account EC2Dynamic EC2Meta EC2Region EC2Tag EC2Tags KMSDecrypt KMSEncrypt UserID",
    ),
    ("gcp", "*funcs.GcpFuncs", NETWORK, "Meta"),
    (
        "sockaddr",
        "*funcs.SockaddrFuncs",
        "it reads the network interfaces of the machine",
        "Attr Exclude GetAllInterfaces GetDefaultInterfaces GetInterfaceIP GetInterfaceIPs \
         GetPrivateIP GetPrivateIPs GetPrivateInterfaces GetPublicIP GetPublicIPs \
         GetPublicInterfaces Include Join Limit Math Offset Sort Unique",
    ),
];

pub(crate) fn register(f: &mut Functions) {
    formats::register(f);
    conv::register(f);
    coll::register(f);
    strings::register(f);
    math::register(f);
    regexp::register(f);
    paths::register(f);
    crypto::register(f);
    semver::register(f);
    net::register(f);
    time::register(f);
    test::register(f);
    for (name, type_name, reason, names) in CLOSED {
        let mut methods = Functions::none();
        refuse(&mut methods, &[(*reason, *names)]);
        f.add(name, namespace(type_name, methods));
    }
    refuse(f, REFUSED);
}

/// An object whose methods are functions.
struct Namespace {
    type_name: &'static str,
    methods: Functions,
}

impl Object for Namespace {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn method(&self, name: &str) -> Option<Function> {
        self.methods.get(name).cloned()
    }

    fn text(&self) -> String {
        self.type_name.to_owned()
    }
}

/// The function of the namespace's name.
pub(crate) fn namespace(type_name: &'static str, methods: Functions) -> Function {
    let namespace = Value::object(Namespace { type_name, methods });
    Function::new(&[], move |_| Ok(namespace.clone()))
}

/// The type and the methods of a namespace, if the function gives one.
pub(crate) fn methods(function: &Function) -> Option<(&'static str, Functions)> {
    let mut meter = Meter::new(&Limits::default());
    let object = function.without_arguments(&mut meter)?;
    let namespace = object.as_object::<Namespace>()?;
    Some((namespace.type_name, namespace.methods.clone()))
}

/// Makes methods callable under other names as well: pairs of alias and method.
fn alias(f: &mut Functions, methods: &Functions, names: &[(&str, &str)]) {
    for (name, method) in names {
        if let Some(function) = methods.get(method) {
            f.add(name, function.clone());
        }
    }
}
