// The oracle of the language itself and of Sprig.
package main

import (
	"text/template"

	"github.com/Masterminds/sprig/v3"

	"gotmpl-oracle/oracle"
)

func main() {
	oracle.Main(map[string]template.FuncMap{"sprig": sprig.TxtFuncMap()})
}
