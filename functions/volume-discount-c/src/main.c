// Some percent off every line of which enough pieces are bought. The target is `cart.discount`.
#include <stdlib.h>

#include "cart.h"
#include "failure.h"
#include "settings.h"
#include "streams.h"

static void answer_amount(Answer *answer, Amount amount) {
    char text[AMOUNT_TEXT_MAX];
    size_t length = amount_format(amount, text);
    answer_string(answer, (Text){(const unsigned char *)text, length});
}

// What comes off one line. It is rounded for itself, half a minor unit up, so the total is the sum of what the buyer sees.
static Amount discount(const Line *line, unsigned decimals, const Settings *settings) {
    Amount price = line->unit_price;
    // Division, since the product of the two could wrap around.
    if (price.minor_units > MINOR_UNITS_MAX / line->quantity) {
        fail(EXIT_INPUT, "an amount would have more than 15 digits", NULL);
    }
    if (price.decimals != decimals) {
        fail(EXIT_INPUT, "amounts of one currency have the same number of decimals", NULL);
    }
    price.minor_units *= line->quantity;
    bool enough = line->quantity >= settings->from_quantity;
    price.minor_units = enough ? (price.minor_units * settings->percent + 50) / 100 : 0;
    return price;
}

static void answer_discounts(Answer *answer, const Cart *cart, const Settings *settings) {
    Amount total = {0, cart->line_count > 0 ? cart->lines[0].unit_price.decimals : 0};
    const char *before = "";
    for (size_t i = 0; i < cart->line_count; i++) {
        Amount amount = discount(&cart->lines[i], total.decimals, settings);
        total.minor_units += amount.minor_units;
        if (total.minor_units > MINOR_UNITS_MAX) {
            fail(EXIT_INPUT, "an amount would have more than 15 digits", NULL);
        }
        if (amount.minor_units > 0) {
            answer_json(answer, before);
            answer_json(answer, "{\"line_id\":");
            answer_string(answer, cart->lines[i].id);
            answer_json(answer, ",\"amount\":");
            answer_amount(answer, amount);
            answer_json(answer, "}");
            before = ",";
        }
    }
    answer_json(answer, "],\"total\":");
    answer_amount(answer, total);
}

int main(void) {
    Settings settings = settings_read(getenv("CARTWRIGHT_CONFIG"));
    Cart cart = cart_read(read_input());

    Answer answer = {0};
    answer_json(&answer, "{\"title\":");
    answer_string(&answer, settings.title);
    answer_json(&answer, ",\"currency\":");
    answer_string(&answer, cart.currency);
    answer_json(&answer, ",\"discounts\":[");
    answer_discounts(&answer, &cart, &settings);
    answer_json(&answer, "}");
    answer_write(&answer);
    return EXIT_SUCCESS;
}
