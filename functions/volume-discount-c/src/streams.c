#include "streams.h"

#include <unistd.h>

#include "failure.h"

// With 16 MiB of memory there is room for what becomes of an input of 1 MiB.
enum { INPUT_BYTES_MAX = 1 << 20, INPUT_BYTES_USUAL = 4 << 10 };

Text read_input(void) {
    size_t length = 0, room = INPUT_BYTES_USUAL;
    unsigned char *bytes = allocate(EXIT_INPUT, NULL, room);
    for (;;) {
        ssize_t got = read(STDIN_FILENO, bytes + length, room - length);
        if (got < 0) {
            fail(EXIT_INPUT, "cannot be read", NULL);
        }
        if (got == 0) {
            return (Text){bytes, length};
        }
        length += (size_t)got;
        if (length > INPUT_BYTES_MAX) {
            fail(EXIT_INPUT, "longer than 1048576 bytes", NULL);
        }
        if (length == room) {
            room *= 2;
            bytes = allocate(EXIT_INPUT, bytes, room);
        }
    }
}

static void append(Answer *answer, const void *bytes, size_t length) {
    if (answer->room - answer->length < length) {
        while (answer->room - answer->length < length) {
            answer->room = answer->room == 0 ? 1024 : answer->room * 2;
        }
        answer->bytes = allocate(EXIT_OUTPUT, answer->bytes, answer->room);
    }
    memcpy(answer->bytes + answer->length, bytes, length);
    answer->length += length;
}

void answer_json(Answer *answer, const char *json) { append(answer, json, strlen(json)); }

// A byte that may not stand in a string as it is, in the shortest escape there is.
static void append_escaped(Answer *answer, unsigned char byte) {
    static const char letters[] = "\"\\\b\f\n\r\t", escapes[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    const char *letter = byte == 0 ? NULL : strchr(letters, byte);
    if (letter != NULL) {
        append(answer, (char[]){'\\', escapes[letter - letters]}, 2);
    } else {
        append(answer, (char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]}, 6);
    }
}

void answer_string(Answer *answer, Text text) {
    append(answer, "\"", 1);
    size_t plain = 0; // from here on nothing needed an escape, and nothing has been appended
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = text.bytes[i];
        if (byte < 0x20 || byte == '"' || byte == '\\') {
            append(answer, text.bytes + plain, i - plain);
            append_escaped(answer, byte);
            plain = i + 1;
        }
    }
    append(answer, text.bytes + plain, text.length - plain);
    append(answer, "\"", 1);
}

void answer_write(const Answer *answer) {
    size_t written = 0;
    while (written < answer->length) {
        ssize_t wrote = write(STDOUT_FILENO, answer->bytes + written, answer->length - written);
        if (wrote <= 0) {
            fail(EXIT_OUTPUT, "cannot be written", NULL);
        }
        written += (size_t)wrote;
    }
}
