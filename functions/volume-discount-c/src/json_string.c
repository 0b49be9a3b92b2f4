// Strings of the JSON: UTF-8 checked byte by byte, escapes checked and undone.
#include "json_bytes.h"

static int hex_digit(int byte) {
    if (is_digit(byte)) {
        return byte - '0';
    }
    int lower = byte | 0x20;
    return byte >= 0 && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The four digits of \uXXXX.
static uint32_t take_hex(JsonReader *reader) {
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++, reader->position++) {
        int digit = hex_digit(peek(reader));
        if (digit < 0) {
            json_refuse(reader, "expected four hexadecimal digits");
        }
        unit = unit << 4 | (uint32_t)digit;
    }
    return unit;
}

// The byte that a one-letter escape stands for; 0 for any other letter.
static char unescaped(int letter) {
    switch (letter) {
    case '"': case '\\': case '/': return (char)letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

// A character of two to four bytes: neither overlong, nor a surrogate, nor past U+10FFFF (Unicode, table 3-7).
static void skip_wide(JsonReader *reader) {
    int lead = peek(reader);
    int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    int low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    int high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0xC2 || lead > 0xF4) {
        json_refuse(reader, "not UTF-8");
    }
    reader->position++;
    for (; more > 0; more--, reader->position++) {
        if (peek(reader) < low || peek(reader) > high) {
            json_refuse(reader, "not UTF-8");
        }
        low = 0x80;
        high = 0xBF;
    }
}

static void skip_escape(JsonReader *reader) {
    reader->position++;
    int letter = peek(reader);
    if (letter == 'u') {
        reader->position++;
        take_hex(reader);
    } else if (unescaped(letter) != 0) {
        reader->position++;
    } else {
        json_refuse(reader, "no such escape");
    }
}

// Most of most strings: what needs no second look. Half of the reader's time goes by in here.
static void skip_plain(JsonReader *reader) {
    Text json = reader->json;
    size_t at = reader->position;
    while (at < json.length && json.bytes[at] >= 0x20 && json.bytes[at] < 0x80 && json.bytes[at] != '"' &&
           json.bytes[at] != '\\') {
        at++;
    }
    reader->position = at;
}

bool skip_string(JsonReader *reader) {
    if (peek(reader) != '"') {
        json_refuse(reader, "expected a string");
    }
    reader->position++;
    bool escapes = false;
    for (;;) {
        skip_plain(reader);
        int byte = peek(reader);
        if (byte == '"') {
            break;
        }
        if (byte == '\\') {
            skip_escape(reader);
            escapes = true;
        } else if (byte >= 0x80) {
            skip_wide(reader);
        } else {
            json_refuse(reader, byte == END_OF_JSON ? "the string does not end" : "a control character must be escaped");
        }
    }
    reader->position++;
    return escapes;
}

static size_t put_utf8(unsigned char *at, uint32_t point) {
    if (point < 0x80) {
        at[0] = (unsigned char)point;
        return 1;
    }
    if (point < 0x800) {
        at[0] = (unsigned char)(0xC0 | point >> 6);
        at[1] = (unsigned char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        at[0] = (unsigned char)(0xE0 | point >> 12);
        at[1] = (unsigned char)(0x80 | (point >> 6 & 0x3F));
        at[2] = (unsigned char)(0x80 | (point & 0x3F));
        return 3;
    }
    at[0] = (unsigned char)(0xF0 | point >> 18);
    at[1] = (unsigned char)(0x80 | (point >> 12 & 0x3F));
    at[2] = (unsigned char)(0x80 | (point >> 6 & 0x3F));
    at[3] = (unsigned char)(0x80 | (point & 0x3F));
    return 4;
}

// One character written as \uXXXX, or as two of them. Half a pair is none.
static uint32_t take_point(JsonReader *reader) {
    uint32_t unit = take_hex(reader);
    if (unit < 0xD800 || unit > 0xDFFF) {
        return unit;
    }
    bool paired = unit <= 0xDBFF && peek(reader) == '\\';
    if (paired) {
        reader->position++;
        paired = peek(reader) == 'u';
    }
    if (paired) {
        reader->position++;
        uint32_t low = take_hex(reader);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    json_refuse(reader, "half of a surrogate pair is no character");
}

// Undo the escapes of a string that was checked before and ends at `end`.
static Text decode(JsonReader *reader, size_t end) {
    // What an escape stands for is never longer than the escape.
    unsigned char *decoded = allocate(reader->code, NULL, end - reader->position);
    size_t length = 0;
    while (reader->position < end) {
        int byte = peek(reader);
        reader->position++;
        if (byte != '\\') {
            decoded[length++] = (unsigned char)byte;
            continue;
        }
        int letter = peek(reader);
        reader->position++;
        if (letter == 'u') {
            length += put_utf8(decoded + length, take_point(reader));
        } else {
            decoded[length++] = (unsigned char)unescaped(letter);
        }
    }
    return (Text){decoded, length};
}

Text json_string(JsonReader *reader) {
    skip_space(reader);
    size_t first = reader->position + 1;
    bool escapes = skip_string(reader);
    size_t end = reader->position - 1;
    if (!escapes) {
        return (Text){reader->json.bytes + first, end - first};
    }
    reader->position = first;
    Text text = decode(reader, end);
    reader->position = end + 1;
    return text;
}
