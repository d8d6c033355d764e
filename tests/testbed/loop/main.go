// Loop applies the benchmark's objects as fast as an API server takes them: what any agent could
// reach at best. One HTTP/2 connection, a fixed number of requests in flight, no reading, no
// planning, nothing remembered. It also plays somebody else who edits them.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

func main() {
	bed := flag.String("bed", "", "the folder of the test bed")
	user := flag.String("user", "loop", "whose token to use")
	objects := flag.String("objects", "", "a folder of manifests: the path of each object, a line, its JSON")
	form := flag.String("form", "apply-patch", "how to write: apply-patch or merge-patch")
	inFlight := flag.Int("in-flight", 32, "requests under way at a time")
	flag.Parse()

	server, err := os.ReadFile(filepath.Join(*bed, "server"))
	check(err)
	token, err := os.ReadFile(filepath.Join(*bed, *user+".token"))
	check(err)
	client := connect(*bed)
	names, err := filepath.Glob(filepath.Join(*objects, "*"))
	check(err)
	work := make(chan string)
	var all sync.WaitGroup
	start := time.Now()
	for range *inFlight {
		all.Go(func() {
			for name := range work {
				write(client, string(server), string(token), name, *form)
			}
		})
	}
	for _, name := range names {
		work <- name
	}
	close(work)
	all.Wait()
	took := time.Since(start).Seconds()
	fmt.Printf("%d %.3f\n", len(names), took)
}

func connect(bed string) *http.Client {
	authority, err := os.ReadFile(filepath.Join(bed, "ca.crt"))
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	config := &tls.Config{RootCAs: roots}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}}
}

func write(client *http.Client, server, token, name, form string) {
	text, err := os.ReadFile(name)
	check(err)
	path, object, _ := strings.Cut(string(text), "\n")
	url, media := server+path+"?fieldManager=loop", "application/merge-patch+json"
	if form == "apply-patch" {
		url, media = url+"&force=true", "application/apply-patch+yaml"
	}
	request, err := http.NewRequest(http.MethodPatch, url, strings.NewReader(object))
	check(err)
	request.Header.Set("Content-Type", media)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	check(err)
	answer, err := io.ReadAll(response.Body)
	check(err)
	response.Body.Close()
	if response.StatusCode >= 300 {
		log.Fatalf("%s: %s: %s", path, response.Status, answer)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
