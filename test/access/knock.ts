import { request } from "node:http";

export interface Answer {
  status: number;
  body: string;
  location: string;
}

/**
 * One request, and what it was answered: 101 when a WebSocket opened, the status alone of a stream (both are closed
 * again). fetch hides the answer to a refused upgrade.
 */
export function knock(
  url: string,
  {
    method,
    headers,
    body,
    form,
  }: {
    method: string;
    headers: Record<string, string>;
    body?: unknown;
    form?: Record<string, string> | undefined;
  },
): Promise<Answer> {
  const socket = method === "WS";
  const json = body === undefined ? undefined : JSON.stringify(body);
  const text = form ? new URLSearchParams(form).toString() : json;
  const type = form ? "application/x-www-form-urlencoded" : "application/json";
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: socket ? "GET" : method,
      agent: false,
      headers: {
        ...headers,
        ...(socket
          ? {
              connection: "Upgrade",
              upgrade: "websocket",
              "sec-websocket-version": "13",
              "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            }
          : {}),
        ...(text === undefined
          ? {}
          : { "content-type": type, "content-length": Buffer.byteLength(text) }),
      },
    });
    asked.on("upgrade", (_, line) => {
      line.destroy();
      resolve({ status: 101, body: "", location: "" });
    });
    asked.on("response", (response) => {
      const { statusCode: status = 0 } = response;
      const location = response.headers.location ?? "";
      if (response.headers["content-type"]?.startsWith("text/event-stream")) {
        asked.destroy();
        return resolve({ status, body: "", location });
      }
      let whole = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        whole += part;
      });
      response.on("end", () => resolve({ status, body: whole, location }));
    });
    asked.on("error", reject);
    asked.end(text);
  });
}
