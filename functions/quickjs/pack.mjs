// Puts data segments that lie close to each other into one: node pack.mjs FROM.wasm TO.wasm. A saved memory consists of
// thousands, since zeros are left out of it; an upload may have 1,000.
import { readFileSync, writeFileSync } from "node:fs";

const SEGMENTS_MAX = 900;
const [DATA, DATA_COUNT] = [11, 12];
const [I32_CONST, END] = [0x41, 0x0b];

const [from, to] = process.argv.slice(2);
const module = readFileSync(from);
const parts = [module.subarray(0, 8)];
for (let at = 8; at < module.length; ) {
  const id = module[at];
  const [length, start] = unsigned(module, at + 1);
  const section = module.subarray(start, start + length);
  if (id === DATA) parts.push(dataSection(packed(segments(section))));
  else if (id !== DATA_COUNT) parts.push(module.subarray(at, start + length));
  at = start + length;
}
writeFileSync(to, Buffer.concat(parts));

// The segments of the one memory, each with where it goes.
function segments(section) {
  const found = [];
  let [count, at] = unsigned(section, 0);
  for (; count > 0; count--) {
    // What stands for a segment that the module began with: passive, and empty.
    if (section[at] === 1 && section[at + 1] === 0) {
      at += 2;
      continue;
    }
    if (section[at] !== 0 || section[at + 1] !== I32_CONST) throw new Error(`${from}: a data segment is of another kind`);
    let offset, length;
    [offset, at] = signed(section, at + 2);
    [length, at] = unsigned(section, at + 1); // behind the end of the expression
    found.push({ offset, bytes: section.subarray(at, at + length) });
    at += length;
  }
  return found.sort((one, other) => one.offset - other.offset);
}

// As few as an upload may have, over gaps as small as that allows. A memory begins as zeros, so zeros fill them.
function packed(segments) {
  for (let gap = 8; ; gap *= 2) {
    const groups = [];
    let end = -Infinity;
    for (const segment of segments) {
      if (segment.offset - end > gap) groups.push([]);
      groups.at(-1).push(segment);
      end = segment.offset + segment.bytes.length;
    }
    if (groups.length <= SEGMENTS_MAX) return groups.map(joined);
  }
}

function joined(group) {
  const [first, last] = [group[0], group.at(-1)];
  const bytes = Buffer.alloc(last.offset + last.bytes.length - first.offset);
  for (const segment of group) segment.bytes.copy(bytes, segment.offset - first.offset);
  return { offset: first.offset, bytes };
}

function dataSection(segments) {
  const content = Buffer.concat([
    ofUnsigned(segments.length),
    ...segments.flatMap(({ offset, bytes }) => [
      Buffer.from([0, I32_CONST]), ofSigned(offset), Buffer.from([END]), ofUnsigned(bytes.length), bytes,
    ]),
  ]);
  return Buffer.concat([Buffer.from([DATA]), ofUnsigned(content.length), content]);
}

// LEB128: seven bits a byte, lowest first. Each reader answers the number and where it ends.
function unsigned(bytes, at) {
  let number = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = bytes[at++];
    number += (byte & 0x7f) * shift;
    if (byte < 0x80) return [number, at];
  }
}

function signed(bytes, at) {
  const [number, end] = unsigned(bytes, at);
  const isNegative = (bytes[end - 1] & 0x40) !== 0;
  return [isNegative ? number - 128 ** (end - at) : number, end];
}

function ofUnsigned(number) {
  const bytes = [];
  for (; number >= 0x80; number = Math.floor(number / 128)) bytes.push((number & 0x7f) | 0x80);
  return Buffer.from([...bytes, number]);
}

// Never negative here: a place in memory below 2 GiB. The byte more keeps its sign.
function ofSigned(number) {
  const bytes = [];
  for (; number >= 0x40; number = Math.floor(number / 128)) bytes.push((number & 0x7f) | 0x80);
  return Buffer.from([...bytes, number]);
}
