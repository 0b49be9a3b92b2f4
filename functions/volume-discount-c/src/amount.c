#include "amount.h"

enum { DIGITS_MAX = 15, DECIMALS_MAX = 4 };

bool amount_parse(Text text, Amount *amount) {
    uint64_t minor_units = 0;
    size_t digits = 0, point = text.length;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = text.bytes[i];
        if (byte == '.' && point == text.length) {
            point = i;
        } else if (byte >= '0' && byte <= '9' && digits < DIGITS_MAX) {
            minor_units = minor_units * 10 + (uint64_t)(byte - '0');
            digits++;
        } else {
            return false;
        }
    }
    size_t decimals = digits - point;
    bool bare_point = point < text.length && decimals == 0;
    bool leading_zero = point > 1 && text.bytes[0] == '0';
    if (point == 0 || bare_point || leading_zero || decimals > DECIMALS_MAX) {
        return false;
    }
    *amount = (Amount){minor_units, (unsigned)decimals};
    return true;
}

size_t amount_format(Amount amount, char text[AMOUNT_TEXT_MAX]) {
    char reversed[AMOUNT_TEXT_MAX];
    size_t length = 0;
    uint64_t rest = amount.minor_units;
    unsigned digits = 0;
    do {
        if (digits == amount.decimals && digits > 0) {
            reversed[length++] = '.';
        }
        reversed[length++] = (char)('0' + rest % 10);
        rest /= 10;
        digits++;
    } while (rest > 0 || digits <= amount.decimals);
    for (size_t i = 0; i < length; i++) {
        text[i] = reversed[length - 1 - i];
    }
    return length;
}
