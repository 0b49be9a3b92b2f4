// Traps two calls deep. Built with lines: clang --target=wasm32-wasi -g -O1 -fdebug-prefix-map=$PWD=. -c fee.c -o fee.o
// and clang --target=wasm32-wasi -nostdlib fee.o -o fee.wasm (-O at once would have clang 14 strip the lines).
static __attribute__((noinline)) void fee(void) {
    __builtin_trap();
}

static __attribute__((always_inline)) inline void checkout(void) {
    fee();
}

void _start(void) {
    checkout();
}
