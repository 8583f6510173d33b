/** @jsxImportSource preact */
import { useEffect, useState } from "preact/hooks";
import { CopyButton } from "../parts/command.tsx";
import type { Piece } from "./highlight.ts";

/** Longer code stays plain: colouring it would hold the page for more than a frame. */
const MOST = 20_000;

/** A block of code in mono, with its language and a button that copies it. Plain first, coloured when there is time. */
export function Code({ text, lang = "" }: { text: string; lang?: string }) {
  const name = lang.split(/\s/)[0] ?? "";
  const pieces = usePieces(text, name);
  return (
    <div class="code">
      <div class="code-head">
        <span>{name}</span>
        <CopyButton text={text} what="code" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: code scrolls sideways and must do so by keyboard too */}
      <pre tabIndex={0}>
        <code>{pieces ? pieces.map(piece) : text}</code>
      </pre>
    </div>
  );
}

const piece = ([text, type]: Piece) => (type ? <span class={`hl-${type}`}>{text}</span> : text);

function usePieces(text: string, lang: string): Piece[] | undefined {
  const [pieces, setPieces] = useState<Piece[]>();
  useEffect(() => {
    setPieces(undefined);
    if (!lang || text.length > MOST) return;
    let over = false;
    const paint = async () => {
      const loaded = await load();
      if (!over) setPieces(loaded?.highlight(text, lang));
    };
    idle(() => void paint());
    return () => {
      over = true;
    };
  }, [text, lang]);
  return pieces;
}

interface Highlighter {
  highlight(text: string, lang: string): Piece[] | undefined;
}

let loading: Promise<Highlighter | undefined> | undefined;

/** From the address that the page names; without it, or when it does not come, code stays plain. */
function load(): Promise<Highlighter | undefined> {
  const address = document.documentElement.dataset.highlight;
  loading ??= address ? import(address).catch(() => undefined) : Promise.resolve(undefined);
  return loading;
}

const idle = (act: () => void): void => {
  if ("requestIdleCallback" in window) requestIdleCallback(act, { timeout: 1000 });
  else setTimeout(act, 50);
};
