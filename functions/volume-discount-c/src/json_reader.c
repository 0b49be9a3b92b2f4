// Objects, arrays and whole numbers, and passing over what nobody asked for. Strings are in json_string.c.
#include "json_reader.h"

#include <stdlib.h>

#include "json_bytes.h"

JsonReader json_reader(Text json, enum ExitCode code) {
    return (JsonReader){.json = json, .position = 0, .code = code, .fresh = false};
}

noreturn void json_refuse(const JsonReader *reader, const char *message) {
    char digits[21];
    char *first = digits + sizeof digits - 1;
    size_t rest = reader->position;
    *first = '\0';
    do {
        *--first = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    fail(reader->code, message, " at byte ", first, NULL);
}

static bool take(JsonReader *reader, char expected) {
    skip_space(reader);
    if (peek(reader) != expected) {
        return false;
    }
    reader->position++;
    return true;
}

void json_enter_object(JsonReader *reader) {
    if (!take(reader, '{')) {
        json_refuse(reader, "expected an object");
    }
    reader->fresh = true;
}

void json_enter_array(JsonReader *reader) {
    if (!take(reader, '[')) {
        json_refuse(reader, "expected an array");
    }
    reader->fresh = true;
}

static bool next(JsonReader *reader, char end) {
    if (take(reader, end)) {
        reader->fresh = false;
        return false;
    }
    if (!reader->fresh && !take(reader, ',')) {
        json_refuse(reader, "expected a comma, or the end of the object or array");
    }
    reader->fresh = false;
    return true;
}

static void take_colon(JsonReader *reader) {
    if (!take(reader, ':')) {
        json_refuse(reader, "expected a colon");
    }
}

bool json_next_member(JsonReader *reader, Text *name) {
    if (!next(reader, '}')) {
        return false;
    }
    *name = json_string(reader);
    take_colon(reader);
    return true;
}

bool json_next_element(JsonReader *reader) { return next(reader, ']'); }

uint64_t json_whole(JsonReader *reader, uint64_t min, uint64_t max, const char *refusal) {
    skip_space(reader);
    size_t first = reader->position;
    uint64_t number = 0;
    for (; is_digit(peek(reader)); reader->position++) {
        // Past `max` only the digits are counted: the number is refused below, and must not wrap around before.
        number = number > max ? number : number * 10 + (uint64_t)(peek(reader) - '0');
    }
    size_t digits = reader->position - first;
    bool leading_zero = digits > 1 && reader->json.bytes[first] == '0';
    bool fraction = peek(reader) == '.' || peek(reader) == 'e' || peek(reader) == 'E';
    if (digits == 0 || leading_zero || fraction || number < min || number > max) {
        reader->position = first;
        json_refuse(reader, refusal);
    }
    return number;
}

static void skip_digits(JsonReader *reader) {
    if (!is_digit(peek(reader))) {
        json_refuse(reader, "expected a digit");
    }
    while (is_digit(peek(reader))) {
        reader->position++;
    }
}

static void skip_number(JsonReader *reader) {
    if (peek(reader) == '-') {
        reader->position++;
    }
    if (peek(reader) == '0') {
        reader->position++; // No digit may follow; one that does is no comma and no end, and is refused as such.
    } else {
        skip_digits(reader);
    }
    if (peek(reader) == '.') {
        reader->position++;
        skip_digits(reader);
    }
    if (peek(reader) == 'e' || peek(reader) == 'E') {
        reader->position++;
        if (peek(reader) == '+' || peek(reader) == '-') {
            reader->position++;
        }
        skip_digits(reader);
    }
}

static void skip_word(JsonReader *reader, const char *word) {
    for (; *word != '\0'; word++, reader->position++) {
        if (peek(reader) != *word) {
            json_refuse(reader, "expected a value");
        }
    }
}

static void skip_scalar(JsonReader *reader) {
    switch (peek(reader)) {
    case '"': skip_string(reader); break;
    case 't': skip_word(reader, "true"); break;
    case 'f': skip_word(reader, "false"); break;
    case 'n': skip_word(reader, "null"); break;
    default:
        if (peek(reader) != '-' && !is_digit(peek(reader))) {
            json_refuse(reader, "expected a value");
        }
        skip_number(reader);
    }
}

// What is open around the value being passed over, innermost last: one byte per level, the byte that closes it.
// There cannot be more levels than bytes left, and the memory grows only as far as the nesting goes.
typedef struct {
    char *closing;
    size_t depth, room;
} Open;

static void push(const JsonReader *reader, Open *open, char closing) {
    if (open->depth == open->room) {
        open->room = open->room == 0 ? 64 : open->room * 2;
        open->closing = allocate(reader->code, open->closing, open->room);
    }
    open->closing[open->depth++] = closing;
}

void json_skip(JsonReader *reader) {
    Open open = {NULL, 0, 0};
    do {
        // A value stands here: enter it, or pass over it whole.
        bool entered = true;
        if (take(reader, '{')) {
            push(reader, &open, '}');
        } else if (take(reader, '[')) {
            push(reader, &open, ']');
        } else {
            skip_scalar(reader);
            entered = false;
        }
        reader->fresh = entered;
        // Close all that ends here; stop where the next value stands.
        while (open.depth > 0 && !next(reader, open.closing[open.depth - 1])) {
            open.depth--;
        }
        if (open.depth > 0 && open.closing[open.depth - 1] == '}') {
            skip_space(reader);
            skip_string(reader);
            take_colon(reader);
        }
    } while (open.depth > 0);
    free(open.closing);
    reader->fresh = false;
}

void json_end(JsonReader *reader) {
    skip_space(reader);
    if (peek(reader) != END_OF_JSON) {
        json_refuse(reader, "expected nothing more");
    }
}
