import { expect, test } from "bun:test";
import { TOOLS } from "../../src/wire/tools.ts";
import { hook, makeWorld, startHere, until, type World } from "../daemon/world.ts";
import { startAgent } from "./client.ts";

const NAMES = [
  "polaris_status",
  "polaris_connect",
  "polaris_disconnect",
  "polaris_rename",
  "polaris_reply",
  "polaris_inbox",
  "polaris_advise",
  "polaris_context",
  "polaris_sessions",
];
/** As the agent shows them to the model. */
const PREFIX = "mcp__plugin_polaris_polaris__";
/** Characters of English and JSON a token holds at least, to be on the safe side (4 is the usual rule). */
const CHARS = 3.5;

const envOf = ({ place, folder }: Pick<World, "place" | "folder">) => ({
  PATH: process.env.PATH ?? "",
  HOME: folder,
  POLARIS_HOME: place.home,
});

test("G4: nine tools cost the model at most 1,200 tokens, all words together", async () => {
  await using world = makeWorld();
  await using agent = await startAgent(envOf(world));
  const tools = await agent.tools();
  expect(tools.map(({ name }) => name)).toEqual(NAMES);
  const shown = tools.map(({ name, description, inputSchema }) =>
    JSON.stringify({ name: `${PREFIX}${name}`, description, input_schema: inputSchema }),
  );
  const words = [...shown, agent.client.getInstructions() ?? ""].join("\n");
  expect(words.length / CHARS).toBeLessThan(1_200);
  const ready = tools.filter(({ _meta }) => _meta?.["anthropic/alwaysLoad"]);
  expect(ready.map(({ name }) => name)).toEqual(["polaris_reply"]);
}, 30_000);

test("G4: without a recorder every tool says what to do, and they work once it is there", async () => {
  await using world = makeWorld();
  await using agent = await startAgent(envOf(world));
  for (const name of NAMES) {
    const { text, isError } = await agent.use(name, {
      project: "site",
      label: "x",
      id: Bun.randomUUIDv7(),
      text: "x",
    });
    expect(text).toContain("The recorder does not answer. Start it: polaris daemon");
    expect(isError).toBe(true);
  }
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin("one", {}, process.pid);
  const { text, isError } = await agent.use("polaris_status");
  expect(text).toContain("Connected: recorded as site/");
  expect(isError).toBeUndefined();
}, 30_000);

test("G4: a tool acts for the session that runs in its agent now, also after /clear", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin("one", {}, process.pid);
  await using agent = await startAgent(envOf(world));
  const before = (await agent.use("polaris_status")).text;
  await world.begin("two", { start: "clear" }, process.pid);
  const after = (await agent.use("polaris_status")).text;
  const { bindings } = await world.status();
  const nameOf = (session: string) =>
    bindings.find(({ agentSession }) => agentSession === session)?.name ?? "?";
  expect(before).toContain(`site/${nameOf("one")}`);
  expect(after).toContain(`site/${nameOf("two")}`);
  expect(nameOf("two")).not.toBe(nameOf("one"));
}, 30_000);

test("C4, C6, G4: polaris_inbox gives what waits, once, and polaris_reply answers it", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin("one", {}, process.pid);
  await world.drained();
  // This agent has no inbox, so nothing is handed to it.
  await using agent = await startAgent(envOf(world));
  const id = Bun.randomUUIDv7();
  const event = { id, seq: 50, kind: "injection.queued", text: "use the fixtures", body: {} };
  await until(() => world.server.tell(50, event) > 0);
  await until(async () => (await world.status()).journal.mailbox === 1);
  expect((await agent.use("polaris_inbox")).text).toBe("use the fixtures");
  expect((await agent.use("polaris_inbox")).text).toBe("Nothing.");
  expect((await agent.use("polaris_reply", { id, text: "I do" })).text).toBe("Sent.");
  const stranger = await agent.use("polaris_reply", { id: Bun.randomUUIDv7(), text: "I do" });
  expect(stranger).toMatchObject({ isError: true });
  await until(() => world.server.order.some(({ kind }) => kind === "injection.answered"));
  const receipts = world.server.order.filter(({ body }) => body.injection === id);
  expect(receipts.map(({ kind, text, body }) => [kind, text, body.route])).toEqual([
    ["injection.delivered", undefined, "inbox"],
    ["injection.seen", undefined, "inbox"],
    ["injection.answered", "I do", "inbox"],
  ]);
}, 30_000);

test("G4: a newer recorder's tools appear without a restart of the agent", async () => {
  await using world = makeWorld();
  await using agent = await startAgent(envOf(world));
  const fresh = { ...TOOLS[0], name: "polaris_new", description: "Something new." };
  await using _newer = newer(world.place.socket, [...TOOLS, fresh]);
  await until(() => agent.changes() > 0, { timeoutMs: 10_000, what: "the news of it" });
  expect((await agent.tools()).map(({ name }) => name)).toEqual([...NAMES, "polaris_new"]);
  expect((await agent.use("polaris_new")).text).toBe("polaris_new was used");
}, 30_000);

test("G4: a session that nobody recorded is joined and left through the tools", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.post(
    hook({ session: "one", hook: "SessionStart", start: "startup" }, { pid: process.pid }),
  );
  await using agent = await startAgent(envOf(world), "");
  expect((await agent.use("polaris_status")).text).toContain("Not connected");
  const joined = await agent.use("polaris_connect", { project: "site", session: "checkout" });
  expect(joined.text).toContain("Connected: recorded as site/checkout");
  expect((await agent.use("polaris_status")).text).toContain("site/checkout");
  expect((await agent.use("polaris_disconnect")).text).toContain("Disconnected");
  expect((await agent.use("polaris_status")).text).toContain("Not connected");
}, 30_000);

/** A recorder of a later version, as far as it shows here. */
function newer(socket: string, tools: unknown[]): AsyncDisposable {
  const server = Bun.serve({
    unix: socket,
    routes: {
      "/station": () => {
        const about = `${JSON.stringify({ version: "99.0.0", tools, more: true })}\n`;
        return new Response(
          new ReadableStream({ start: (controller) => controller.enqueue(about) }),
        );
      },
      "/tool": async (request) => {
        const { tool }: { tool: string } = await request.json();
        return Response.json({ text: `${tool} was used` });
      },
    },
    fetch: () => new Response("", { status: 404 }),
  });
  return {
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}
