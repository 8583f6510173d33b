/** @jsxImportSource preact */
import { SECTIONS } from "./sections.ts";

export type Keys = readonly (readonly [keys: string, what: string])[];

const EVERYWHERE: Keys = [
  ["/", "search"],
  ...SECTIONS.map(([name, , , key]) => [`g ${key}`, `go to ${name}`] as const),
  ["?", "this help"],
];

/** Which keys do what, here and everywhere. Opened by `?` and by its button. */
export function Help({ keys }: { keys: Keys }) {
  return (
    <dialog id="help" class="sheet" aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl class="fields keys">
        {[...keys, ...EVERYWHERE].map(([key, what]) => (
          <div key={key}>
            <dt>
              {key.split(" ").map((each) => (
                <kbd key={each}>{each}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" class="button">
          Close
        </button>
      </form>
    </dialog>
  );
}
