/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import { useDesk } from "../desk.ts";
import type { Advice } from "../fold.ts";
import type { Problem } from "./acts.ts";

interface Props {
  item: Advice;
  text: string;
  mayEdit: boolean;
}

/** While nobody has it, its sender may still take it back; change it, until it was first said to be undelivered. */
export function OwnAdvice({ item: { advice }, text, mayEdit }: Props) {
  const { advice: acts } = useDesk();
  const [words, setWords] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  async function save(): Promise<void> {
    const wrong = await acts.edit(advice.id, (words ?? "").trim());
    setProblem(wrong);
    if (!wrong) setWords(undefined);
  }

  return (
    <>
      {words === undefined ? (
        <p class="acts needs-script">
          {mayEdit ? (
            <button type="button" class="button small" onClick={() => setWords(text)}>
              Edit
            </button>
          ) : null}
          <button
            type="button"
            class="button small"
            onClick={async () => setProblem(await acts.recall(advice.id))}
          >
            Take back
          </button>
        </p>
      ) : (
        <div class="acts">
          <textarea
            aria-label="Other words"
            value={words}
            onInput={(input) => setWords(input.currentTarget.value)}
          />
          <button type="button" class="button small" disabled={!words.trim()} onClick={save}>
            Save
          </button>
          <button type="button" class="button small" onClick={() => setWords(undefined)}>
            Cancel
          </button>
        </div>
      )}
      {problem ? (
        <p class="field-problem" role="alert">
          {problem.message}
        </p>
      ) : null}
    </>
  );
}
