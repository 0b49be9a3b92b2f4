// A run of UTF-8 bytes in memory. The stub runtime frees nothing and moves nothing, so an address stays good to the end.

@final
export class Text {
  constructor(public start: usize, public length: i32) {}

  // The byte at `index`, which must lie inside.
  byteAt(index: i32): i32 {
    assert(<u32>index < <u32>this.length);
    return load<u8>(this.start + <usize>index);
  }

  // Whether the text is this one, of ASCII characters.
  is(ascii: string): bool {
    if (this.length != ascii.length) return false;
    for (let i = 0; i < this.length; i++) {
      if (this.byteAt(i) != ascii.charCodeAt(i)) return false;
    }
    return true;
  }

  toString(): string {
    return String.UTF8.decodeUnsafe(this.start, <usize>this.length);
  }

  static of(text: string): Text {
    const bytes = String.UTF8.encode(text);
    return new Text(changetype<usize>(bytes), bytes.byteLength);
  }
}
