// MinIO's server under a newer set of dependencies: the commit it is made from is the last of its repository, and the
// libraries that commit names have known holes. This module asks for the same server and for repaired libraries.
package main

import (
	"os"

	minio "github.com/minio/minio/cmd"
)

// The server wants its whole life in UTC; the image sets TZ=UTC before any package is initialised.
func main() {
	minio.Main(os.Args)
}
