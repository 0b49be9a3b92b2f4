#include "cart.h"

#include "json_reader.h"
#include "settings.h"

// A member that must be there once: what has been seen of it.
static void once(const JsonReader *reader, bool *seen, const char *refusal) {
    if (*seen) {
        json_refuse(reader, refusal);
    }
    *seen = true;
}

static void require(const JsonReader *reader, bool seen, const char *refusal) {
    if (!seen) {
        json_refuse(reader, refusal);
    }
}

static Amount read_amount(JsonReader *reader) {
    Amount amount;
    if (!amount_parse(json_string(reader), &amount)) {
        json_refuse(reader, "expected an amount such as \"84.50\", of at most 15 digits, 4 of them after the point,");
    }
    return amount;
}

static Text read_currency(JsonReader *reader) {
    Text currency = json_string(reader);
    bool code = currency.length == 3;
    for (size_t i = 0; code && i < 3; i++) {
        code = currency.bytes[i] >= 'A' && currency.bytes[i] <= 'Z';
    }
    if (!code) {
        json_refuse(reader, "expected a currency of three capital letters, such as \"EUR\",");
    }
    return currency;
}

static Line read_line(JsonReader *reader) {
    Line line = {0};
    bool id = false, quantity = false, unit_price = false;
    Text name;
    json_enter_object(reader);
    while (json_next_member(reader, &name)) {
        if (text_is(name, "id")) {
            once(reader, &id, "a line has two ids");
            line.id = json_string(reader);
        } else if (text_is(name, "quantity")) {
            once(reader, &quantity, "a line has two quantities");
            line.quantity = json_whole(reader, 1, QUANTITY_MAX, "quantity must be a whole number from 1 to 1000000,");
        } else if (text_is(name, "unit_price")) {
            once(reader, &unit_price, "a line has two unit_prices");
            line.unit_price = read_amount(reader);
        } else {
            json_skip(reader);
        }
    }
    require(reader, id, "a line has no id,");
    require(reader, quantity, "a line has no quantity,");
    require(reader, unit_price, "a line has no unit_price,");
    return line;
}

static void read_lines(JsonReader *reader, Cart *cart) {
    size_t room = 0;
    json_enter_array(reader);
    while (json_next_element(reader)) {
        if (cart->line_count == room) {
            room = room == 0 ? 32 : room * 2;
            cart->lines = allocate(EXIT_INPUT, cart->lines, room * sizeof(Line));
        }
        cart->lines[cart->line_count++] = read_line(reader);
    }
}

static Cart read_cart(JsonReader *reader) {
    Cart cart = {0};
    bool currency = false, lines = false;
    Text name;
    json_enter_object(reader);
    while (json_next_member(reader, &name)) {
        if (text_is(name, "currency")) {
            once(reader, &currency, "the cart has two currencies");
            cart.currency = read_currency(reader);
        } else if (text_is(name, "lines")) {
            once(reader, &lines, "the cart has its lines twice");
            read_lines(reader, &cart);
        } else {
            json_skip(reader);
        }
    }
    require(reader, currency, "the cart has no currency,");
    require(reader, lines, "the cart has no lines,");
    return cart;
}

Cart cart_read(Text json) {
    JsonReader reader = json_reader(json, EXIT_INPUT);
    Cart cart = {0};
    bool seen = false;
    Text name;
    json_enter_object(&reader);
    while (json_next_member(&reader, &name)) {
        if (text_is(name, "cart")) {
            once(&reader, &seen, "there are two carts");
            cart = read_cart(&reader);
        } else {
            json_skip(&reader);
        }
    }
    require(&reader, seen, "there is no cart,");
    json_end(&reader);
    return cart;
}
