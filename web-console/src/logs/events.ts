// Server-sent events as they come over `fetch`: `EventSource` can send no credential.

export interface StreamEvent {
  name: string;
  id: string;
  data: string;
}

/** Cuts a stream's text into events. What is not whole yet waits for the next piece. */
export class EventReader {
  #unread = "";

  /** The events that this piece makes whole. */
  read(piece: string): StreamEvent[] {
    this.#unread += piece;
    const blocks = this.#unread.split("\n\n");
    this.#unread = blocks.pop() ?? "";
    return blocks.map(eventIn).filter((event) => event !== null);
  }
}

/** The events of an answer's body, until it ends. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const reader = new EventReader();
  const text = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>);
  const pieces = text.getReader();
  try {
    for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
      yield* reader.read(piece.value);
    }
  } finally {
    await pieces.cancel().catch(() => undefined);
  }
}

/** An event; null for a block of comments, such as a heartbeat. */
function eventIn(block: string): StreamEvent | null {
  const event: StreamEvent = { name: "", id: "", data: "" };
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^(event|id|data): ?(.*)$/.exec(line) ?? [];
    if (field === "event") event.name = value;
    if (field === "id") event.id = value;
    if (field === "data") event.data += value;
  }
  return event.name ? event : null;
}
