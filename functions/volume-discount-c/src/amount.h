// Money, exactly: whole minor units and the number of decimals they are written with. No floating point anywhere.
#ifndef AMOUNT_H
#define AMOUNT_H

#include <stdint.h>

#include "text.h"

// 10^15 - 1: the greatest amount of 15 digits, in minor units. Times a hundred percent it stays within 64 bits.
#define MINOR_UNITS_MAX UINT64_C(999999999999999)

// "84.50" is 8450 minor units with 2 decimals.
typedef struct {
    uint64_t minor_units;
    unsigned decimals;
} Amount;

// False when the text is no amount: at most 15 digits, 4 of them after the point, no sign, no leading zero.
bool amount_parse(Text text, Amount *amount);

// The longest amount: 15 digits and a point, and "0.0000" for the shortest with 4 decimals.
#define AMOUNT_TEXT_MAX 20

// Write the amount into `text` and answer its length.
size_t amount_format(Amount amount, char text[AMOUNT_TEXT_MAX]);

#endif
