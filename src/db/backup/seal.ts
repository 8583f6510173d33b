import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from "age-encryption";
import { PolarisError } from "../../wire/error.ts";

export type Bytes = ReadableStream<Uint8Array>;

/** Bun has it, the types of the web's streams do not name it yet. */
const ZSTD = "zstd" as CompressionFormat;
type Through = ReadableWritablePair<Uint8Array, Uint8Array>;

/**
 * From lines to what is stored and back: zstd (a tenth of the lines), then age where a recipient is named. An encrypted
 * backup could not be read back by whoever wrote it, so a second key is made for each backup, used once to verify it
 * and forgotten.
 */
export interface Sealed {
  bytes: Bytes;
  /** Opens it again; undefined: it is not encrypted. */
  key: string | undefined;
}

export async function seal(
  lines: AsyncIterable<string>,
  recipient: string | undefined,
): Promise<Sealed> {
  const packed = streamOf(lines).pipeThrough(new CompressionStream(ZSTD) as Through);
  if (!recipient) return { bytes: packed, key: undefined };
  const key = await generateIdentity();
  const age = new Encrypter();
  try {
    age.addRecipient(recipient);
  } catch (cause) {
    throw new PolarisError("usage", `"${recipient}" is not a recipient of age.`, {
      hint: "It begins with age1; age-keygen makes one, polaris backup --make-key too.",
      cause,
    });
  }
  age.addRecipient(await identityToRecipient(key));
  return { bytes: await age.encrypt(packed), key };
}

/** The lines of a stored backup. What was cut short, changed or is locked for these keys is an error. */
export async function* unseal(bytes: Bytes, identity: string | undefined): AsyncGenerator<string> {
  try {
    const packed = identity ? await decrypted(bytes, identity) : bytes;
    const text = packed
      .pipeThrough(new DecompressionStream(ZSTD) as Through)
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>);
    let rest = "";
    for await (const part of text) {
      const lines = (rest + part).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
    if (rest !== "") throw new Error("the last line is not whole");
  } catch (cause) {
    if (cause instanceof PolarisError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PolarisError("backup_damaged", `The backup cannot be read: ${why}.`, {
      hint: "An encrypted one (.age) takes its key: POLARIS_BACKUP_IDENTITY or --identity FILE.",
      cause,
    });
  }
}

/** A pair of keys as age-keygen makes them: the server knows the recipient alone. */
export async function makeKey(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateIdentity();
  return { identity, recipient: await identityToRecipient(identity) };
}

async function decrypted(bytes: Bytes, identity: string) {
  const age = new Decrypter();
  age.addIdentity(identity);
  return await age.decrypt(bytes);
}

function streamOf(lines: AsyncIterable<string>): Bytes {
  const encoder = new TextEncoder();
  const iterator = lines[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
