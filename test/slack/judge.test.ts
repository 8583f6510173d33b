import { expect, test } from "bun:test";
import { startClient } from "../../src/slack/call.ts";
import { judge } from "../../src/slack/judge.ts";
import { freePort } from "../helpers/port.ts";

/** What our client makes of a Slack that behaves like this. */
async function verdictOn(answer: (request: Request) => Response | Promise<Response>) {
  await using server = Object.assign(Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer }), {
    [Symbol.asyncDispose]: async () => {},
  });
  const client = startClient(`http://127.0.0.1:${server.port}/api/`, "xoxb-1");
  const error = await client.chat.postMessage({ channel: "C1", text: "x" }).catch((it) => it);
  await server.stop(true);
  return judge(error);
}
const no = (error: string, more: object = {}) =>
  verdictOn(() => Response.json({ ok: false, error, ...more }));

// Every row of the table in docs/slack.md.
test.each([
  ["ratelimited", { do: "later", bucket: true }],
  ["service_unavailable", { do: "later", bucket: false }],
  ["internal_error", { do: "lookup" }],
  ["fatal_error", { do: "lookup" }],
  ["not_in_channel", { do: "join" }],
  ["invalid_blocks", { do: "plain" }],
  ["msg_too_long", { do: "plain" }],
  ["thread_not_found", { do: "rethread" }],
  ["token_expired", { do: "refresh" }],
  ["is_archived", { do: "stop-channel", state: "archived" }],
  ["channel_not_found", { do: "stop-channel", state: "paused" }],
  ["restricted_action_thread_locked", { do: "stop-channel", state: "paused" }],
  ["token_revoked", { do: "stop-workspace" }],
  ["rate_limited", { do: "later", bucket: true }],
  ["request_timeout", { do: "later", bucket: false }],
  ["team_added_to_org", { do: "later", bucket: false }],
  ["msg_blocks_too_long", { do: "plain" }],
  ["markdown_text_conflict", { do: "plain" }],
  ["cannot_reply_to_message", { do: "rethread" }],
  ["is_inactive", { do: "stop-channel", state: "archived" }],
  ["channel_is_archived", { do: "stop-channel", state: "archived" }],
  ["restricted_action", { do: "stop-channel", state: "paused" }],
  ["message_limit_exceeded", { do: "stop-channel", state: "paused" }],
  ["user_is_restricted", { do: "stop-channel", state: "paused" }],
  ["account_inactive", { do: "stop-workspace" }],
  ["invalid_auth", { do: "stop-workspace" }],
  ["missing_scope", { do: "stop-workspace" }],
  ["already_archived", { do: "done" }],
  ["already_reacted", { do: "done" }],
  ["constructor", { do: "drop", error: "constructor" }],
])("D7: Slack's %s means %o", async (word, verdict) => {
  expect(await no(word)).toMatchObject({ error: word, ...verdict });
});

test("D7: which scope is missing is told", async () => {
  expect(await no("missing_scope", { needed: "files:write", provided: "chat:write" })).toEqual({
    do: "stop-workspace",
    error: "missing_scope",
    detail: "files:write",
  });
});

test("D7: a 429 says for how long", async () => {
  const headers = { "retry-after": "7" };
  expect(await verdictOn(() => new Response("", { status: 429, headers }))).toEqual({
    do: "later",
    error: "ratelimited",
    seconds: 7,
    bucket: true,
  });
});

test.each([500, 502, 503, 504])("D7: HTTP %d may come after the effect", async (status) => {
  const answer = await verdictOn(() => new Response("<html>", { status }));
  expect(answer).toEqual({ do: "lookup", error: `http_${status}` });
});

test("D7: a Slack that cannot be reached has done nothing; one that hangs up may have", async () => {
  const client = startClient(`http://127.0.0.1:${await freePort()}/api/`, "xoxb-1");
  const refused = await client.chat.postMessage({ channel: "C1", text: "x" }).catch((it) => it);
  expect(judge(refused)).toMatchObject({ do: "later", error: "unreachable" });
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.end() },
  });
  const other = startClient(`http://127.0.0.1:${listener.port}/api/`, "xoxb-1");
  const cut = await other.chat.postMessage({ channel: "C1", text: "x" }).catch((it) => it);
  listener.stop(true);
  expect(judge(cut)).toEqual({ do: "lookup", error: "connection_lost" });
});
