// Writes the files of a directory into a zip: deflated or stored, with their modes, directories too.
// Sizes and checksums follow the data, since Go writes without seeking.
package main

import (
	"archive/zip"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	root, target := os.Args[1], os.Args[2]
	file, err := os.Create(target)
	check(err)
	writer := zip.NewWriter(file)
	count := 0
	check(filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		check(err)
		name, err := filepath.Rel(root, path)
		check(err)
		if name == "." {
			return nil
		}
		info, err := entry.Info()
		check(err)
		header, err := zip.FileInfoHeader(info)
		check(err)
		header.Name = filepath.ToSlash(name)
		if entry.IsDir() {
			header.Name += "/"
			_, err = writer.CreateHeader(header)
			return err
		}
		if count%3 != 0 {
			header.Method = zip.Deflate
		}
		count++
		part, err := writer.CreateHeader(header)
		check(err)
		content, err := os.ReadFile(path)
		check(err)
		_, err = part.Write(content)
		return err
	}))
	check(writer.SetComment("by Go"))
	check(writer.Close())
	check(file.Close())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
