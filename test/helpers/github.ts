import { createEmulator } from "emulate";
import { freePort } from "./port.ts";

/** GitHub's own service as `emulate` answers for it: a repository with a branch and its pull request. */
export async function startGithub() {
  const server = await createEmulator({
    service: "github",
    port: await freePort(),
    seed: {
      tokens: { "ghp-of-manu": { login: "manu", scopes: ["repo"] } },
      github: {
        users: [{ login: "manu" }],
        repos: [{ owner: "manu", name: "shop", auto_init: true }],
      },
    },
  });
  const ask = async (path: string, method = "GET", body?: object) => {
    const response = await fetch(`${server.url}/repos/manu/shop${path}`, {
      method,
      headers: { authorization: "Bearer ghp-of-manu", "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const json = await response.json();
    if (!response.ok)
      throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(json)}`);
    return json as Record<string, unknown> & {
      sha: string;
      number: number;
      object: { sha: string };
    };
  };
  const main = await ask("/git/ref/heads/main").catch(() => ask("/git/refs/heads/main"));
  await ask("/git/refs", "POST", { ref: "refs/heads/feat/retry", sha: main.object.sha });
  await ask("/contents/retry.ts", "PUT", {
    message: "feat: retry",
    content: Buffer.from("retry").toString("base64"),
    branch: "feat/retry",
  });
  const pull = await ask("/pulls", "POST", { title: "Retry", head: "feat/retry", base: "main" });
  const commits = (await ask(`/pulls/${pull.number}/commits`)) as unknown as { sha: string }[];
  return {
    url: server.url,
    number: pull.number,
    shas: commits.map(({ sha }) => sha),
    comments: async () =>
      (await ask(`/issues/${pull.number}/comments`)) as unknown as { id: number; body: string }[],
    [Symbol.asyncDispose]: () => server.close(),
  };
}
export type Github = Awaited<ReturnType<typeof startGithub>>;
