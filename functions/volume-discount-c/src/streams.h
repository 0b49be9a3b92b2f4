// stdin whole, and stdout whole.
#ifndef STREAMS_H
#define STREAMS_H

#include "text.h"

// Everything on stdin.
Text read_input(void);

// The answer as it grows.
typedef struct {
    unsigned char *bytes;
    size_t length, room;
} Answer;

void answer_json(Answer *answer, const char *json);   // JSON as it stands
void answer_string(Answer *answer, Text text);        // a string, quoted and escaped
void answer_write(const Answer *answer);              // to stdout

#endif
