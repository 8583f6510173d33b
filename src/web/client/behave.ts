/**
 * What every page does once scripts run: copy buttons, the theme switch, the help sheet, relative times that stay true.
 * One listener for all; elements say what they do by a `data-` attribute.
 */
import { ago } from "../parts/ago.ts";

export function behave(): void {
  document.documentElement.dataset.script = "";
  document.addEventListener("click", (click) => {
    if (!(click.target instanceof Element)) return;
    const button = click.target.closest<HTMLElement>("[data-copy],[data-theme-switch],[data-help]");
    if (!button) return;
    if (button.dataset.copy !== undefined) void copy(button, button.dataset.copy);
    else if (button.dataset.themeSwitch !== undefined) switchTheme();
    else help();
  });
}

/** Refreshes the times that the server drew, on pages that nothing else redraws. */
export function keepTimes(): void {
  setInterval(() => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      time.textContent = ago(time.getAttribute("datetime") ?? "", Date.now());
    }
  }, 15_000);
}

export function help(): void {
  const sheet = document.getElementById("help");
  if (sheet instanceof HTMLDialogElement && !sheet.open) sheet.showModal();
}

async function copy(button: HTMLElement, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain http on a network address has no clipboard; the selection still works.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const label = button.getAttribute("aria-label") ?? "Copy";
  button.setAttribute("aria-label", "Copied");
  button.dataset.copied = "";
  setTimeout(() => {
    button.setAttribute("aria-label", label);
    delete button.dataset.copied;
  }, 1500);
}

/** Light or dark, kept a year; the server reads the cookie, so that the next page comes in it without a flash. */
function switchTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Safari and Firefox ESR
  document.cookie = `polaris_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
}
