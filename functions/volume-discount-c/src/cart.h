// The part of the platform's input that matters here.
#ifndef CART_H
#define CART_H

#include "amount.h"
#include "text.h"

typedef struct {
    Text id;
    uint64_t quantity;
    Amount unit_price;
} Line;

typedef struct {
    Text currency;
    Line *lines;
    size_t line_count;
} Cart;

// The cart in `{"cart":{…}}`. Members that are not named above are passed over.
Cart cart_read(Text json);

#endif
