// Modules that one can start from: the repository's own samples, carried in the console's build.

import paymentModule from "../../../functions/payment-method-filter/payment-method-filter.wasm?url";
import paymentSettings from "../../../functions/payment-method-filter/settings.schema.json";
import shippingSettings from "../../../functions/shipping-rule/settings.schema.json";
import shippingModule from "../../../functions/shipping-rule/shipping-rule.wasm?url";
import discountSettings from "../../../functions/volume-discount-rust/settings.schema.json";
import discountModule from "../../../functions/volume-discount-rust/volume-discount-rust.wasm?url";

export interface Template {
  /** The name that a function made from it gets, unless its owner says otherwise. */
  name: string;
  title: string;
  description: string;
  /** Where the platform calls it. */
  target: string;
  moduleUrl: string;
}

function template(
  name: string,
  settings: { title: string; description: string },
  target: string,
  moduleUrl: string,
): Template {
  return { name, title: settings.title, description: settings.description, target, moduleUrl };
}

export const TEMPLATES: Template[] = [
  template("volume-discount", discountSettings, "cart.discount", discountModule),
  template("payment-method-filter", paymentSettings, "payment.filter", paymentModule),
  template("shipping-rule", shippingSettings, "shipping.rates", shippingModule),
];

export async function templateModule(template: Template): Promise<File> {
  const response = await fetch(template.moduleUrl);
  if (!response.ok) throw new Error(`The template ${template.title} cannot be loaded from this console.`);
  return new File([await response.blob()], `${template.name}.wasm`, { type: "application/wasm" });
}
