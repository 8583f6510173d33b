/** One of each for all that a hook is made of: each costs 0.01 ms of a start. */
export const encoder = new TextEncoder();
/** Like `Buffer.toString`: what is no UTF-8 is replaced, and a mark at the beginning stays. */
export const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
