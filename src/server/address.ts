import { BlockList, isIP } from "node:net";
import type { Server } from "bun";
import { PolarisError } from "../wire/error.ts";

/** The proxies whose X-Forwarded-* headers are believed; anybody else could write anything there. */
export interface Proxies {
  has(address: string): boolean;
}

/** From POLARIS_TRUSTED_PROXIES: addresses and networks (`10.0.0.7`, `172.16.0.0/12`, `fd00::/8`). */
export function proxiesOf(list: readonly string[]): Proxies {
  const trusted = new BlockList();
  for (const entry of list.filter(Boolean)) {
    const [address = "", bits] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    const length = bits === undefined ? undefined : Number(bits);
    try {
      if (!isIP(address)) throw new Error("not an address");
      if (length === undefined) trusted.addAddress(address, family);
      else trusted.addSubnet(address, length, family);
    } catch (cause) {
      throw new PolarisError("usage", `"${entry}" in POLARIS_TRUSTED_PROXIES is no address.`, {
        hint: "Use addresses or networks, comma separated: 10.0.0.7,172.16.0.0/12",
        cause,
      });
    }
  }
  return { has: (address) => trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4") };
}

/** An IPv4 peer of a socket that listens on both comes as ::ffff:10.0.0.7. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");

/** Where a request came from: the last address in X-Forwarded-For that is not a proxy of ours, or the peer itself. */
export function addressOf(
  request: Request,
  server: Server<unknown> | null,
  proxies: Proxies,
): string | undefined {
  const peer = peerOf(request, server);
  if (!peer || !proxies.has(peer)) return peer;
  const way = request.headers.get("x-forwarded-for")?.split(",") ?? [];
  for (const entry of way.reverse()) {
    const address = plain(entry.trim());
    if (!isIP(address)) break; // from here on it is not an address, so not from a proxy of ours
    if (!proxies.has(address)) return address;
  }
  return peer;
}

/** Whether the browser speaks https: with us (the public address says so) or with a proxy that says so. */
export function isSecure(
  request: Request,
  server: Server<unknown> | null,
  { proxies, publicUrl }: { proxies: Proxies; publicUrl: string },
): boolean {
  if (publicUrl.startsWith("https:")) return true;
  const peer = peerOf(request, server);
  if (!peer || !proxies.has(peer)) return false;
  return request.headers.get("x-forwarded-proto")?.split(",").at(-1)?.trim() === "https";
}

function peerOf(request: Request, server: Server<unknown> | null): string | undefined {
  const address = server?.requestIP(request)?.address;
  return address === undefined ? undefined : plain(address);
}
