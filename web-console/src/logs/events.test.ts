import { expect, test } from "vitest";
import { EventReader, eventsOf } from "./events";

const TEXT =
  ': the log\n\nevent: open\ndata: {"a":1}\n\nid: x.1\nevent: line\ndata: {"text":"é"}\n\n: heartbeat\n\n';

test("events are read however the stream is cut into pieces", () => {
  const whole = new EventReader().read(TEXT);
  expect(whole).toEqual([
    { name: "open", id: "", data: '{"a":1}' },
    { name: "line", id: "x.1", data: '{"text":"é"}' },
  ]);
  for (const size of [1, 2, 7]) {
    const reader = new EventReader();
    const read = [];
    for (let at = 0; at < TEXT.length; at += size) read.push(...reader.read(TEXT.slice(at, at + size)));
    expect(read).toEqual(whole);
  }
});

test("a letter that is cut into bytes is whole again", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const names = [];
  for await (const event of eventsOf(body)) names.push(event.data);
  expect(names).toEqual(['{"a":1}', '{"text":"é"}']);
});
