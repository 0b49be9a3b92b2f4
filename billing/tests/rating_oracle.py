"""Rates usage by the words of the documentation, with Python's exact fractions: what the Rust code must agree with.

Reads one case a line as JSON and answers one line each: per tier that something fell into, what fell into it and its
amount in the currency's minor unit. Written from the prose, not from the Rust: a tier takes what lies above the end of
the tier before it and up to its own end; a price is for ten to the power of `unit_digits`; an amount is rounded once,
half to even.
"""

import json
import sys
from fractions import Fraction

for line in sys.stdin:
    case = json.loads(line)
    used = int(case["used"])
    unit = 10 ** case["unit_digits"]
    rated, begin = [], 0
    for end, price in case["tiers"]:
        end = used if end is None else int(end)
        inside = max(0, min(used, end) - begin)
        if inside:
            exact = Fraction(inside, unit) * Fraction(price)
            # round() of a Fraction rounds half to even.
            rated.append([str(inside), str(round(exact * 10 ** case["minor_digits"]))])
        begin = end
    print(json.dumps(rated))
