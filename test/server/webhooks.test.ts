import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac, timingSafeEqual } from "node:crypto";
import { until } from "../../src/lib/until.ts";
import type { Webhook, WebhookBody, WebhookMessage } from "../../src/wire/webhook.ts";
import { as, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris({ webhookRetryMs: [20, 20, 20] });
}, 30_000);
afterAll(() => polaris[Symbol.asyncDispose]());

/** Somebody who is told: answers what it is told to answer, and checks signatures by the letter of the standard. */
function startReceiver(answers: number[] = []) {
  const heard: { id: string; body: WebhookBody; isSigned: boolean }[] = [];
  let secret = "";
  const server: Bun.Server<unknown> = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const text = await request.text();
      const [id, at, signature] = ["id", "timestamp", "signature"].map(
        (name) => request.headers.get(`webhook-${name}`) ?? "",
      );
      const key = Buffer.from(secret.slice("whsec_".length), "base64");
      const wanted = createHmac("sha256", key).update(`${id}.${at}.${text}`).digest();
      const given = Buffer.from((signature ?? "").slice("v1,".length), "base64");
      const isFresh = Math.abs(Date.now() / 1000 - Number(at)) < 300;
      const isSigned = isFresh && given.length === wanted.length && timingSafeEqual(given, wanted);
      heard.push({ id: id ?? "", body: JSON.parse(text) as WebhookBody, isSigned });
      const status = answers.shift() ?? 204;
      const elsewhere =
        status >= 300 && status < 400 ? { location: `${server.url}elsewhere` } : undefined;
      return new Response(null, { status, ...(elsewhere ? { headers: elsewhere } : {}) });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/hook`,
    heard,
    async listen(kinds: string[], project?: string): Promise<Webhook> {
      const body = { url: this.url, kinds, ...(project ? { project } : {}) };
      const made = (await (await polaris.post("/webhooks", body)).json()) as Webhook & {
        secret: string;
      };
      secret = made.secret;
      return made;
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

const log = async ({ id }: Webhook) =>
  (await polaris.json<{ items: WebhookMessage[] }>(`/webhooks/${id}/messages`)).items;
const drop = ({ id }: Webhook) => polaris.call(`/webhooks/${id}`, { method: "DELETE" });

describe("a webhook is told of what happens (J4)", () => {
  test("signed, once each, with the address of the moment", async () => {
    await using receiver = startReceiver();
    const machine = startMachine({ project: "shop", name: "checkout" });
    await polaris.ingest([machine.head(), machine.line({ text: "before anybody listened" })]);
    await until(
      async () => (await polaris.database.admin`select 1 from webhook_cursors`).length > 0,
    );
    const hook = await receiver.listen(["session.needs_human", "user.message"]);
    await polaris.ingest([
      machine.head(),
      machine.line({ text: "rotate it" }),
      machine.line({ kind: "agent.message", sender: "agent:claude", text: "not asked for" }),
      machine.line({
        kind: "permission.request",
        sender: "agent:claude",
        body: { name: "Bash", input: {} },
      }),
    ]);
    await until(() => receiver.heard.length === 2);
    expect(receiver.heard.every(({ isSigned }) => isSigned)).toBe(true);
    expect(receiver.heard.map(({ body }) => body.type).sort()).toEqual([
      "session.needs_human",
      "user.message",
    ]);
    const told = receiver.heard.find(({ body }) => body.type === "user.message");
    expect(told?.body.data).toMatchObject({
      project: "shop",
      session: "checkout",
      seq: 2,
      text: "rotate it",
      url: `${polaris.publicUrl}/app/p/shop/s/checkout#e-2`,
    });
    await until(async () => (await log(hook)).every(({ deliveredAt }) => deliveredAt));
    expect(receiver.heard.length).toBe(2);
    await drop(hook);
  });

  test("again when it fails, under the same id, and every try is in the log", async () => {
    await using receiver = startReceiver([500, 302]);
    const hook = await receiver.listen(["error"]);
    const machine = startMachine({ project: "shop", name: "again" });
    await polaris.ingest([machine.head(), machine.line({ kind: "error", text: "Overloaded" })]);
    await until(() => receiver.heard.length === 3, { timeoutMs: 15_000 });
    expect(new Set(receiver.heard.map(({ id }) => id)).size).toBe(1);
    await until(async () => (await log(hook))[0]?.deliveredAt);
    expect(await log(hook)).toMatchObject([{ kind: "error", tries: 3, status: 204, nextAt: null }]);
    await drop(hook);
  });

  test("given up after the last try, sent again when somebody says so, off when it is gone", async () => {
    await using receiver = startReceiver([500, 500, 500, 500, 200, 410]);
    const hook = await receiver.listen(["error"]);
    const ping = async () => polaris.call(`/webhooks/${hook.id}/test`, { method: "POST" });
    await ping();
    await until(
      async () => (await log(hook))[0]?.tries === 4 && (await log(hook))[0]?.nextAt === null,
      { timeoutMs: 15_000 },
    );
    const [given] = await log(hook);
    await polaris.call(`/webhooks/${hook.id}/messages/${given?.id}/retry`, { method: "POST" });
    await until(async () => (await log(hook))[0]?.deliveredAt);
    await ping();
    await until(async () => {
      const { items } = await polaris.json<{ items: Webhook[] }>("/webhooks");
      return items.find(({ id }) => id === hook.id)?.disabledAt;
    });
    await drop(hook);
  });

  test("what nobody reads at is an error in the log, not in the server", async () => {
    const hook = (await (
      await polaris.post("/webhooks", { url: "http://127.0.0.1:9/", kinds: ["*"] })
    ).json()) as Webhook;
    await polaris.call(`/webhooks/${hook.id}/test`, { method: "POST" });
    await until(async () => (await log(hook))[0]?.answer);
    await drop(hook);
    for (const url of ["ftp://x/", "javascript:1", "nonsense"]) {
      expect((await polaris.post("/webhooks", { url, kinds: ["*"] })).status).toBe(400);
    }
  });
});

describe("webhooks are inside the access (F5, F6)", () => {
  test("who listens to the whole organisation hears nothing of a private project; who was pointed at it does", async () => {
    await polaris.post("/projects", { slug: "vault", visibility: "private" });
    const machine = startMachine({ project: "vault" });
    await polaris.ingest([machine.head(), machine.line()]);
    await until(
      async () =>
        (
          await polaris.database.admin`
      select 1 from webhook_cursors c join projects p on p.id = c.project_id where p.slug = 'vault'`
        ).length > 0,
    );
    await using all = startReceiver();
    await using pointed = startReceiver();
    const hooks = [await all.listen(["*"]), await pointed.listen(["*"], "vault")];
    await polaris.ingest([machine.head(), machine.line({ text: "the hidden plan" })]);
    await until(() => pointed.heard.length === 1);
    const open = startMachine({ project: "shop", name: "open" });
    await polaris.ingest([open.head(), open.line({ text: "seen by all" })]);
    await until(() => all.heard.length > 0);
    expect(JSON.stringify(all.heard)).not.toContain("hidden plan");
    for (const hook of hooks) await drop(hook);
  });

  test("its secret is sealed, shown once, and never in the audit", async () => {
    const made = (await (
      await polaris.post("/webhooks", { url: "http://127.0.0.1:9/", kinds: ["error"] })
    ).json()) as Webhook & { secret: string };
    expect(made.secret).toMatch(/^whsec_[\w+/=]{40,}$/);
    const [row] = await polaris.database
      .admin`select secret, webhooks::text as row from webhooks where id = ${made.id}`;
    expect(Buffer.from(row.secret).toString("latin1")).not.toContain(made.secret.slice(6));
    expect(JSON.stringify(await polaris.json("/webhooks"))).not.toContain("whsec_");
    const audit = JSON.stringify(await polaris.json("/audit?limit=50"));
    expect(audit).toContain("webhook.created");
    expect(audit).not.toContain("whsec_");
    const member = as(polaris, await person(polaris.db, polaris.caller.org, "krishna", "member"));
    expect((await member.get("/webhooks")).status).toBe(403);
    expect((await member.get("/app/settings/webhooks")).status).toBe(403);
    await drop(made);
  });
});
