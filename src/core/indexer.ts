import type { Reader } from "./behind.ts";
import { startTexts } from "./texts.ts";

/** Fills the index of words. */
export function indexer(): Reader {
  let index = startTexts();
  return {
    name: "indexer",
    cursors: "text_cursors",
    take: (tx, stretch) => index(tx, stretch),
    forget: () => {
      index = startTexts();
    },
  };
}
