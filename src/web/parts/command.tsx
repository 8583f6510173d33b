/** @jsxImportSource preact */
import { Icon } from "./icon.tsx";

/** One command to paste. The button is shown only where scripts run; without them the text selects with one click. */
export function Command({ text }: { text: string }) {
  return (
    <div class="command">
      <code>{text}</code>
      <CopyButton text={text} what="command" />
    </div>
  );
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  return (
    <button type="button" class="quiet needs-script" data-copy={text} aria-label={`Copy ${what}`}>
      <Icon name="copy" />
    </button>
  );
}
