import { expect, test } from "bun:test";
import { SMTPServer } from "smtp-server";
import { startPolaris } from "../helpers/polaris.ts";
import { startVisitor } from "../helpers/visitor.ts";

interface Letter {
  to: string[];
  text: string;
}

/** A real mail server on loopback that keeps what it gets, or refuses everything. */
async function startPost({ refuses = false } = {}) {
  const letters: Letter[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onRcptTo: (_, __, done) => done(refuses ? new Error("no such mailbox") : undefined),
    onData(stream, session, done) {
      let text = "";
      stream.on("data", (part: Buffer) => {
        text += part;
      });
      stream.on("end", () => {
        letters.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
        done();
      });
    },
  });
  const listening = await new Promise<{ port: number }>((resolve) => {
    const { server: socket } = server;
    server.listen(0, "127.0.0.1", () => {
      const at = socket.address();
      resolve({ port: typeof at === "object" && at ? at.port : 0 });
    });
  });
  return {
    letters,
    url: `smtp://127.0.0.1:${listening.port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const from = "Polaris <polaris@acme.example>";

test("an invitation is mailed, and its link works once for its address (F5)", async () => {
  await using post = await startPost();
  await using polaris = await startPolaris({ entrance: { mail: { url: post.url, from } } });
  const invite = await polaris.post("/orgs/invites", {
    email: "Priya@Example.com",
    role: "viewer",
  });
  expect(invite.status).toBe(201);
  const { url, ...rest } = (await invite.json()) as { url: string };
  expect(rest).toMatchObject({ email: "priya@example.com", role: "viewer", mailed: true });
  const [letter] = post.letters;
  expect(letter?.to).toEqual(["priya@example.com"]);
  const text = letter?.text.replaceAll("=\r\n", "").replaceAll("=3D", "=") ?? "";
  expect(text).toContain("Subject: Manu asks you into Home on Polaris");
  expect(text).toContain(url);

  const { items } = await polaris.json<{ items: { id: string; email: string }[] }>("/orgs/invites");
  expect(items.map(({ email }) => email)).toEqual(["priya@example.com"]);
  const visitor = startVisitor();
  expect((await visitor.open(url)).url).toBe(`${polaris.publicUrl}/app`);
  expect(await polaris.json("/orgs/invites")).toMatchObject({ items: [] });
});

test("an invitation that was taken back opens nothing, and nobody else's can be taken back", async () => {
  await using polaris = await startPolaris();
  const made = await polaris.post("/orgs/invites", {});
  const { id, url, mailed } = (await made.json()) as { id: string; url: string; mailed: null };
  expect(mailed).toBeNull();
  const remove = (which: string) => polaris.call(`/orgs/invites/${which}`, { method: "DELETE" });
  expect((await remove(crypto.randomUUID())).status).toBe(404);
  expect((await remove("x'")).status).toBe(404);
  expect((await remove(id)).status).toBe(204);
  expect((await remove(id)).status).toBe(404);
  expect((await fetch(url)).status).toBe(410);
});

test.each(["manu@example.com\nBcc: eve@evil.example", "manu", "a b@example.com", "@example.com"])(
  "an address like %j is refused before any mail",
  async (email) => {
    await using polaris = await startPolaris();
    const response = await polaris.post("/orgs/invites", { email });
    expect(response.status).toBe(400);
  },
);

test("a mail server that refuses or is away costs the letter, not the link", async () => {
  await using post = await startPost({ refuses: true });
  for (const url of [post.url, "smtp://127.0.0.1:1"]) {
    await using polaris = await startPolaris({ entrance: { mail: { url, from } } });
    const invite = await polaris.post("/orgs/invites", { email: "priya@example.com" });
    expect(invite.status).toBe(201);
    expect(await invite.json()).toMatchObject({
      mailed: false,
      url: expect.stringContaining("/claim?code="),
    });
  }
});
