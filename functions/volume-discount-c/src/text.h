// A run of UTF-8 bytes that somebody else owns. Not ended by a NUL.
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct {
    const unsigned char *bytes;
    size_t length;
} Text;

static inline Text text_of(const char *ended_by_nul) {
    return (Text){(const unsigned char *)ended_by_nul, strlen(ended_by_nul)};
}

static inline bool text_is(Text text, const char *ended_by_nul) {
    size_t length = strlen(ended_by_nul);
    return text.length == length && memcmp(text.bytes, ended_by_nul, length) == 0;
}

#endif
