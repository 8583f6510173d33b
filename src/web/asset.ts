export type Bytes = Uint8Array<ArrayBuffer>;

/** One file of the dashboard, under a name that changes with its content. */
export interface Asset {
  /** What pages call it: `session.js`, `app.css`, `icon.svg`. */
  name: string;
  /** Where it is served: `/assets/session-<hash>.js`. */
  path: string;
  type: string;
  bytes: Bytes;
  /** The same compressed; absent where compression gains nothing (fonts). */
  encodings: { br?: Bytes; gzip?: Bytes; zstd?: Bytes };
}

export const ENCODINGS = ["br", "zstd", "gzip"] as const;
export type Encoding = (typeof ENCODINGS)[number];
