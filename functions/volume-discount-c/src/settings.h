// What the merchant sets: settings.schema.json, in C.
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdint.h>

#include "text.h"

// Pieces of one thing that a cart's line may hold.
#define QUANTITY_MAX UINT64_C(1000000)

typedef struct {
    uint64_t percent;
    uint64_t from_quantity;
    Text title;
} Settings;

// The settings in this JSON; the defaults when there is none (a null pointer) and for what it does not name.
Settings settings_read(const char *json);

#endif
