// Appends custom sections to a WebAssembly module: node add-sections.mjs MODULE NAME=FILE...
// A section of a name that the module has already is refused, since a reader would find the old one first.
import { readFileSync, writeFileSync } from "node:fs";

const CUSTOM_SECTION = 0;
const HEADER_BYTES = 8;

const [path, ...sections] = process.argv.slice(2);
if (path === undefined || sections.length === 0) {
  console.error("usage: node add-sections.mjs MODULE NAME=FILE...");
  process.exit(2);
}

const module = readFileSync(path);
const names = customSectionNames(module);
const added = sections.map((section) => {
  const [name, file] = section.split("=", 2);
  if (names.includes(name)) throw new Error(`${path} has a custom section ${name} already`);
  return customSection(name, readFileSync(file));
});
writeFileSync(path, Buffer.concat([module, ...added]));

function customSection(name, content) {
  const nameBytes = Buffer.from(name, "utf8");
  const body = Buffer.concat([unsigned(nameBytes.length), nameBytes, content]);
  return Buffer.concat([Buffer.from([CUSTOM_SECTION]), unsigned(body.length), body]);
}

// LEB128, as everywhere in the format: seven bits a byte, lowest first.
function unsigned(number) {
  const bytes = [];
  for (; number >= 0x80; number >>>= 7) bytes.push((number & 0x7f) | 0x80);
  return Buffer.from([...bytes, number]);
}

function readUnsigned(bytes, at) {
  let number = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes.readUInt8(at++);
    number += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [number, at];
  }
}

function customSectionNames(bytes) {
  if (bytes.subarray(0, 4).toString("latin1") !== "\0asm") throw new Error(`${path} is not a WebAssembly module`);
  const names = [];
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const id = bytes.readUInt8(at);
    const [size, start] = readUnsigned(bytes, at + 1);
    if (id === CUSTOM_SECTION) {
      const [length, first] = readUnsigned(bytes, start);
      names.push(bytes.subarray(first, first + length).toString("utf8"));
    }
    at = start + size;
  }
  return names;
}
