// A net/http server with one dependency.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	_ "github.com/google/shlex"
	"github.com/google/uuid"
)

const version = "v1"

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Id", uuid.NewString())
		fmt.Fprintf(w, "hello from go %s\n", version)
	})
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
