/** The page's questions to its own server. */
import { field, record, text } from "../field.ts";

/** Throws with the server's own words, which say what to do. */
export async function ask(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, { ...init, headers: { accept: "application/json" } }).catch(
    () => undefined,
  );
  if (!response) throw new Error("The server does not answer.");
  const value: unknown = await response.json().catch(() => null);
  if (response.ok) return value;
  const { message } = record(record(value).error);
  throw new Error(text(message) || `The server answered ${field.number(response.status)}.`);
}

/** A word at the edge of the page, for some seconds: what did not work, and why. */
export function tell(words: string): void {
  const old = document.querySelector(".toast");
  old?.remove();
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.setAttribute("role", "alert");
  toast.textContent = words;
  document.body.append(toast);
  setTimeout(() => toast.remove(), 8_000);
}
