// What the merchant sets: settings.schema.json, in AssemblyScript.
import { ExitCode } from "./failure";
import { JsonReader } from "./json_reader";
import { Text } from "./text";

// Pieces of one thing that a cart's line may hold.
export const QUANTITY_MAX: u64 = 1_000_000;

@final
export class Settings {
  percent: u64 = 10;
  fromQuantity: u64 = 3;
  title: Text = Text.of("Volume discount");

  // The settings in this JSON; the defaults when there is none, and for what it does not name.
  static read(json: Text | null): Settings {
    const settings = new Settings();
    if (json == null) return settings;
    const reader = new JsonReader(json, ExitCode.Settings);
    let percent = false;
    let fromQuantity = false;
    let title = false;
    reader.enterObject();
    while (reader.nextMember()) {
      let twice = false;
      if (reader.nameIs("percent")) {
        twice = percent;
        percent = true;
        settings.percent = reader.whole(1, 100, "percent must be a whole number from 1 to 100,");
      } else if (reader.nameIs("from_quantity")) {
        twice = fromQuantity;
        fromQuantity = true;
        settings.fromQuantity = reader.whole(1, QUANTITY_MAX, "from_quantity must be a whole number from 1 to 1000000,");
      } else if (reader.nameIs("title")) {
        twice = title;
        title = true;
        settings.title = reader.string();
      } else {
        reader.refuse("the settings are percent, from_quantity and title; there is another");
      }
      if (twice) reader.refuse("the same setting twice");
    }
    reader.end();
    return settings;
  }
}
