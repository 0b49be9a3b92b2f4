// Reads JSON (RFC 8259) front to back, by pulling: the caller says what must come next, and anything else ends the
// function with a message that names the byte. Knows no carts. Never recurses, so no input can overflow the stack.
#ifndef JSON_READER_H
#define JSON_READER_H

#include <stdint.h>

#include "failure.h"
#include "text.h"

typedef struct {
    Text json;
    size_t position;
    enum ExitCode code; // with which to end when the text is not as it must be
    bool fresh;         // an object or array was just entered, so no comma comes first
} JsonReader;

JsonReader json_reader(Text json, enum ExitCode code);

// An object is `json_enter_object`, then members until `json_next_member` answers false. An array is alike.
// After a member's name its value must be taken, by one of the functions below.
void json_enter_object(JsonReader *reader);
bool json_next_member(JsonReader *reader, Text *name);
void json_enter_array(JsonReader *reader);
bool json_next_element(JsonReader *reader);

// A string, its escapes undone. It points into the JSON where it can, else into memory of its own.
Text json_string(JsonReader *reader);
// A number in digits only, within the bounds; else `refusal` says what it must be.
uint64_t json_whole(JsonReader *reader, uint64_t min, uint64_t max, const char *refusal);
// Any value, checked for its form and passed over.
void json_skip(JsonReader *reader);
// Nothing but white space may be left.
void json_end(JsonReader *reader);

// End the function with this message and where the reader stands.
noreturn void json_refuse(const JsonReader *reader, const char *message);

#endif
