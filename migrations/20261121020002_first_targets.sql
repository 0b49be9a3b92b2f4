-- The extension points of a shop, to begin with. The functions in functions/ answer them, and a test holds the two equal.
-- They are the operator's from here on: change them with PUT /v1/platform/targets/{target}, or delete what is not needed.

insert into target (name, title, description, input_query_allowed, created_by, updated_by, input_schema, output_schema, examples)
values (
    'cart.discount', 'Cart discount',
    'Takes something off the lines of a cart. Called whenever a cart changes; the platform shows the title and subtracts the amounts.',
    true, 'migration', 'migration',
    $json${
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "DiscountInput",
  "type": "object",
  "properties": {
    "cart": {
      "title": "Cart",
      "type": "object",
      "properties": {
        "id": {"type": "string"},
        "currency": {"$ref": "#/$defs/currency"},
        "customer": {
          "title": "Customer",
          "type": "object",
          "properties": {
            "id": {"type": "string"},
            "country": {"$ref": "#/$defs/country"},
            "tags": {"type": "array", "items": {"type": "string"}}
          },
          "required": []
        },
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "subtotal": {"$ref": "#/$defs/amount", "description": "The goods, before delivery."},
        "weight_grams": {
          "description": "What the goods weigh; 0 when absent.",
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "total": {"$ref": "#/$defs/amount", "description": "What the buyer is to pay."}
      },
      "required": ["currency", "lines"]
    }
  },
  "required": ["cart"],
  "$defs": {
    "amount": {
      "title": "Amount",
      "description": "A decimal number with all decimals of its currency, such as 84.50 in EUR and 1200 in JPY.",
      "type": "string",
      "pattern": "^[0-9]+(\\.[0-9]{1,4})?$",
      "maxLength": 16
    },
    "currency": {"title": "Currency", "description": "An ISO 4217 code.", "type": "string", "pattern": "^[A-Z]{3}$"},
    "country": {
      "title": "Country",
      "description": "An ISO 3166-1 code of two letters.",
      "type": "string",
      "pattern": "^[A-Z]{2}$"
    },
    "line": {
      "title": "Line",
      "type": "object",
      "properties": {
        "id": {"type": "string"},
        "sku": {"type": "string"},
        "title": {"type": "string"},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 1000000},
        "unit_price": {"$ref": "#/$defs/amount"}
      },
      "required": ["id", "quantity", "unit_price"]
    }
  }
}$json$,
    $json${
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "DiscountOutput",
  "type": "object",
  "properties": {
    "title": {"type": "string", "description": "What the buyer reads."},
    "currency": {"$ref": "#/$defs/currency"},
    "discounts": {
      "type": "array",
      "items": {
        "title": "Discount",
        "type": "object",
        "properties": {
          "line_id": {"type": "string", "description": "The line's id in the cart."},
          "amount": {"$ref": "#/$defs/amount"}
        },
        "required": ["line_id", "amount"],
        "additionalProperties": false
      }
    },
    "total": {"$ref": "#/$defs/amount"}
  },
  "required": ["title", "currency", "discounts", "total"],
  "additionalProperties": false,
  "$defs": {
    "amount": {
      "title": "Amount",
      "description": "A decimal number with all decimals of its currency, such as 84.50 in EUR and 1200 in JPY.",
      "type": "string",
      "pattern": "^[0-9]+(\\.[0-9]{1,4})?$",
      "maxLength": 16
    },
    "currency": {"title": "Currency", "description": "An ISO 4217 code.", "type": "string", "pattern": "^[A-Z]{3}$"}
  }
}$json$,
    $json$[
  {
    "name": "Three lines, one of enough pieces",
    "input": {
      "cart": {
        "id": "cart-3",
        "currency": "EUR",
        "customer": {"id": "customer-17", "country": "DE", "tags": ["returning", "newsletter"]},
        "lines": [
          {"id": "line-1", "sku": "TEE-S", "title": "T-shirt, organic, S", "quantity": 3, "unit_price": "19.90"},
          {"id": "line-2", "sku": "CAP-BLACK", "title": "Cap, black", "quantity": 1, "unit_price": "24.00"},
          {"id": "line-3", "sku": "PEN-FINE", "title": "Fountain pen, fine", "quantity": 2, "unit_price": "32.35"}
        ]
      }
    },
    "output": {
      "title": "Volume discount",
      "currency": "EUR",
      "discounts": [{"line_id": "line-1", "amount": "5.97"}],
      "total": "5.97"
    }
  }
]$json$
);

insert into target (name, title, description, input_query_allowed, created_by, updated_by, input_schema, output_schema, examples)
values (
    'payment.filter', 'Payment filter',
    'Says which payment methods a checkout must not offer for this order.',
    true, 'migration', 'migration',
    $json${
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "PaymentInput",
  "type": "object",
  "properties": {
    "cart": {
      "title": "Cart",
      "type": "object",
      "properties": {
        "id": {"type": "string"},
        "currency": {"$ref": "#/$defs/currency"},
        "customer": {
          "title": "Customer",
          "type": "object",
          "properties": {
            "id": {"type": "string"},
            "country": {"$ref": "#/$defs/country"},
            "tags": {"type": "array", "items": {"type": "string"}}
          },
          "required": []
        },
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "subtotal": {"$ref": "#/$defs/amount", "description": "The goods, before delivery."},
        "weight_grams": {
          "description": "What the goods weigh; 0 when absent.",
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "total": {"$ref": "#/$defs/amount", "description": "What the buyer is to pay."}
      },
      "required": ["currency", "total"]
    },
    "payment_methods": {
      "type": "array",
      "items": {
        "title": "PaymentMethod",
        "type": "object",
        "properties": {"id": {"type": "string"}, "name": {"type": "string", "description": "As the buyer sees it."}},
        "required": ["id", "name"]
      }
    }
  },
  "required": ["cart", "payment_methods"],
  "$defs": {
    "amount": {
      "title": "Amount",
      "description": "A decimal number with all decimals of its currency, such as 84.50 in EUR and 1200 in JPY.",
      "type": "string",
      "pattern": "^[0-9]+(\\.[0-9]{1,4})?$",
      "maxLength": 16
    },
    "currency": {"title": "Currency", "description": "An ISO 4217 code.", "type": "string", "pattern": "^[A-Z]{3}$"},
    "country": {
      "title": "Country",
      "description": "An ISO 3166-1 code of two letters.",
      "type": "string",
      "pattern": "^[A-Z]{2}$"
    },
    "line": {
      "title": "Line",
      "type": "object",
      "properties": {
        "id": {"type": "string"},
        "sku": {"type": "string"},
        "title": {"type": "string"},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 1000000},
        "unit_price": {"$ref": "#/$defs/amount"}
      },
      "required": ["id", "quantity", "unit_price"]
    }
  }
}$json$,
    $json${
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "PaymentOutput",
  "type": "object",
  "properties": {
    "hide": {"description": "Ids of the methods that are not offered.", "type": "array", "items": {"type": "string"}}
  },
  "required": ["hide"],
  "additionalProperties": false
}$json$,
    $json$[
  {
    "name": "A large order",
    "input": {
      "cart": {"currency": "EUR", "total": "612.40"},
      "payment_methods": [
        {"id": "card", "name": "Credit card"},
        {"id": "paypal", "name": "PayPal"},
        {"id": "cod", "name": "Cash on delivery"}
      ]
    },
    "output": {"hide": ["cod"]}
  }
]$json$
);

insert into target (name, title, description, input_query_allowed, created_by, updated_by, input_schema, output_schema, examples)
values (
    'shipping.rates', 'Shipping rates',
    'Changes the prices of the ways of delivery that a checkout offers.',
    true, 'migration', 'migration',
    $json${
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "ShippingInput",
  "type": "object",
  "properties": {
    "cart": {
      "title": "Cart",
      "type": "object",
      "properties": {
        "id": {"type": "string"},
        "currency": {"$ref": "#/$defs/currency"},
        "customer": {
          "title": "Customer",
          "type": "object",
          "properties": {
            "id": {"type": "string"},
            "country": {"$ref": "#/$defs/country"},
            "tags": {"type": "array", "items": {"type": "string"}}
          },
          "required": []
        },
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "subtotal": {"$ref": "#/$defs/amount", "description": "The goods, before delivery."},
        "weight_grams": {
          "description": "What the goods weigh; 0 when absent.",
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "total": {"$ref": "#/$defs/amount", "description": "What the buyer is to pay."}
      },
      "required": ["currency", "subtotal"]
    },
    "destination": {
      "title": "Destination",
      "type": "object",
      "properties": {"country": {"$ref": "#/$defs/country"}},
      "required": ["country"]
    },
    "rates": {
      "type": "array",
      "items": {
        "title": "Rate",
        "type": "object",
        "properties": {"id": {"type": "string"}, "title": {"type": "string"}, "amount": {"$ref": "#/$defs/amount"}},
        "required": ["id", "amount"]
      }
    }
  },
  "required": ["cart", "destination", "rates"],
  "$defs": {
    "amount": {
      "title": "Amount",
      "description": "A decimal number with all decimals of its currency, such as 84.50 in EUR and 1200 in JPY.",
      "type": "string",
      "pattern": "^[0-9]+(\\.[0-9]{1,4})?$",
      "maxLength": 16
    },
    "currency": {"title": "Currency", "description": "An ISO 4217 code.", "type": "string", "pattern": "^[A-Z]{3}$"},
    "country": {
      "title": "Country",
      "description": "An ISO 3166-1 code of two letters.",
      "type": "string",
      "pattern": "^[A-Z]{2}$"
    },
    "line": {
      "title": "Line",
      "type": "object",
      "properties": {
        "id": {"type": "string"},
        "sku": {"type": "string"},
        "title": {"type": "string"},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 1000000},
        "unit_price": {"$ref": "#/$defs/amount"}
      },
      "required": ["id", "quantity", "unit_price"]
    }
  }
}$json$,
    $json${
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "ShippingOutput",
  "type": "object",
  "properties": {
    "currency": {"$ref": "#/$defs/currency"},
    "rates": {
      "description": "Every rate that was offered, in its order, with its new price.",
      "type": "array",
      "items": {
        "title": "AdjustedRate",
        "type": "object",
        "properties": {"id": {"type": "string"}, "amount": {"$ref": "#/$defs/amount"}},
        "required": ["id", "amount"],
        "additionalProperties": false
      }
    }
  },
  "required": ["currency", "rates"],
  "additionalProperties": false,
  "$defs": {
    "amount": {
      "title": "Amount",
      "description": "A decimal number with all decimals of its currency, such as 84.50 in EUR and 1200 in JPY.",
      "type": "string",
      "pattern": "^[0-9]+(\\.[0-9]{1,4})?$",
      "maxLength": 16
    },
    "currency": {"title": "Currency", "description": "An ISO 4217 code.", "type": "string", "pattern": "^[A-Z]{3}$"}
  }
}$json$,
    $json$[
  {
    "name": "Free from an amount",
    "input": {
      "cart": {"currency": "EUR", "subtotal": "129.90", "weight_grams": 2300},
      "destination": {"country": "DE"},
      "rates": [
        {"id": "standard", "title": "Standard, 3 to 5 days", "amount": "4.90"},
        {"id": "express", "title": "Express, tomorrow", "amount": "14.90"}
      ]
    },
    "output": {"currency": "EUR", "rates": [{"id": "standard", "amount": "0.00"}, {"id": "express", "amount": "14.90"}]}
  }
]$json$
);
