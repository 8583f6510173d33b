import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { brief, type Log } from "../../lib/log.ts";
import { PolarisError } from "../../wire/error.ts";

export interface Pair {
  cert: string;
  key: string;
}

interface Files {
  cert: string;
  key: string;
}

/** `POLARIS_TLS_CERT` and `POLARIS_TLS_KEY`; undefined: plain http, or a proxy speaks https. */
export function certificateFiles(env: Record<string, string | undefined>): Files | undefined {
  const { POLARIS_TLS_CERT: cert, POLARIS_TLS_KEY: key } = env;
  return cert || key ? { cert: cert ?? "", key: key ?? "" } : undefined;
}

export function readPair({ cert, key }: Files): Pair {
  try {
    const pair = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
    if (new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key))) return pair;
    throw new Error("the key is not the certificate's");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PolarisError("usage", `POLARIS_TLS_CERT and POLARIS_TLS_KEY are no pair: ${why}`, {
      hint: "Both name PEM files that the server's user may read.",
      cause,
    });
  }
}

/**
 * Looks for a renewed certificate and hands it on. Asked by content, because certbot and Kubernetes swap links; a pair
 * that does not match (half written) waits for the next look.
 */
export function watchPair(
  files: Files,
  { renew, log, everyMs = 30_000 }: { renew: (pair: Pair) => void; log: Log; everyMs?: number },
): Disposable {
  let current = readPair(files).cert;
  const timer = setInterval(() => {
    try {
      const pair = readPair(files);
      if (pair.cert === current) return;
      renew(pair);
      current = pair.cert;
      log.info("certificate.renewed", { until: new X509Certificate(pair.cert).validTo });
    } catch (error) {
      log.warn("certificate.unreadable", { error: brief(error) });
    }
  }, everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
