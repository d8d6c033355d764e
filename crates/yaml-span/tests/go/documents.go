package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	yaml2 "go.yaml.in/yaml/v2"
	yaml3 "gopkg.in/yaml.v3"
)

type documentCase struct {
	name   string
	source string
}

type documentAnswer struct {
	Name   string `json:"name"`
	Source string `json:"source"`
	// One line a node: depth, kind, style, line:column, tag, text.
	Nodes []string `json:"nodes"`
	// yaml.v3's values, one a document; see typed. Up to the first error.
	V3 []any `json:"v3"`
	// What stopped yaml.v3.
	Error string `json:"error,omitempty"`
	// yaml.v2's value of the first document, nothing on an error.
	V2 any `json:"v2,omitempty"`
}

func documentAnswers() []documentAnswer {
	var answers []documentAnswer
	for _, one := range documentCases {
		answer := documentAnswer{Name: one.name, Source: one.source, Nodes: []string{}, V3: []any{}}
		decoder := yaml3.NewDecoder(strings.NewReader(one.source))
		for {
			var document yaml3.Node
			var value any
			err := decoder.Decode(&document)
			if err == nil && len(document.Content) == 1 {
				answer.Nodes = append(answer.Nodes, "---")
				answer.Nodes = describe(answer.Nodes, document.Content[0], 0)
				err = document.Decode(&value)
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					answer.Error = err.Error()
				}
				break
			}
			answer.V3 = append(answer.V3, typed(value))
		}
		var value any
		if yaml2.NewDecoder(bytes.NewReader([]byte(one.source))).Decode(&value) == nil {
			answer.V2 = typed(value)
		}
		answers = append(answers, answer)
	}
	return answers
}

// A value in JSON: scalars as show prints them, sequences as {"seq": [...]}, mappings as
// {"map": [[key, value], ...]} in no order.
func typed(value any) any {
	switch value := value.(type) {
	case []any:
		items := []any{}
		for _, item := range value {
			items = append(items, typed(item))
		}
		return map[string]any{"seq": items}
	case map[string]any:
		entries := []any{}
		for key, item := range value {
			entries = append(entries, []any{typed(key), typed(item)})
		}
		return sorted(entries)
	case map[any]any:
		entries := []any{}
		for key, item := range value {
			entries = append(entries, []any{typed(key), typed(item)})
		}
		return sorted(entries)
	}
	return show(value)
}

func describe(lines []string, node *yaml3.Node, depth int) []string {
	kind := map[yaml3.Kind]string{
		yaml3.ScalarNode: "scalar", yaml3.SequenceNode: "sequence", yaml3.MappingNode: "mapping", yaml3.AliasNode: "alias",
	}[node.Kind]
	style := "block"
	switch {
	case node.Style&yaml3.DoubleQuotedStyle != 0:
		style = "double"
	case node.Style&yaml3.SingleQuotedStyle != 0:
		style = "single"
	case node.Style&yaml3.LiteralStyle != 0:
		style = "literal"
	case node.Style&yaml3.FoldedStyle != 0:
		style = "folded"
	case node.Style&yaml3.FlowStyle != 0:
		style = "flow"
	case node.Kind == yaml3.ScalarNode || node.Kind == yaml3.AliasNode:
		style = "plain"
	}
	tag := "-"
	if node.Style&yaml3.TaggedStyle != 0 {
		tag = node.ShortTag()
	}
	// A reader that gives the place of the tag or anchor instead of the node's says nothing
	// about the node's; neither does the place of something left out.
	place := fmt.Sprintf("%d:%d", node.Line, node.Column)
	leftOut := node.Kind == yaml3.ScalarNode && node.Value == "" && style == "plain"
	if tag != "-" || node.Anchor != "" || leftOut {
		place = "-"
	}
	text := node.Value
	if node.Kind == yaml3.AliasNode {
		text = "*" + text
	}
	lines = append(lines, fmt.Sprintf("%d %s %s %s %s %s", depth, kind, style, place, tag, text))
	for _, child := range node.Content {
		lines = describe(lines, child, depth+1)
	}
	return lines
}

// Go's maps have no order; one by the JSON of the entries keeps the recorded file stable.
func sorted(entries []any) any {
	text := func(entry any) string {
		encoded, err := json.Marshal(entry)
		if err != nil {
			fail(err.Error())
		}
		return string(encoded)
	}
	slices.SortFunc(entries, func(a, b any) int { return strings.Compare(text(a), text(b)) })
	return map[string]any{"map": entries}
}
