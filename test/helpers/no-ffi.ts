/** A machine that has no C library of the kind we know, or gives no leave to call it: `bun --preload`. */
Object.defineProperty(Bun, "FFI", { value: undefined });
