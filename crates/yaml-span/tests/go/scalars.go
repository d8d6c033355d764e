package main

import (
	"math/rand"
	"strings"

	yaml2 "go.yaml.in/yaml/v2"
	yaml3 "gopkg.in/yaml.v3"
)

type scalarAnswer struct {
	Text  string `json:"text"`
	Plain bool   `json:"plain"`
	Tag   string `json:"tag,omitempty"`
	V3    string `json:"v3"`
	V2    string `json:"v2"`
}

const words = `
~ null Null NULL nULL nil none None true True TRUE tRUE false False FALSE fALSE
yes Yes YES yEs no No NO nO on On ON oN off Off OFF oFF y Y n N t f T F
= << < * .inf .Inf .INF .iNF +.inf +.Inf +.INF -.inf -.Inf -.INF inf Inf -inf .nan .NaN .NAN .Nan nan NaN
infinity .infinity +.nan -.nan hello a-b a.b a_b 1a a1 é 日本 null0 ~a trueish
0 00 000 1 -1 +1 -0 +0 --1 +-1 -+1 - + . .. ... -. +. 12 +12 -12 007 -007 +007 0777 0644 -0644 +0644 008 09 08.5 09.5 0008 0888 018 0_7 0_8
0o17 0O17 -0o17 +0o17 0o8 0o 0o7_7 0o_7 0o77777777777777777777777 0b11 0B11 -0b11 +0b11 0b 0b2 0b1_0 0b_1 -0b
0b1111111111111111111111111111111111111111111111111111111111111111 -0b1111111111111111111111111111111111111111111111111111111111111111
0x10 0X10 0xFF 0xff 0xFf -0x1A +0x1A 0x 0xG 0xFF_FF 0x_F -0x 0xFFFFFFFFFFFFFFFF 0x10000000000000000 0x1p3 0x1.8p1 0x.8
1_000 1__0 _1 1_ 1_.5 1_000.5 -1_000 +1_0 _ __ 1e1_0
9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616
+9223372036854775807 +9223372036854775808 +18446744073709551615 123456789012345678901 -123456789012345678901 999999999999999999999999999999
1e3 1E3 1e+3 1e-3 -1e3 +1e3 1.e3 1.5e3 .5e3 1e 1e+ e3 1e3.5 1e400 -1e400 1e-400 1e308 1.8e308 1.7976931348623157e308 4.9e-324 2e-324 1e999999999999
1. -1. +1. 1.0 1.10 1.50 .5 -.5 +.5 .5. 1.2.3 1..2 .5_5 ._5 .5_ .5e1_0 .5e400 .e3 .0 0. 0.0 -0.0 00.5 0.1 0.30000000000000004 100.00 5e-324
.1234567890123456789 3.141592653589793238462643 12345678.5 1e21 1e20 123456789.123456789
12:30 12:30:45 190:20:30 190:20:30.15 1:1 0:0 1,000 1,5 $1 1% 5m 1Gi 100m 0.5Gi 1e3m 10.0.0.1 10.0.0.0/8 v1 1.2.3-rc1 fe80::1 ::1
1/2 1-2 1+2 0-0 2024 2024- 2024-1 2024-01 2024-01-02 2024-1-2 2024-01-2 2024-1-02 2024-13-01 2024-00-01 2024-01-00 2024-01-32 2024-02-29 2023-02-29 1900-02-29 2000-02-29 2024-04-31
0000-01-01 9999-12-31 99999-01-01 999-01-01 -2024-01-02 +2024-01-02 2024-001-02 2024-01-002 2024-01-02T 2024-01-02Z 2024/01/02
2024-01-02T10:00:00Z 2024-01-02t10:00:00Z 2024-01-02T10:00:00z 2024-01-02T1:2:3Z 2024-01-02T10:00:00 2024-01-02T10:00Z 2024-01-02T24:00:00Z 2024-01-02T23:60:00Z 2024-01-02T23:59:60Z
2024-01-02T10:00:00.5Z 2024-01-02T10:00:00,5Z 2024-01-02T10:00:00.Z 2024-01-02T10:00:00.123456789123456789Z 2024-01-02T10:00:00+01:00 2024-01-02T10:00:00-01:30 2024-01-02T10:00:00+1:00
2024-01-02T10:00:00+0100 2024-01-02T10:00:00+01 2024-01-02T10:00:00+24:00 2024-01-02T10:00:00+24:60 2024-01-02T10:00:00+25:00 2024-01-02T10:00:00+00:61 2024-01-02T10:00:00ZZ 2024-01-02T10:00:00.5+01:00
2024-01-02T010:00:00Z 2024-01-02T10:000:00Z 2024-01-02T10:00:000Z 2024_01_02 2024-01-02_ 1_2024-01-02
`

// Texts with blanks, which cannot stand in the list above.
var phrases = []string{
	"", "a b", "1 2", "true false", "- x", "2001-12-14 21:59:43.10", "2001-12-14 21:59:43.10 -5:00", "2001-12-14 21:59:43", "2001-12-14  21:59:43", "2001-12-14   1:2:3,5",
	"2001-12-14 21:59", "2001-12-14 21:59:43Z", "2001-12-14 21:59:43 Z", "2001-12-14T21:59:43 Z", "2001-12-14 x", "2001-12-14 21:59:43.", "2001-12-14 24:00:00", "12 e3", "0x 1F", "1 000",
}

var tags = []string{"!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!binary", "!!merge", "!!set", "!", "!local", "!!map"}

// Texts for every tag, plain and quoted.
var tagged = []string{
	"", "~", "x", "12", "012", "0o14", "1.5", "1e3", "-3", ".inf", "true", "yes", "null", "2024-01-02", "2024-01-02T10:00:00Z", "18446744073709551615", "9223372036854775808",
	"aGVsbG8=", "aGVsbG8", "aGVsbG8h", "aGVs bG8h", "/+8=", "aGVsbA==", "=", "====", "aGVsbA=", "aGVsbG8=aGVsbG8=", "aGVsbG8h/w==", "<<", "a b",
}

func scalarAnswers() []scalarAnswer {
	var answers []scalarAnswer
	seen := map[string]bool{}
	add := func(text string, plain bool, tag string) {
		key := tag + "\x00" + text
		if plain {
			key += "\x00plain"
		}
		if answer, ok := ask(text, plain, tag); ok && !seen[key] {
			seen[key] = true
			answers = append(answers, answer)
		}
	}
	texts := append(strings.Fields(words), phrases...)
	for _, text := range texts {
		add(text, true, "")
	}
	for _, text := range []string{"", "~", "null", "true", "yes", "12", "0644", "1e3", ".inf", "2024-01-02", "<<", "a b", "it's"} {
		add(text, false, "")
	}
	for _, tag := range tags {
		for _, text := range tagged {
			add(text, true, tag)
			add(text, false, tag)
		}
	}
	random := rand.New(rand.NewSource(20240102))
	for range 300 {
		add(randomNumber(random), true, "")
		add(randomDate(random), true, "")
	}
	for range 100 {
		text := texts[random.Intn(len(texts))]
		add(mutated(random, text), true, "")
		add(randomNumber(random), random.Intn(2) == 0, tags[random.Intn(6)])
	}
	return answers
}

// Both readers' answers; not ok if the text is no such scalar.
func ask(text string, plain bool, tag string) (scalarAnswer, bool) {
	written := text
	if !plain {
		written = "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	source := []byte("[" + tag + " " + written + " ]")
	if plain && (text == "" || strings.ContainsAny(text, ",[]{}")) {
		source = []byte("- " + tag + " " + written + "\n")
	}
	var document yaml3.Node
	if yaml3.Unmarshal(source, &document) != nil {
		return scalarAnswer{}, false
	}
	if len(document.Content) != 1 || len(document.Content[0].Content) != 1 {
		return scalarAnswer{}, false
	}
	node := document.Content[0].Content[0]
	if node.Kind != yaml3.ScalarNode || node.Value != text || (node.Style&yaml3.SingleQuotedStyle == 0) != plain {
		return scalarAnswer{}, false
	}
	answer := scalarAnswer{Text: text, Plain: plain, Tag: tag, V3: "error", V2: "error"}
	var items []any
	if yaml3.Unmarshal(source, &items) == nil {
		answer.V3 = show(items[0])
	}
	items = nil
	if yaml2.Unmarshal(source, &items) == nil {
		answer.V2 = show(items[0])
	}
	return answer, true
}

func randomNumber(random *rand.Rand) string {
	const alphabet = "0011223456789789___...++--eExXoObBaF"
	starts := []string{"", "", "0", "0x", "0o", "0b", "-", "+", ".", "1e", "-0", "1_"}
	text := starts[random.Intn(len(starts))]
	for range 1 + random.Intn(7) {
		text += string(alphabet[random.Intn(len(alphabet))])
	}
	return text
}

func randomDate(random *rand.Rand) string {
	bases := []string{"2024-01-02", "1999-12-31T23:59:59Z", "2000-2-29 1:2:3.4", "2023-6-30t06:05:04.321+05:30", "1970-1-1T0:0:0-24:00"}
	text := bases[random.Intn(len(bases))]
	for range 1 + random.Intn(3) {
		text = mutated(random, text)
	}
	return text
}

// One character replaced, dropped or doubled.
func mutated(random *rand.Rand, text string) string {
	const alphabet = "0123456789-:.+TtZz ,_e"
	if text == "" {
		return "0"
	}
	at := random.Intn(len(text))
	switch random.Intn(4) {
	case 0:
		return text[:at] + text[at+1:]
	case 1:
		return text[:at] + text[at:at+1] + text[at:]
	default:
		return text[:at] + string(alphabet[random.Intn(len(alphabet))]) + text[at+1:]
	}
}
