import { defined, isRecord, type Json, list, number, record, string } from "../fields.ts";

/** Content as the model gets it (a string, or blocks of text and images), as text and references. */
export interface Content {
  text: string;
  /** Images and documents: what and how big, never the bytes. */
  images: Json[];
  /** Blocks of a kind nobody has met yet. */
  strange: unknown[];
}

export function contentOf(content: unknown): Content {
  if (typeof content === "string") return { text: content, images: [], strange: [] };
  const texts: string[] = [];
  const images: Json[] = [];
  const strange: unknown[] = [];
  for (const block of list(content)) {
    const { type, text } = record(block);
    if (type === "text" && typeof text === "string") texts.push(text);
    else if (type === "image" || type === "document") images.push(reference(block));
    else strange.push(block);
  }
  return { text: texts.join("\n"), images, strange };
}

/** `{ type: "image", mediaType, bytes }`: base64 has four characters for three bytes. */
function reference(block: unknown): Json {
  const { type, source, title } = record(block);
  const { media_type, data, url } = record(source);
  const bytes = typeof data === "string" ? Math.floor((data.length * 3) / 4) : undefined;
  return defined({
    type,
    mediaType: string(media_type),
    url: string(url, 2048),
    title: string(title, 512),
    bytes: number(bytes),
  });
}

/** What a tool gave back, as it is kept: a string where it is text only, else blocks with references. */
export function outputOf(content: unknown): unknown {
  if (typeof content === "string" || !Array.isArray(content)) return content ?? "";
  const { text, images, strange } = contentOf(content);
  if (images.length + strange.length === 0) return text;
  return content.map((block) => {
    const { type } = record(block);
    return isRecord(block) && (type === "image" || type === "document") ? reference(block) : block;
  });
}
