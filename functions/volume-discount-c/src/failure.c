#include "failure.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

noreturn void fail(enum ExitCode code, const char *first, ...) {
    const char *prefix = code == EXIT_INPUT ? "input: " : code == EXIT_SETTINGS ? "settings: " : "output: ";
    write(STDERR_FILENO, prefix, strlen(prefix));
    va_list parts;
    va_start(parts, first);
    for (const char *part = first; part != NULL; part = va_arg(parts, const char *)) {
        write(STDERR_FILENO, part, strlen(part));
    }
    va_end(parts);
    write(STDERR_FILENO, "\n", 1);
    _Exit((int)code);
}

void *allocate(enum ExitCode code, void *old, unsigned long bytes) {
    // A size of 0 may answer a null pointer, which would look like a failure.
    void *memory = realloc(old, bytes == 0 ? 1 : bytes);
    if (memory == NULL) {
        fail(code, "needs more memory than the function has", NULL);
    }
    return memory;
}
