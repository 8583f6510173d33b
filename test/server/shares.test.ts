import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { Share } from "../../src/wire/share.ts";
import { as, type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
let [krishna, viewer]: Person[] = [];
const shop = startMachine({ project: "shop", name: "checkout" });
const vault = startMachine({ project: "vault", name: "hidden" });
const ONE = "/projects/shop/sessions/checkout";

beforeAll(async () => {
  polaris = await startPolaris();
  const { db, caller } = polaris;
  krishna = await person(db, caller.org, "krishna", "member");
  viewer = await person(db, caller.org, "viewer", "viewer");
  await polaris.post("/projects", { slug: "vault", visibility: "private" });
  await polaris.ingest([
    shop.head(),
    shop.line({ text: "first prompt" }),
    shop.line({ kind: "agent.message", sender: "agent:claude", text: "the **answer**" }),
    shop.line({
      kind: "tool.call",
      sender: "agent:claude",
      text: "cat .env",
      body: { callId: "c", name: "Bash", kind: "execute", input: { command: "cat .env" } },
    }),
    shop.line({
      kind: "tool.result",
      sender: "agent:claude",
      body: { callId: "c", status: "completed", output: "inside the file" },
    }),
    shop.line({ text: "last prompt" }),
  ]);
  await polaris.ingest([vault.head(), vault.line({ text: "hidden words" })]);
}, 30_000);
afterAll(() => polaris[Symbol.asyncDispose]());

const them = () => {
  if (!krishna || !viewer) throw new Error("nobody is here yet");
  return { krishna: as(polaris, krishna), viewer: as(polaris, viewer) };
};

type Made = Share & { url: string };
async function share(body: object = {}): Promise<Made> {
  const response = await them().krishna.send("POST", `${ONE}/shares`, body);
  expect(response.status).toBe(201);
  return (await response.json()) as Made;
}
const pathOf = ({ url }: Made) => new URL(url).pathname;
const look = async (path: string) => {
  const response = await polaris.call(path, { as: null });
  return { status: response.status, headers: response.headers, body: await response.text() };
};

describe("a link shows a session, and nothing beside it (E8)", () => {
  test("whole, without scripts or sign-in, and to no search engine", async () => {
    const { status, body, headers } = await look(pathOf(await share()));
    expect(status).toBe(200);
    for (const words of [
      "first prompt",
      "<strong>answer</strong>",
      "cat .env",
      "inside the file",
    ]) {
      expect(body).toContain(words);
    }
    expect(headers.get("x-robots-tag")).toContain("noindex");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(body).toContain('name="robots" content="noindex');
    expect(body).not.toContain("/app/p/");
  });

  test("a stretch of it", async () => {
    const { body } = await look(pathOf(await share({ fromSeq: 2, toSeq: 3 })));
    expect(body).toContain("cat .env");
    for (const words of ["first prompt", "inside the file", "last prompt"]) {
      expect(body).not.toContain(words);
    }
    const wrong = await them().krishna.send("POST", `${ONE}/shares`, { fromSeq: 3, toSeq: 2 });
    expect(wrong.status).toBe(400);
  });

  test("only what was said", async () => {
    const { body } = await look(pathOf(await share({ parts: "talk" })));
    expect(body).toContain("first prompt");
    expect(body).not.toContain(".env");
    expect(body).not.toContain("inside the file");
  });

  test("its preview is what it shows", async () => {
    for (const query of ["", "?fromSeq=2&toSeq=3", "?parts=talk"]) {
      const preview = await them().krishna.get(`/app/p/shop/s/checkout/share${query}`);
      const asked = Object.fromEntries(new URLSearchParams(query));
      const { body } = await look(pathOf(await share(asked)));
      expect(articlesOf(preview.body)).toEqual(articlesOf(body));
      expect(articlesOf(body).length).toBeGreaterThan(0);
    }
  });

  test("made and ended on its page, shown once, kept as a hash", async () => {
    const page = "/app/p/shop/s/checkout/share";
    const post = (form: Record<string, string>) =>
      them().krishna.call(page, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(form).toString(),
      });
    const body = await (await post({ act: "create", days: "1", fromSeq: "", toSeq: "2" })).text();
    const secret = /\/share\/(pol_v_[\w-]{43})/.exec(body)?.[1] ?? "";
    expect((await look(`/share/${secret}`)).status).toBe(200);
    expect((await them().krishna.get(page)).body).not.toContain(secret);
    const rows = await polaris.database.admin`select shares::text as row from shares`;
    for (const { row } of rows) expect(row).not.toContain("pol_v_");
    const list = (await (await them().krishna.call(`${ONE}/shares`)).json()) as { items: Share[] };
    const made = list.items.find(({ toSeq, parts }) => toSeq === 2 && parts === "all");
    expect((await post({ act: "revoke", id: made?.id ?? "" })).status).toBe(303);
    expect((await look(`/share/${secret}`)).status).toBe(410);
  });
});

describe("a link ends (E8)", () => {
  test("when it is revoked: the page at once, a stream within a second", async () => {
    const made = await share();
    const stream = await polaris.call(`${pathOf(made)}/events?after=0`, { as: null });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    let heard = "";
    const listening = (async () => {
      for (;;) {
        const part = await reader?.read();
        if (!part || part.done) return performance.now();
        heard += part.value;
      }
    })();
    await until(() => heard.includes('data: {"seq":5}'));
    await polaris.ingest([shop.head(), shop.line({ text: "while it lives" })]);
    await until(() => heard.includes("event: event"));
    const revokedAt = performance.now();
    expect((await them().krishna.send("DELETE", `/shares/${made.id}`)).status).toBe(200);
    expect((await look(pathOf(made))).status).toBe(410);
    expect((await listening) - revokedAt).toBeLessThan(1000);
    expect(heard).toContain("event: gone");
    expect(heard).not.toContain("while it lives"); // a bell, never the words
    expect((await look(`${pathOf(made)}/events`)).status).toBe(410);
  });

  test("when its time is over, streams included", async () => {
    const made = await share({ days: 1 / 86_400 });
    expect((await look(pathOf(made))).status).toBe(200);
    const stream = await polaris.call(`${pathOf(made)}/events?after=0`, { as: null });
    const began = performance.now();
    expect(await stream.text()).toContain("event: gone");
    expect(performance.now() - began).toBeLessThan(3000);
    expect((await look(pathOf(made))).status).toBe(410);
  });

  test("another that never was is told apart by nothing", async () => {
    const made = await share();
    await them().krishna.send("DELETE", `/shares/${made.id}`);
    const [over, never] = [await look(pathOf(made)), await look(`/share/pol_v_${"x".repeat(43)}`)];
    expect([over.status, over.body]).toEqual([never.status, never.body]);
  });
});

describe("who may share, and what is written down (F5, F6)", () => {
  test("not a viewer, not a script that may only advise, not who sees no such project", async () => {
    expect((await them().viewer.send("POST", `${ONE}/shares`, {})).status).toBe(403);
    const { secret } = await person(polaris.db, polaris.caller.org, "scripts", "member").then(
      (it) => it.token(["read", "inject"]),
    );
    const script = await polaris.call(`${ONE}/shares`, { method: "POST", body: "{}", as: secret });
    expect(script.status).toBe(403);
    const hidden = "/projects/vault/sessions/hidden";
    for (const path of [
      `${hidden}/shares`,
      `${hidden}/export?format=md`,
      "/app/p/vault/s/hidden/share",
    ]) {
      expect((await them().krishna.get(path)).status).toBe(404);
    }
    expect((await them().krishna.send("POST", `${hidden}/shares`, {})).status).toBe(404);
    expect((await them().krishna.get("/shares")).body).not.toContain("vault");
  });

  test("only whoever made a link ends it, and admins", async () => {
    const made = await share();
    const other = as(polaris, await person(polaris.db, polaris.caller.org, "priya", "member"));
    expect((await other.send("DELETE", `/shares/${made.id}`)).status).toBe(404);
    expect((await polaris.call(`/shares/${made.id}`, { method: "DELETE" })).status).toBe(200);
  });

  test("making, looking and ending are in the audit, without the secret", async () => {
    const made = await share({ days: 2 });
    await look(pathOf(made));
    await them().krishna.send("DELETE", `/shares/${made.id}`);
    const { items } = await polaris.json<{
      items: { action: string; detail: { id?: string }; target: string }[];
    }>("/audit?limit=50");
    const about = items.filter(({ detail, target }) => detail.id === made.id || target === made.id);
    expect(about.map(({ action }) => action)).toEqual([
      "share.revoked",
      "share.viewed",
      "share.created",
    ]);
    expect(JSON.stringify(items)).not.toContain("pol_v_");
  });
});

describe("export (E8)", () => {
  const get = (query: string) => polaris.call(`${ONE}/export?${query}`);

  test("JSON lines hold every event whole", async () => {
    const long = "x".repeat(40_000);
    await polaris.ingest([
      shop.head(),
      shop.line({
        kind: "tool.result",
        text: "long",
        body: { callId: "l", status: "completed", output: long },
      }),
    ]);
    const lines = (await (await get("format=jsonl")).text()).trim().split("\n");
    const events = lines.map(
      (line) => JSON.parse(line) as { seq: number; body: { output?: string } },
    );
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
    expect(events.at(-1)?.body.output).toBe(long);
  });

  test("Markdown reads, and no text of it becomes markup of another place", async () => {
    await polaris.ingest([
      shop.head(),
      shop.line({ text: "# not a heading\n<b>bold</b>" }),
      shop.line({
        kind: "tool.result",
        body: { callId: "f", status: "completed", output: "```\n# out of the fence\n```" },
      }),
    ]);
    const response = await get("format=md");
    expect(response.headers.get("content-disposition")).toBe(
      'attachment; filename="shop-checkout.md"',
    );
    const text = await response.text();
    expect(text).toContain("> first prompt");
    expect(text).toContain("\\<b\\>bold");
    expect(text).toContain("````\n```\n# out of the fence\n```\n````");
  });

  test("one HTML file that loads nothing", async () => {
    const text = await (await get("format=html&toSeq=5")).text();
    expect(text).toContain("first prompt");
    expect(text).not.toMatch(/<script|<link|\bsrc=|@import|url\((?!data:)/);
    expect(text).toContain("default-src 'none'");
  });
});

/** What is drawn of each event, without the page around it. */
const articlesOf = (html: string) =>
  [...html.matchAll(/<(article|details|p)[^>]*id="e-(\d+)".*?<\/\1>/gs)].map(([whole]) => whole);
