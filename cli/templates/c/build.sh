#!/bin/sh
# Builds the function: sh build.sh MODULE. With DEBUG=1 it carries lines too, so that a backtrace shows file and line.
set -eu
module=$1
objects=$(dirname "$module")/objects
mkdir -p "$objects"
rm -f "$objects"/*.o
if [ "${DEBUG:-}" = 1 ]; then compile=-g link=; else compile= link=,--strip-debug; fi
for source in src/*.c; do
    clang --target=wasm32-wasi -std=c17 -Os $compile -Wall -Wextra -Wconversion -Wshadow -Werror \
        -c "$source" -o "$objects/$(basename "$source" .c).o"
done
# Linked without -O: with it clang runs whatever wasm-opt it finds, and the bytes would depend on that.
clang --target=wasm32-wasi "$objects"/*.o -o "$module" \
    -Wl,--stack-first,-z,stack-size=65536,--max-memory=16777216$link
