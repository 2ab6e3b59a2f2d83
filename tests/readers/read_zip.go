// Prints the SHA-256 and the name of each member, after a look at its mode and time: go run read_zip.go ZIP
package main

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"time"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	archive, err := zip.OpenReader(os.Args[1])
	check(err)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, file := range archive.File {
		mode := file.Mode()
		if mode != 0644 && mode != 0755 {
			panic(mode)
		}
		if !file.Modified.Equal(time.Date(2020, 2, 2, 0, 0, 0, 0, time.UTC)) || file.NonUTF8 {
			panic(file.Name)
		}
		stream, err := file.Open()
		check(err)
		digest := sha256.New()
		_, err = io.Copy(digest, stream)
		check(err)
		check(stream.Close())
		fmt.Fprintf(out, "%x %s\n", digest.Sum(nil), file.Name)
	}
}
