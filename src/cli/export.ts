import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { download } from "../machine/api.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";

export const help = `
Writes a session as a file to keep.

Usage: polaris export PROJECT/SESSION [--format md|jsonl|html] [--out FILE] [--from SEQ] [--to SEQ] [--talk]

Formats: md (Markdown), jsonl (every event, one a line), html (one page that needs nothing else).

Options:
  --out FILE           where to; else it is printed. The format follows the name's end unless it is said
  --from SEQ --to SEQ  only these events
  --talk               only what was said, without the tools' work
  --polaris-home DIR   where this machine's sign-in is kept

Examples:
  polaris export shop/s-7a3f > session.md
  polaris export shop/s-7a3f --out session.html
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      format: { type: "string" },
      out: { type: "string" },
      from: { type: "string" },
      to: { type: "string" },
      talk: { type: "boolean", default: false },
      "polaris-home": { type: "string" },
    },
  });
  const [project, session, more] = positionals[0]?.split("/") ?? [];
  if (!project || !session || more !== undefined || positionals.length !== 1) {
    throw new PolarisError("usage", "Which session? polaris export PROJECT/SESSION", {
      hint: "See polaris export --help.",
    });
  }
  const end = /\.(md|jsonl|html)$/.exec(values.out ?? "")?.[1];
  const query = new URLSearchParams({ format: values.format ?? end ?? "md" });
  if (values.from) query.set("fromSeq", values.from);
  if (values.to) query.set("toSeq", values.to);
  if (values.talk) query.set("parts", "talk");
  const place = [project, session].map(encodeURIComponent).join("/sessions/");
  const server = await currentServer(paths(values["polaris-home"]));
  const body = await download(server, `/projects/${place}/export?${query}`);
  const out = values.out ? createWriteStream(values.out, { mode: 0o600 }) : process.stdout;
  for await (const part of body) {
    if (!out.write(part)) await new Promise((resolve) => out.once("drain", resolve));
  }
  if (out === process.stdout) return;
  out.end();
  await finished(out);
}
