//! Random templates that are mostly well formed, over data of every shape.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use fastrand::Rng;
use serde_json::{Value as Json, json};

/// `count` requests, the same for the same seed.
pub(crate) fn templates(seed: u64, count: usize) -> Vec<Json> {
    let mut rng = Rng::with_seed(seed);
    (0..count)
        .map(|i| {
            let with_sprig = i % 2 == 1;
            let mut writer =
                Writer { rng: &mut rng, with_sprig, depth: 0, variables: 0, ranges: 0 };
            let template = writer.body();
            let missing_key = pick(&mut rng, &["", "", "", "zero", "error"]);
            json!({
                "template": template,
                "data": sample(),
                "missingkey": missing_key,
                "left": "",
                "right": "",
                "functions": if with_sprig { "sprig" } else { "" },
            })
        })
        .collect()
}

/// Writes `count` of them as a corpus file, those with the same settings together.
pub(crate) fn write(file: &Path, seed: u64, count: usize) {
    let mut groups: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for request in templates(seed, count) {
        let text = |key: &str| request[key].as_str().unwrap_or_default().to_owned();
        let template = text("template").replace('\n', "⏎");
        let is_note = template.starts_with(['#', '@', '~', '!']) || template.is_empty();
        if !is_note {
            groups.entry((text("functions"), text("missingkey"))).or_default().push(template);
        }
    }
    let mut out = format!("# Written by the tests from seed {seed}.\n@data {}\n", sample());
    for ((functions, missing_key), templates) in groups {
        let (set, mark) = if functions.is_empty() { ("none", "") } else { ("sprig", "~") };
        let _ = writeln!(out, "@functions {set}\n@missingkey {missing_key}");
        for template in templates {
            let _ = writeln!(out, "{mark}{template}");
        }
    }
    fs::write(file, out).expect("the corpus file is written");
}

fn sample() -> Json {
    json!({
        "s": "hello", "e": "", "u": "zwölf\tÄ \"q\" <&>", "n": 7, "neg": -12, "z": 0, "f": 1.5,
        "big": 1e21, "small": 0.000001, "t": true, "no": false, "nil": null,
        "list": [1, "two", 3.25, null, true, [1, 2], {"k": "v"}],
        "strs": ["b", "a", "c"], "ints": [3, 1, 2], "empty": [], "none": {},
        "m": {"a": 1, "b": {"c": "deep", "d": [1, {"x": "y"}]}, "z": null, "t": "text"},
    })
}

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(..from.len())]
}

/// Sprig's functions with their number of arguments. Those whose result has Go's random order
/// of map keys are left to the corpus; a map put into itself ends Go's process.
const SPRIG: &[(&str, usize)] = &[
    ("upper", 1),
    ("title", 1),
    ("trim", 1),
    ("snakecase", 1),
    ("camelcase", 1),
    ("kebabcase", 1),
    ("swapcase", 1),
    ("initials", 1),
    ("nospace", 1),
    ("untitle", 1),
    ("quote", 2),
    ("squote", 2),
    ("cat", 3),
    ("toString", 1),
    ("toStrings", 1),
    ("join \"-\"", 1),
    ("splitList \"l\"", 1),
    ("split \"l\"", 1),
    ("splitn \"l\" 2", 1),
    ("replace \"l\" \"--\"", 1),
    ("indent 2", 1),
    ("nindent 1", 1),
    ("trunc 3", 1),
    ("trunc -2", 1),
    ("repeat 2", 1),
    ("contains \"e\"", 1),
    ("hasPrefix .s", 1),
    ("trimSuffix \"o\"", 1),
    ("trimAll \"ho\"", 1),
    ("abbrev 5", 1),
    ("wrap 3", 1),
    ("wrapWith 3 \"|\"", 1),
    ("add", 3),
    ("sub", 2),
    ("mul", 2),
    ("div", 2),
    ("mod", 2),
    ("max", 3),
    ("min", 2),
    ("add1", 1),
    ("addf", 2),
    ("subf", 2),
    ("mulf", 2),
    ("divf", 2),
    ("maxf", 2),
    ("minf", 2),
    ("floor", 1),
    ("ceil", 1),
    ("int", 1),
    ("int64", 1),
    ("float64", 1),
    ("atoi", 1),
    ("toDecimal", 1),
    ("list", 3),
    ("append", 2),
    ("prepend", 2),
    ("first", 1),
    ("last", 1),
    ("rest", 1),
    ("initial", 1),
    ("reverse", 1),
    ("compact", 1),
    ("uniq", 1),
    ("without", 2),
    ("has", 2),
    ("slice", 2),
    ("concat", 2),
    ("chunk 2", 1),
    ("sortAlpha", 1),
    ("dict \"a\"", 1),
    ("dict", 4),
    ("get .m", 1),
    ("hasKey .m", 1),
    ("pick .m \"a\"", 1),
    ("omit .m \"a\"", 1),
    ("merge (deepCopy .m)", 1),
    ("mergeOverwrite (deepCopy .m)", 1),
    ("merge (dict \"a\" .e)", 1),
    ("deepCopy", 1),
    ("dig \"b\" \"c\" 0", 1),
    ("default", 2),
    ("empty", 1),
    ("coalesce", 3),
    ("all", 2),
    ("any", 2),
    ("ternary 1 2", 1),
    ("typeOf", 1),
    ("kindOf", 1),
    ("kindIs \"map\"", 1),
    ("deepEqual", 2),
    ("toJson", 1),
    ("toPrettyJson", 1),
    ("toRawJson", 1),
    ("fromJson", 1),
    ("b64enc", 1),
    ("b64dec", 1),
    ("sha256sum", 1),
    ("regexMatch \"l+\"", 1),
    ("regexFindAll \"[a-l]\" \"hello\"", 1),
    ("regexReplaceAll \"(l)\" .s", 1),
    ("regexSplit \"l\" .s", 1),
    ("base", 1),
    ("dir", 1),
    ("clean", 1),
    ("ext", 1),
    ("until", 1),
    ("untilStep 0 5", 1),
    ("seq 1", 1),
    ("round .f", 1),
    ("semverCompare \">=1\"", 1),
    ("urlParse", 1),
    ("substr 0 2", 1),
    ("plural \"one\" \"many\"", 1),
    ("pluck \"a\"", 1),
    ("set (deepCopy .m) \"new\"", 1),
    ("unset .m", 1),
    ("duration", 1),
    ("durationRound", 1),
];

struct Writer<'r> {
    rng: &'r mut Rng,
    with_sprig: bool,
    depth: usize,
    variables: usize,
    ranges: usize,
}

impl Writer<'_> {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        pick(self.rng, from)
    }

    fn body(&mut self) -> String {
        let pieces = self.rng.usize(1..4);
        (0..pieces).map(|_| self.piece()).collect()
    }

    fn piece(&mut self) -> String {
        self.depth += 1;
        let kinds = if self.depth > 4 { 4 } else { 12 };
        let visible = self.variables;
        let piece = match self.rng.usize(..kinds) {
            0 => self.pick(&["text", " ", "\n", "a\n b ", "{", "}}", "é"]).to_owned(),
            1..=3 => {
                let pipe = self.pipe();
                self.action(&pipe)
            }
            4 => self.declaration(),
            5 | 6 => self.block("if"),
            7 => self.block("with"),
            8 | 9 => self.range(),
            10 => {
                let comment = self.pick(&["/* note */", "- /* a */ -"]).to_owned();
                format!("{{{{{comment}}}}}")
            }
            _ => {
                let pipe = self.pipe();
                format!("{{{{block \"b{}\" {pipe}}}}}[{{{{.}}}}]{{{{end}}}}", self.rng.u32(..))
            }
        };
        if self.depth > 1 {
            self.variables = visible.min(self.variables);
        }
        self.depth -= 1;
        piece
    }

    fn action(&mut self, inside: &str) -> String {
        let left = self.pick(&["{{", "{{ ", "{{- "]);
        let right = self.pick(&["}}", " }}", " -}}"]);
        format!("{left}{inside}{right}")
    }

    fn declaration(&mut self) -> String {
        let pipe = self.pipe();
        if self.variables > 0 && self.rng.bool() {
            let known = self.rng.usize(..self.variables);
            return self.action(&format!("$v{known} = {pipe}"));
        }
        // Only declared where every later piece of the same body can see it.
        let text = self.action(&format!("$v{} := {pipe}", self.variables));
        self.variables += 1;
        text
    }

    fn block(&mut self, keyword: &str) -> String {
        let pipe = self.pipe();
        let visible = self.variables;
        let body = self.body();
        self.variables = visible;
        let mut text = format!("{}{body}", self.action(&format!("{keyword} {pipe}")));
        if self.rng.bool() {
            if self.rng.u8(..3) == 0 {
                let pipe = self.pipe();
                text += &self.action(&format!("else {keyword} {pipe}"));
                text += &self.body();
                self.variables = visible;
            }
            text += &self.action("else");
            text += &self.body();
            self.variables = visible;
        }
        text + &self.action("end")
    }

    fn range(&mut self) -> String {
        let pipe = self.pick(&[
            ".list", ".strs", ".ints", ".m", ".empty", ".none", "3", ".n", "$.m.b", ".nil", ".s",
            ".", "$.list", "$.m",
        ]);
        let variables = self.pick(&["", "", "$i := ", "$i, $x := "]);
        let visible = self.variables;
        self.ranges += 1;
        let mut body = self.body();
        if self.rng.u8(..4) == 0 {
            let jump = self.pick(&["break", "continue"]);
            body += &format!("{{{{if .}}}}{{{{{jump}}}}}{{{{end}}}}|");
        }
        if !variables.is_empty() {
            body += "{{$i}}";
        }
        if variables.contains('x') {
            body += "={{$x}}";
        }
        self.ranges -= 1;
        self.variables = visible;
        let otherwise = if self.rng.bool() { "{{else}}nothing" } else { "" };
        format!("{{{{range {variables}{pipe}}}}}{body}{otherwise}{{{{end}}}}")
    }

    fn pipe(&mut self) -> String {
        self.depth += 1;
        let mut pipe = self.command();
        while self.rng.u8(..4) == 0 && self.depth < 6 {
            pipe += &format!(" | {}", self.piped());
        }
        self.depth -= 1;
        pipe
    }

    fn command(&mut self) -> String {
        if self.rng.bool() || self.depth > 6 {
            return self.operand();
        }
        if self.with_sprig && self.rng.u8(..4) > 0 {
            let (name, count) = SPRIG[self.rng.usize(..SPRIG.len())];
            let args: String = (0..count).map(|_| format!(" {}", self.argument())).collect();
            return format!("{name}{args}");
        }
        let name = self.pick(&[
            "eq",
            "ne",
            "lt",
            "le",
            "gt",
            "ge",
            "and",
            "or",
            "not",
            "len",
            "index",
            "slice .s 1",
            "print",
            "println",
            "printf \"%v\"",
            "html",
            "js",
            "urlquery",
            "printf \"%s|%q\"",
            "printf \"%5d|%-6v|%x\"",
            "printf \"%T\"",
            "printf \"%6.2f\"",
            "printf \"%#v\"",
        ]);
        let count = match name {
            "not" | "len" => 1,
            "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "index" => 2,
            "slice .s 1" => 0,
            _ => self.rng.usize(1..4),
        };
        let args: String = (0..count).map(|_| format!(" {}", self.argument())).collect();
        format!("{name}{args}")
    }

    fn piped(&mut self) -> String {
        self.pick(&[
            "print",
            "len",
            "not",
            "html",
            "printf \"%v\"",
            "printf \"%q\"",
            "eq 1",
            "lt 2",
            "or .e",
            "and .t",
            "index .list",
            "js",
            "println",
            "printf \"%d-%s\" 1",
            "print 1 nil",
            "urlquery",
        ])
        .to_owned()
    }

    fn argument(&mut self) -> String {
        if self.rng.u8(..4) == 0 && self.depth < 6 {
            return format!("({})", self.pipe());
        }
        self.operand()
    }

    fn operand(&mut self) -> String {
        if self.variables > 0 && self.rng.u8(..4) == 0 {
            return format!("$v{}", self.rng.usize(..self.variables));
        }
        self.pick(&[
            ".",
            "$",
            ".s",
            ".e",
            ".u",
            ".n",
            ".neg",
            ".z",
            ".f",
            ".big",
            ".small",
            ".t",
            ".no",
            ".nil",
            ".list",
            ".strs",
            ".ints",
            ".empty",
            ".none",
            ".m",
            ".m.a",
            ".m.b.c",
            ".m.b.d",
            ".m.z",
            ".x",
            ".x.y",
            "$.m.b",
            "$.s",
            ".s.x",
            ".nil.x",
            "(index .list 6).k",
            "(index .m \"b\").c",
            "1",
            "0",
            "-3",
            "2.5",
            "1e3",
            "0x1F",
            "'a'",
            "\"str\"",
            "`raw`",
            "\"a\\n\\\"b\\\"\"",
            "true",
            "false",
            "1_000",
            "0b11",
            "\"%\"",
            "(.m).a",
            "($.m.b).d",
        ])
        .to_owned()
    }
}
