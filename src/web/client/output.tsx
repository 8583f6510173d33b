/** @jsxImportSource preact */
import { useEffect, useState } from "preact/hooks";
import type { Piece } from "./highlight.ts";

/** Longer output stays plain: colouring it would hold the page for more than a frame. */
const MOST = 100_000;

/** What a program wrote to its terminal: plain first, in its colours when there is time. */
export function Output({ text }: { text: string }) {
  const [pieces, setPieces] = useState<Piece[]>();
  useEffect(() => {
    setPieces(undefined);
    if (!text.includes("\u001b[") || text.length > MOST) return;
    let over = false;
    void load().then((loaded) => {
      if (!over) setPieces(loaded?.coloured(looks(text)));
    });
    return () => {
      over = true;
    };
  }, [text]);
  if (!pieces) return <>{plain(text)}</>;
  return <>{pieces.map(([said, look]) => (look ? <span class={look}>{said}</span> : said))}</>;
}

interface Painter {
  coloured(text: string): Piece[];
}

let loading: Promise<Painter | undefined> | undefined;

/** From the address that the page names; without it, or when it does not come, output stays plain. */
function load(): Promise<Painter | undefined> {
  const address = document.documentElement.dataset.ansi;
  loading ??= address ? import(address).catch(() => undefined) : Promise.resolve(undefined);
  return loading;
}

/** Movements of a cursor, titles and links of a terminal are marks of a machine that is not here; colours are kept. */
const looks = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    .replace(/\u001b(?:\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\[[0-9;?]*[ -/]*[@-ln-~])/g, "")
    .replace(/\r\n?/g, "\n");

/** Without its colours too. */
const plain = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  looks(text).replace(/\u001b\[[0-9;:?]*m/g, "");
