import { PolarisError } from "../wire/error.ts";

/**
 * Opens an address in the person's browser; false where there is none to open it in. The address carries nothing that
 * must stay hidden from other users of the machine, who can see it in the process list.
 */
export function openAddress(address: string): boolean {
  const command = commandFor(process.env);
  if (!command) return false;
  try {
    const child = Bun.spawn([...command, address], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    child.unref();
    return true;
  } catch {
    // No such program: the address is printed all the same.
    return false;
  }
}

function commandFor(env: Record<string, string | undefined>): string[] | undefined {
  if (env.POLARIS_BROWSER) return words(env.POLARIS_BROWSER);
  if (process.platform === "darwin") return ["open"];
  if (env.DISPLAY || env.WAYLAND_DISPLAY) return ["xdg-open"];
  return undefined;
}

function words(text: string): string[] {
  const parts = text.split(/\s+/).filter(Boolean);
  if (parts.length > 0) return parts;
  throw new PolarisError("usage", "POLARIS_BROWSER names no program.");
}
