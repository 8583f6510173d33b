/** @jsxImportSource preact */
import { line } from "../field.ts";
import type { Turn } from "../fold.ts";
import { ItemView } from "./item.tsx";
import { Prompt } from "./message.tsx";
import { Still } from "./still.ts";

/** One prompt and all that came of it. */
export function TurnView({ turn }: { turn: Turn }) {
  const { prompt, items } = turn;
  const name = prompt ? `Turn: ${line(prompt.text ?? "", 80)}` : "Before the first prompt";
  return (
    <section class="turn" tabIndex={-1} aria-label={name}>
      {prompt ? <Prompt event={prompt} /> : null}
      {items.map((item) => (
        <Still
          key={item.key}
          of={item}
          version={item.version}
          draw={() => <ItemView item={{ ...item }} turn={turn} />}
        />
      ))}
    </section>
  );
}
