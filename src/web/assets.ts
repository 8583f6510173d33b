/** Serves the dashboard's files from memory: compressed as the browser likes it, kept by it for a year. */
import { accepted } from "./accept.ts";
import { type Asset, ENCODINGS } from "./asset.ts";
import { bundle, type Embedded, embedded } from "./embedded.ts";

export interface Assets {
  /** The address of an asset by its plain name: `session.js`. */
  href(name: string): string;
  /** What it holds, for a page that must stand alone. */
  text(name: string): string;
  /** The answer to a request for an asset; undefined when it asks for something else. */
  respond(request: Request): Response | undefined;
}

/** Embedded ones when compiled, bundled from the source tree otherwise. */
export async function loadAssets(inside: Embedded[] | null = embedded): Promise<Assets> {
  return serveAssets(inside ? await Promise.all(inside.map(read)) : await bundle());
}

export function serveAssets(list: Asset[]): Assets {
  const byPath = new Map(list.map((asset) => [asset.path, asset]));
  const byName = new Map(list.map((asset) => [asset.name, asset.path]));
  return {
    href(name) {
      const path = byName.get(name);
      if (!path) throw new Error(`there is no asset ${name}`);
      return path;
    },
    text(name) {
      const asset = list.find((each) => each.name === name);
      if (!asset) throw new Error(`there is no asset ${name}`);
      return new TextDecoder().decode(asset.bytes);
    },
    respond(request) {
      if (request.method !== "GET" && request.method !== "HEAD") return undefined;
      const asset = byPath.get(new URL(request.url).pathname);
      return asset && answer(request, asset);
    },
  };
}

function answer(request: Request, asset: Asset): Response {
  const encoding = accepted(
    request,
    ENCODINGS.filter((each) => asset.encodings[each]),
  );
  const body = (encoding && asset.encodings[encoding]) ?? asset.bytes;
  const etag = `"${asset.path.slice(asset.path.lastIndexOf("-") + 1)}${encoding ? `-${encoding}` : ""}"`;
  const headers = new Headers({
    "content-type": asset.type,
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    vary: "accept-encoding",
    etag,
  });
  if (request.headers.get("if-none-match")?.includes(etag)) {
    return new Response(null, { status: 304, headers });
  }
  if (encoding) headers.set("content-encoding", encoding);
  headers.set("content-length", String(body.length));
  return new Response(request.method === "HEAD" ? null : body, { headers });
}

async function read({ name, path, type, files }: Embedded): Promise<Asset> {
  const { identity, ...packed } = files;
  const encodings: Asset["encodings"] = {};
  for (const encoding of ENCODINGS) {
    const file = packed[encoding];
    if (file) encodings[encoding] = await Bun.file(file).bytes();
  }
  return { name, path, type, bytes: await Bun.file(identity).bytes(), encodings };
}
