// Runs a function that is written in JavaScript, on QuickJS. A build evaluates the function's source once, in `initialize`,
// and keeps the interpreter as it is then (wizer does that); so a run, `_start`, begins with the source already evaluated.
// Of the stack that QuickJS checks a call takes little: an endless recursion meets the engine's limit first, and ends
// `stack_overflow`.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#include "quickjs.h"

enum { ANSWERED = 0, INPUT_AT_FAULT = 1, SETTINGS_AT_FAULT = 2, ANSWER_NOT_WRITTEN = 3 };

void __wasm_call_ctors(void);

static JSRuntime *runtime;
static JSContext *context;
static JSValue function;
static bool is_running;
static uint64_t random_state;

// No clock until a run: QuickJS seeds itself from them, and the same source is to build the same bytes. In a run all show
// the invocation's millisecond. These two stand in the place of the C library's.
static uint64_t now_ns(void) {
    __wasi_timestamp_t now = 0;
    if (is_running && __wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 1, &now) != 0) now = 0;
    return now;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    uint64_t now = now_ns();
    *time = (struct timeval){.tv_sec = (time_t)(now / 1000000000), .tv_usec = (suseconds_t)(now % 1000000000 / 1000)};
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    (void)clock;
    uint64_t now = now_ns();
    *time = (struct timespec){.tv_sec = (time_t)(now / 1000000000), .tv_nsec = (long)(now % 1000000000)};
    return 0;
}

static void write_all(int stream, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(stream, bytes, length);
        if (written < 0) {
            if (stream == STDOUT_FILENO) _Exit(ANSWER_NOT_WRITTEN);
            return;
        }
        bytes += written;
        length -= (size_t)written;
    }
}

static void log_text(const char *text) { write_all(STDERR_FILENO, text, strlen(text)); }

// Everything on standard input, with a zero behind it.
static char *read_input(size_t *length) {
    size_t room = 64 * 1024;
    char *bytes = malloc(room);
    *length = 0;
    while (bytes != NULL) {
        ssize_t count = read(STDIN_FILENO, bytes + *length, room - *length - 1);
        if (count <= 0) break;
        *length += (size_t)count;
        if (room - *length == 1) {
            room *= 2;
            bytes = realloc(bytes, room);
        }
    }
    if (bytes == NULL) {
        log_text("the input does not fit the memory\n");
        _Exit(INPUT_AT_FAULT);
    }
    bytes[*length] = 0;
    return bytes;
}

static void log_value(JSValueConst value) {
    const char *text = JS_ToCString(context, value);
    log_text(text == NULL ? "a value without a text" : text);
    JS_FreeCString(context, text);
}

// End the run with what was thrown: its words, its stack, and its own `exitCode` where it has one.
static _Noreturn void end_with(JSValue thrown, int code) {
    log_value(thrown);
    log_text("\n");
    if (JS_IsError(thrown)) {
        JSValue own = JS_GetPropertyStr(context, thrown, "exitCode");
        int32_t number = 0;
        if (JS_IsNumber(own) && JS_ToInt32(context, &number, own) == 0 && number > 0 && number < 126) code = number;
        JSValue stack = JS_GetPropertyStr(context, thrown, "stack");
        if (JS_IsString(stack)) log_value(stack);
    }
    _Exit(code);
}

static JSValue checked(JSValue value, int code) {
    if (JS_IsException(value)) end_with(JS_GetException(context), code);
    return value;
}

// Let everything happen that a promise waits for, and answer what it was kept with.
static JSValue settled(JSValue value) {
    JSContext *of_job;
    for (int more = 1; more > 0;) {
        more = JS_ExecutePendingJob(runtime, &of_job);
        if (more < 0) end_with(JS_GetException(of_job), INPUT_AT_FAULT);
    }
    switch (JS_PromiseState(context, value)) {
    case JS_PROMISE_FULFILLED: return JS_PromiseResult(context, value);
    case JS_PROMISE_REJECTED: end_with(JS_PromiseResult(context, value), INPUT_AT_FAULT);
    case JS_PROMISE_PENDING:
        log_text("the function waits for a promise that nothing keeps\n");
        _Exit(INPUT_AT_FAULT);
    default: return value;
    }
}

static JSValue console_log(JSContext *ctx, JSValueConst this, int count, JSValueConst *values) {
    (void)this;
    for (int index = 0; index < count; index++) {
        if (index > 0) log_text(" ");
        JSValueConst value = values[index];
        bool as_json = JS_IsObject(value) && !JS_IsError(value) && !JS_IsFunction(ctx, value);
        JSValue shown = as_json ? JS_JSONStringify(ctx, value, JS_UNDEFINED, JS_UNDEFINED) : JS_DupValue(ctx, value);
        if (JS_IsException(shown)) return shown;
        log_value(shown);
        JS_FreeValue(ctx, shown);
    }
    log_text("\n");
    return JS_UNDEFINED;
}

// Seeded anew in every run: what QuickJS has was seeded when the function was built. The generator is splitmix64.
static JSValue math_random(JSContext *ctx, JSValueConst this, int count, JSValueConst *values) {
    (void)this, (void)count, (void)values;
    if (!is_running) return JS_ThrowTypeError(ctx, "Math.random() is there in a run only, not while the function is built");
    uint64_t z = random_state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return JS_NewFloat64(ctx, (double)(z >> 11) * 0x1p-53);
}

static void add_console_and_random(void) {
    JSValue global = JS_GetGlobalObject(context), console = JS_NewObject(context);
    const char *levels[] = {"debug", "error", "info", "log", "warn"};
    for (size_t index = 0; index < sizeof levels / sizeof *levels; index++) {
        JS_SetPropertyStr(context, console, levels[index], JS_NewCFunction(context, console_log, levels[index], 1));
    }
    JS_SetPropertyStr(context, global, "console", console);
    JSValue math = JS_GetPropertyStr(context, global, "Math");
    JS_SetPropertyStr(context, math, "random", JS_NewCFunction(context, math_random, "random", 0));
    JS_FreeValue(context, math);
    JS_FreeValue(context, global);
}

// The build: evaluate the module on standard input, and keep what it exports as `default`.
__attribute__((export_name("initialize"))) void initialize(void) {
    __wasm_call_ctors();
    runtime = JS_NewRuntime();
    context = JS_NewContext(runtime);
    add_console_and_random();
    size_t length;
    char *source = read_input(&length);
    JSValue module = checked(
        JS_Eval(context, source, length, "function.js", JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY), INPUT_AT_FAULT);
    free(source);
    JSModuleDef *definition = JS_VALUE_GET_PTR(module);
    settled(checked(JS_EvalFunction(context, module), INPUT_AT_FAULT));
    JSValue namespace = checked(JS_GetModuleNamespace(context, definition), INPUT_AT_FAULT);
    function = JS_GetPropertyStr(context, namespace, "default");
    if (!JS_IsFunction(context, function)) {
        log_text("function.js exports no function as default\n");
        _Exit(INPUT_AT_FAULT);
    }
    JS_RunGC(runtime);
}

// A run: the input and the settings as values, the function called with both, its answer as JSON.
__attribute__((export_name("_start"))) void start(void) {
    if (runtime == NULL) {
        log_text("this is the interpreter without a function in it\n");
        _Exit(INPUT_AT_FAULT);
    }
    is_running = true;
    getentropy(&random_state, sizeof random_state);
    const char *settings_text = getenv("CARTWRIGHT_CONFIG");
    JSValue settings = JS_UNDEFINED;
    if (settings_text != NULL) {
        settings = checked(JS_ParseJSON(context, settings_text, strlen(settings_text), "settings"), SETTINGS_AT_FAULT);
    }
    size_t length;
    char *text = read_input(&length);
    JSValue input = checked(JS_ParseJSON(context, text, length, "input"), INPUT_AT_FAULT);
    JSValue given[] = {input, settings};
    JSValue answer = settled(checked(JS_Call(context, function, JS_UNDEFINED, 2, given), INPUT_AT_FAULT));
    JSValue json = checked(JS_JSONStringify(context, answer, JS_UNDEFINED, JS_UNDEFINED), ANSWER_NOT_WRITTEN);
    const char *bytes = JS_IsString(json) ? JS_ToCStringLen(context, &length, json) : NULL;
    if (bytes == NULL) {
        log_text("the function answers nothing that JSON can say\n");
        _Exit(ANSWER_NOT_WRITTEN);
    }
    write_all(STDOUT_FILENO, bytes, length);
}
