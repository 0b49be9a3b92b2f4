// A receiver of messages on this machine: says yes to each, and keeps what came.

import { createServer } from "node:http";

/** Starts one on a port of its own. The stack must let messages out to 127.0.0.1, over plain HTTP. */
export async function startReceiver() {
  const received = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ id: request.headers["webhook-id"], body: JSON.parse(Buffer.concat(chunks)) });
    response.writeHead(204).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Where a step fails before it closes this, the walk still ends.
  server.unref();
  const close = () => new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${server.address().port}/hooks`, received, close };
}
