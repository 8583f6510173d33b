/** Loaded before a program of ours: its clock is wrong by POLARIS_TEST_CLOCK_MS. Timers go on as they do. */
const shift = Number(process.env.POLARIS_TEST_CLOCK_MS ?? 0);
const right = Date.now;
const Right = Date;

globalThis.Date = new Proxy(Right, {
  construct: (target, args) =>
    args.length === 0 ? new target(right() + shift) : Reflect.construct(target, args),
});
Right.now = () => right() + shift;
const origin = performance.timeOrigin + shift;
Object.defineProperty(performance, "timeOrigin", { get: () => origin });
