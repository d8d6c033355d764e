// Package oracle renders each template of a JSON-lines corpus on stdin with Go's own text/template
// and the functions it is given, and writes one JSON line for each: its output, or its error.
package oracle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"
	"text/template"
)

type testCase struct {
	Template   string          `json:"template"`
	Data       json.RawMessage `json:"data"`
	MissingKey string          `json:"missingkey"`
	Left       string          `json:"left"`
	Right      string          `json:"right"`
	Functions  string          `json:"functions"`
}

type result struct {
	Output *string `json:"output,omitempty"`
	Stage  string  `json:"stage,omitempty"` // "parse" or "exec"
	Error  string  `json:"error,omitempty"`
}

// Main answers every case on stdin, each with the set of functions it names. With the argument
// `functions` it lists the sets instead, one `set name` a line; what an object of a set can do is
// listed as `set name.Method`.
func Main(sets map[string]template.FuncMap) {
	// Times are shown in one zone, whatever the machine's is.
	if err := os.Setenv("TZ", "UTC"); err != nil {
		panic(err)
	}
	if len(os.Args) > 1 && os.Args[1] == "functions" {
		list(sets)
		return
	}
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
		if err := encoder.Encode(run(c, sets)); err != nil {
			panic(err)
		}
	}
}

func run(c testCase, sets map[string]template.FuncMap) result {
	t := template.New("t").Delims(c.Left, c.Right)
	if c.Functions != "" {
		set, known := sets[c.Functions]
		if !known {
			panic("no functions " + c.Functions)
		}
		t = t.Funcs(set)
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

func list(sets map[string]template.FuncMap) {
	var lines []string
	for set, functions := range sets {
		for name, function := range functions {
			lines = append(lines, set+" "+name)
			f := reflect.ValueOf(function)
			if f.Type().NumIn() > 0 || f.Type().NumOut() == 0 || f.Type().Out(0).Kind() != reflect.Interface {
				continue
			}
			object := f.Call(nil)[0].Elem()
			for i := range object.NumMethod() {
				lines = append(lines, set+" "+name+"."+object.Type().Method(i).Name)
			}
		}
	}
	sort.Strings(lines)
	fmt.Println(strings.Join(lines, "\n"))
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
