// How the function ends without an answer: one line in the log, and an exit code that says whose turn it is.
#ifndef FAILURE_H
#define FAILURE_H

#include <stdnoreturn.h>

// The same in every language that this function is written in.
enum ExitCode { EXIT_INPUT = 1, EXIT_SETTINGS = 2, EXIT_OUTPUT = 3 };

// Log the parts one after the other, up to the first null pointer, and end.
noreturn void fail(enum ExitCode code, const char *first, ...);

// Memory, or the end: a function that runs out of it has nothing to go on with.
void *allocate(enum ExitCode code, void *old, unsigned long bytes);

#endif
