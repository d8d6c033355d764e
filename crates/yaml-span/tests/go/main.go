// Asks the YAML readers that others use for their answers over two corpora.
//
// `answers scalars` and `answers documents` print JSON; the tests beside this folder keep it in
// scalars.json and documents.json and compare with it. yaml.v3 is what Atmos links,
// go.yaml.in/yaml/v2 what sigs.k8s.io/yaml 1.6 and so kubectl link.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fail("want one argument: scalars or documents")
	}
	switch os.Args[1] {
	case "scalars":
		print(scalarAnswers())
	case "documents":
		print(documentAnswers())
	default:
		fail("unknown corpus " + os.Args[1])
	}
}

// One case a line, so that a change of one answer is a change of one line.
func print[T any](cases []T) {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for index, one := range cases {
		separator := ","
		if index == 0 {
			separator = "["
		}
		fmt.Print(separator)
		if err := out.Encode(one); err != nil {
			fail(err.Error())
		}
	}
	fmt.Println("]")
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}

// A scalar with its type, as "int:511".
func show(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return "bool:" + strconv.FormatBool(value)
	case int:
		return "int:" + strconv.Itoa(value)
	case int64:
		return "int:" + strconv.FormatInt(value, 10)
	case uint64:
		return "uint:" + strconv.FormatUint(value, 10)
	case float64:
		return "float:" + strconv.FormatFloat(value, 'g', -1, 64)
	case string:
		return "str:" + value
	case time.Time:
		return "time"
	}
	fail(fmt.Sprintf("no scalar: %T", value))
	return ""
}
