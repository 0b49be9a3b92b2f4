import { beforeEach, expect, test, vi } from "vitest";

const hints = new Map<string, string>();
vi.stubGlobal("localStorage", {
  getItem: (name: string) => hints.get(name) ?? null,
  setItem: (name: string, value: string) => hints.set(name, value),
  removeItem: (name: string) => hints.delete(name),
});

/** The module as a fresh page has it, with a server that answers every refresh so. */
async function page(answer: () => Promise<Response>) {
  vi.resetModules();
  const server = vi.fn(answer);
  vi.stubGlobal("fetch", server);
  return { server, access: await import("./access") };
}

const granted = () => Promise.resolve(Response.json({ access_token: "fresh" }));
const refused = () => Promise.resolve(new Response(null, { status: 401 }));
const broken = () => Promise.resolve(new Response(null, { status: 503 }));

beforeEach(() => hints.clear());

test("all who need a new token at the same time share one refresh", async () => {
  const { server, access } = await page(granted);
  expect(await Promise.all([access.refreshAccess(), access.refreshAccess()])).toEqual([true, true]);
  expect(server).toHaveBeenCalledTimes(1);
  expect(access.currentToken()).toBe("fresh");
  await access.refreshAccess();
  expect(server).toHaveBeenCalledTimes(2);
});

test("the token is kept in memory only", async () => {
  const { access } = await page(granted);
  await access.refreshAccess();
  expect([...hints.values()].join()).not.toContain("fresh");
});

test("whoever never signed in here is out, and nobody is asked", async () => {
  const { server, access } = await page(granted);
  await access.restoreAccess();
  expect(access.currentAccess()).toBe("out");
  expect(server).not.toHaveBeenCalled();
});

test("a session that is over signs out; a server that is not there does not", async () => {
  hints.set("cartwright.signed-in", "yes");
  const unreachable = await page(() => Promise.reject(new TypeError("Failed to fetch")));
  await unreachable.access.restoreAccess();
  expect(unreachable.access.currentAccess()).toBe("unreachable");
  const failing = await page(broken);
  await failing.access.restoreAccess();
  expect(failing.access.currentAccess()).toBe("unreachable");
  expect(hints.size).toBe(1);

  const over = await page(refused);
  await over.access.restoreAccess();
  expect(over.access.currentAccess()).toBe("out");
  expect(hints.size).toBe(0);
});
