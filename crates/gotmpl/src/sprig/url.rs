//! URLs taken apart and put together, as Go's `net/url` does.

use super::{Outcome, add};
use crate::Failure;
use crate::functions::{Call, Function, Functions, Type};
use crate::value::{Map, Object, Value};

mod escape;

use escape::{Part, escape, unescape};

pub(super) fn register(f: &mut Functions) {
    add(f, &["urlParse"], &[Type::Str], |c| {
        let text = c.str(0)?;
        let url = Url::parse(&text).map_err(|reason| {
            let shown = crate::strconv::quote(&text, false);
            Failure::Message(format!("unable to parse url: parse {shown}: {reason}"))
        })?;
        let hostname = url.hostname().to_owned();
        let fields = [
            ("scheme", url.scheme),
            ("host", url.host),
            ("hostname", hostname),
            ("path", url.path),
            ("query", url.query),
            ("opaque", url.opaque),
            ("fragment", url.fragment),
            ("userinfo", url.user.unwrap_or_default()),
        ];
        Ok(fields.into_iter().map(|(key, value)| (key, Value::from(value))).collect::<Map>().into())
    });
    add(f, &["urlJoin"], &[Type::Map], join);
}

/// A `*url.URL`, with its fields.
pub(crate) fn object(text: &str) -> Outcome {
    let url = Url::parse(text).map_err(|reason| {
        let shown = crate::strconv::quote(text, false);
        Failure::Message(format!("parse {shown}: {reason}"))
    })?;
    Ok(Value::object(url))
}

impl Object for Url {
    fn type_name(&self) -> &str {
        "*url.URL"
    }

    fn method(&self, name: &str) -> Option<Function> {
        let port = || match self.host.rfind(':') {
            Some(colon) if is_port(&self.host[colon..]) => self.host[colon + 1..].to_owned(),
            _ => String::new(),
        };
        let value: Value = match name {
            "Scheme" => self.scheme.as_str().into(),
            "Opaque" => self.opaque.as_str().into(),
            "Host" => self.host.as_str().into(),
            "Path" => self.path.as_str().into(),
            "RawQuery" => self.query.as_str().into(),
            "Fragment" => self.fragment.as_str().into(),
            "User" => self.user.as_deref().map_or(Value::Nil, Value::from),
            "Hostname" => self.hostname().into(),
            "Port" => port().into(),
            "EscapedPath" => escape(&self.path, Part::Path).into(),
            "IsAbs" => (!self.scheme.is_empty()).into(),
            "String" => Url::text(self).into(),
            _ => return None,
        };
        Some(Function::new(&[], move |_| Ok(value.clone())))
    }

    fn text(&self) -> String {
        Url::text(self)
    }
}

#[derive(Default)]
struct Url {
    scheme: String,
    /// Escaped, as it stands before the `@`.
    user: Option<String>,
    host: String,
    path: String,
    query: String,
    /// What follows the scheme where no `/` does.
    opaque: String,
    fragment: String,
}

impl Url {
    fn parse(text: &str) -> Result<Self, String> {
        if text.bytes().any(|b| b < b' ' || b == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        let mut url = Self { fragment: unescape(fragment, Part::Fragment)?, ..Self::default() };
        let (scheme, rest) = split_scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        url.query = query.to_owned();
        if !rest.starts_with('/') {
            if !scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let has_authority = !scheme.is_empty() || !rest.starts_with("///");
        let path = match rest.strip_prefix("//").filter(|_| has_authority) {
            Some(authority) => {
                let end = authority.find('/').unwrap_or(authority.len());
                url.set_authority(&authority[..end])?;
                &authority[end..]
            }
            None => rest,
        };
        url.path = unescape(path, Part::Path)?;
        Ok(url)
    }

    fn set_authority(&mut self, authority: &str) -> Result<(), String> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        self.host = parse_host(host)?;
        let Some(user) = user else { return Ok(()) };
        let valid = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
        if !user.bytes().all(valid) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let recoded =
            |part: &str| Ok::<_, String>(escape(&unescape(part, Part::User)?, Part::User));
        self.user = Some(match user.split_once(':') {
            Some((name, password)) => format!("{}:{}", recoded(name)?, recoded(password)?),
            None => recoded(user)?,
        });
        Ok(())
    }

    /// The host without brackets and port.
    fn hostname(&self) -> &str {
        let without_port = match self.host.rfind(':') {
            Some(colon) if is_port(&self.host[colon..]) => &self.host[..colon],
            _ => &self.host,
        };
        let inside = without_port.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        inside.unwrap_or(without_port)
    }

    fn text(&self) -> String {
        let mut out = String::new();
        if !self.scheme.is_empty() {
            out += &format!("{}:", self.scheme);
        }
        if self.opaque.is_empty() {
            let has_host = !self.host.is_empty() || self.user.is_some();
            if has_host || !self.scheme.is_empty() && !self.path.is_empty() {
                out += "//";
                if let Some(user) = &self.user {
                    out += &format!("{user}@");
                }
                out += &escape(&self.host, Part::Host);
            }
            let path =
                if self.path == "*" { "*".to_owned() } else { escape(&self.path, Part::Path) };
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                out.push('/');
            }
            if out.is_empty() && path.split('/').next().is_some_and(|first| first.contains(':')) {
                out += "./";
            }
            out += &path;
        } else {
            out += &self.opaque;
        }
        if !self.query.is_empty() {
            out += &format!("?{}", self.query);
        }
        if !self.fragment.is_empty() {
            out += &format!("#{}", escape(&self.fragment, Part::Fragment));
        }
        out
    }
}

fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    for (i, b) in text.bytes().enumerate() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if i > 0 => {}
            b':' if i == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..i], &text[i + 1..])),
            _ => return Ok(("", text)),
        }
    }
    Ok(("", text))
}

/// Empty, or a colon and digits.
fn is_port(text: &str) -> bool {
    match text.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_digit()),
        None => text.is_empty(),
    }
}

fn parse_host(host: &str) -> Result<String, String> {
    let port = match (host.starts_with('['), host.rfind(']')) {
        (true, None) => return Err("missing ']' in host".to_owned()),
        (true, Some(end)) => &host[end + 1..],
        (false, _) => host.rfind(':').map_or("", |colon| &host[colon..]),
    };
    if !is_port(port) {
        return Err(format!("invalid port {} after host", crate::strconv::quote(port, false)));
    }
    unescape(host, Part::Host)
}

fn join(c: &mut Call<'_>) -> Outcome {
    let map = c.map(0)?;
    let text = |key: &str| match map.get(key) {
        None => Ok(String::new()),
        Some(Value::Str(text)) => Ok(text.to_string()),
        Some(other) => {
            let kind = other.kind_name().to_owned();
            Err(Failure::Message(format!(
                "unable to parse {key} key, must be of type string, but {kind} found"
            )))
        }
    };
    let mut url = Url {
        scheme: text("scheme")?,
        host: text("host")?,
        path: text("path")?,
        query: text("query")?,
        opaque: text("opaque")?,
        fragment: text("fragment")?,
        user: None,
    };
    let user = text("userinfo")?;
    if !user.is_empty() {
        let parsed = Url::parse(&format!("proto://{user}@host"));
        url.user = parsed.map_err(|e| format!("unable to parse userinfo in dict: {e}"))?.user;
    }
    Ok(url.text().into())
}
