/** Follows a project as many times as asked and prints when each follower had the next event (the wall clock, ms). */
import { now } from "./clock.ts";

const [url = "", token = "", way = "", project = "", count = "1"] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };

let times: number[] = [];
function seen(): void {
  times.push(now());
  if (times.length > 1) return;
  // Printed in the next turn, so that printing is not part of what the others wait for.
  setTimeout(() => {
    console.log(times.join(" "));
    times = [];
  }, 1);
}

async function sse(): Promise<void> {
  const response = await fetch(`${url}/projects/${project}/events`, {
    headers: { ...headers, accept: "text/event-stream" },
  });
  if (!response.ok || !response.body) throw new Error(`${response.status}`);
  const opened = Promise.withResolvers<void>();
  void (async () => {
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      opened.resolve();
      // An event may come in several parts; its first line comes in one.
      for (const _ of part.matchAll(/^event: event$/gm)) seen();
    }
  })();
  await opened.promise;
}

function ws(): Promise<void> {
  const address = `${url.replace("http", "ws")}/projects/${project}/ws`;
  const socket = new WebSocket(address, { headers } as unknown as string[]); // Bun's own second form
  socket.onmessage = seen;
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("no socket"));
  });
}

await Promise.all(Array.from({ length: Number(count) }, () => (way === "sse" ? sse() : ws())));
// The server reads what was there before it says that it follows; the first rounds are not counted.
setTimeout(() => console.log("ready"), 300);
