// Renders each template of a JSON-lines corpus on stdin with Go's own text/template and Sprig,
// and writes one JSON line for each: its output, or its error.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

type testCase struct {
	Template   string          `json:"template"`
	Data       json.RawMessage `json:"data"`
	MissingKey string          `json:"missingkey"`
	Left       string          `json:"left"`
	Right      string          `json:"right"`
	Sprig      bool            `json:"sprig"`
}

type result struct {
	Output *string `json:"output,omitempty"`
	Stage  string  `json:"stage,omitempty"` // "parse" or "exec"
	Error  string  `json:"error,omitempty"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	decoder := json.NewDecoder(in)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for decoder.More() {
		var c testCase
		if err := decoder.Decode(&c); err != nil {
			panic(err)
		}
		if err := encoder.Encode(run(c)); err != nil {
			panic(err)
		}
	}
}

func run(c testCase) result {
	t := template.New("t").Delims(c.Left, c.Right)
	if c.Sprig {
		t = t.Funcs(sprig.TxtFuncMap())
	}
	if c.MissingKey != "" {
		t = t.Option("missingkey=" + c.MissingKey)
	}
	t, err := t.Parse(c.Template)
	if err != nil {
		return result{Stage: "parse", Error: err.Error()}
	}
	var b bytes.Buffer
	if err := t.Execute(&b, decode(c.Data)); err != nil {
		return result{Stage: "exec", Error: err.Error()}
	}
	s := b.String()
	return result{Output: &s}
}

// decode reads JSON with the types that YAML would give: integers are int, not float64.
func decode(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		panic(err)
	}
	return numbers(v)
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if !strings.ContainsAny(string(v), ".eE") {
			if i, err := v.Int64(); err == nil {
				return int(i)
			}
			var u uint64
			if _, err := fmt.Sscan(string(v), &u); err == nil {
				return u
			}
		}
		f, err := v.Float64()
		if err != nil {
			panic(err)
		}
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}
