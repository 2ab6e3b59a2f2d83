// Prints the SHA-256 and the name of each member: node read_zip.js ZIP
"use strict";

const { createHash } = require("node:crypto");
const yauzl = require("yauzl");

const check = (error) => {
  if (error) throw error;
};
const options = { lazyEntries: true, strictFileNames: true, validateEntrySize: true };
const lines = [];

yauzl.open(process.argv[2], options, (error, zip) => {
  check(error);
  zip.on("error", check);
  zip.on("end", () => process.stdout.write(lines.join("")));
  zip.on("entry", (entry) => {
    zip.openReadStream(entry, (failure, stream) => {
      check(failure);
      const digest = createHash("sha256");
      stream.on("error", check);
      stream.on("data", (data) => digest.update(data));
      stream.on("end", () => {
        lines.push(`${digest.digest("hex")} ${entry.fileName}\n`);
        zip.readEntry();
      });
    });
  });
  zip.readEntry();
});
