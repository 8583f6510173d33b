/** The proxy for a WebSocket's address by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as Bun's fetch has it by itself. */
export function proxyOf(
  address: string,
  env: Record<string, string | undefined> = process.env,
): string | undefined {
  const { hostname, protocol } = new URL(address);
  const value = (name: string) => env[name] || env[name.toLowerCase()] || undefined;
  const direct = (value("NO_PROXY") ?? "").split(",").map((host) => host.trim());
  const isDirect = direct.filter(Boolean).some((host) => {
    const bare = host.replace(/^\./, "");
    return host === "*" || hostname === bare || hostname.endsWith(`.${bare}`);
  });
  if (isDirect) return undefined;
  return protocol === "wss:" ? value("HTTPS_PROXY") : value("HTTP_PROXY");
}
