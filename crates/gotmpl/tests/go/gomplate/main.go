// The oracle of Gomplate, apart from the other because it takes minutes to build. Sprig beside it
// hides what it names as well.
package main

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/hairyhenderson/gomplate/v4"

	"gotmpl-oracle/oracle"
)

func main() {
	// What is out of date is still right; the warnings would drown the answers.
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	functions := gomplate.CreateFuncs(context.Background())
	both := maps.Clone(functions)
	maps.Copy(both, sprig.TxtFuncMap())
	oracle.Main(map[string]template.FuncMap{"gomplate": functions, "both": both})
}
