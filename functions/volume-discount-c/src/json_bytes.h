// What the two halves of the reader share: single bytes of the JSON, and its strings.
#ifndef JSON_BYTES_H
#define JSON_BYTES_H

#include "json_reader.h"

#define END_OF_JSON (-1)

// The byte at the reader's position. The only look at a byte that may lie behind the end.
static inline int peek(const JsonReader *reader) {
    return reader->position < reader->json.length ? reader->json.bytes[reader->position] : END_OF_JSON;
}

static inline void skip_space(JsonReader *reader) {
    for (int byte = peek(reader); byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; byte = peek(reader)) {
        reader->position++;
    }
}

static inline bool is_digit(int byte) { return byte >= '0' && byte <= '9'; }

// A string, checked for its form; answers whether there are escapes in it.
bool skip_string(JsonReader *reader);

#endif
