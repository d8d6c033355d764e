//! `data.`: JSON, YAML, TOML and CSV, read and written.

use super::{Outcome, add, add_with_rest, alias, convert, namespace};
use crate::Failure;
use crate::functions::{Call, Function, Functions, Type};
use crate::json::{self, Style, Writer};
use crate::value::{Element, List, Map, Value};

mod csv;
mod toml;
mod yaml;
mod yaml_text;

use Type::{Any, Str};
use yaml::Wanted;

pub(super) fn register(f: &mut Functions) {
    let m = &mut Functions::none();
    // JSON is read as the YAML it is.
    for (name, wanted) in [("JSON", Wanted::First), ("YAML", Wanted::FirstNotNull)] {
        add(m, &[name], &[Any], move |c| {
            let text = convert::text(&c.value(0), c.meter)?;
            match yaml::read(&text, wanted, c.meter)? {
                None => Ok(Map::new(Element::Any).into()),
                Some(Value::Nil) => Ok(Map::nil(Element::Any).into()),
                Some(map @ Value::Map(_)) => Ok(map),
                Some(other) => Err(unfit(&other, "map[string]interface {}")),
            }
        });
        add(m, &[&format!("{name}Array")], &[Any], move |c| {
            let text = convert::text(&c.value(0), c.meter)?;
            match yaml::read(&text, wanted, c.meter)? {
                None => Ok(vec![Value::Nil].into()),
                Some(Value::Nil) => Ok(List::nil(Element::Any).into()),
                Some(list @ Value::List(_)) => Ok(list),
                Some(other) => Err(unfit(&other, "[]interface {}")),
            }
        });
    }
    add(m, &["TOML"], &[Any], |c| {
        let text = convert::text(&c.value(0), c.meter)?;
        toml::read(&text, c.meter)
    });
    add(m, &["ToJSON"], &[Any], |c| {
        let style = Style { indent: None, writer: Writer::Gomplate };
        Ok(json::encode(&c.value(0), style, c.meter)?.into())
    });
    add(m, &["ToJSONPretty"], &[Str, Any], |c| {
        let indent = c.str(0)?;
        let style = Style { indent: Some(&indent), writer: Writer::Gomplate };
        Ok(json::encode(&c.value(1), style, c.meter)?.into())
    });
    add(m, &["ToYAML"], &[Any], |c| Ok(yaml_text::write(&c.value(0), c.meter)?.into()));
    add(m, &["ToTOML"], &[Any], |c| Ok(toml::write(&c.value(0), c.meter)?.into()));
    add_with_rest(m, &["CSV"], &[], Str, |c| {
        let table = csv::Table::read(c)?;
        let rows = [table.header].into_iter().chain(table.rows).map(Value::from);
        Ok(List::of(Element::StrList, rows.collect()).into())
    });
    add_with_rest(m, &["CSVByRow"], &[], Str, by_row);
    add_with_rest(m, &["CSVByColumn"], &[], Str, by_column);
    add_with_rest(m, &["ToCSV"], &[], Any, csv::write);
    let cue = Function::refused("it is a language of its own, which is not built in");
    m.add("CUE", cue.clone()).add("ToCUE", cue);
    let names = [
        ("json", "JSON"),
        ("jsonArray", "JSONArray"),
        ("yaml", "YAML"),
        ("yamlArray", "YAMLArray"),
        ("toml", "TOML"),
        ("csv", "CSV"),
        ("csvByRow", "CSVByRow"),
        ("csvByColumn", "CSVByColumn"),
        ("cue", "CUE"),
        ("toJSON", "ToJSON"),
        ("toJSONPretty", "ToJSONPretty"),
        ("toYAML", "ToYAML"),
        ("toTOML", "ToTOML"),
        ("toCSV", "ToCSV"),
        ("toCUE", "ToCUE"),
    ];
    alias(f, m, &names);
    f.add("data", namespace("*funcs.DataFuncs", m.clone()));
}

fn unfit(found: &Value, wanted: &str) -> Failure {
    let found = match found {
        Value::Map(_) => "!!map",
        Value::List(_) => "!!seq",
        Value::Str(_) => "!!str",
        Value::Bool(_) => "!!bool",
        Value::Float(_) => "!!float",
        _ => "!!int",
    };
    Failure::Message(format!("yaml: unmarshal errors: cannot unmarshal {found} into {wanted}"))
}

fn by_row(c: &mut Call<'_>) -> Outcome {
    let table = csv::Table::read(c)?;
    let mut rows = Vec::with_capacity(table.rows.len());
    for row in table.rows {
        let map = Map::new(Element::Str);
        for (i, cell) in row.into_iter().enumerate() {
            map.insert(csv::name(&table.header, i)?, cell.into());
        }
        rows.push(map.into());
    }
    let none = rows.is_empty();
    Ok(if none { List::nil(Element::StrMap) } else { List::of(Element::StrMap, rows) }.into())
}

fn by_column(c: &mut Call<'_>) -> Outcome {
    let table = csv::Table::read(c)?;
    let columns = Map::new(Element::StrList);
    let mut cells: std::collections::BTreeMap<&str, Vec<String>> = Default::default();
    for row in table.rows {
        for (i, cell) in row.into_iter().enumerate() {
            cells.entry(csv::name(&table.header, i)?).or_default().push(cell);
        }
    }
    for (name, cells) in cells {
        columns.insert(name, cells.into());
    }
    Ok(columns.into())
}
