/** @jsxImportSource preact */
const [STEP, BAR, HIGH] = [4, 3, 20];

/** Prompts of 24 hours as bars; the number beside it says the same in words. */
export function Spark({ hours }: { hours: number[] }) {
  const most = Math.max(4, ...hours);
  return (
    <svg
      class="spark"
      width={hours.length * STEP}
      height={HIGH}
      viewBox={`0 0 ${hours.length * STEP} ${HIGH}`}
      aria-hidden="true"
    >
      {hours.map((prompts, at) => {
        const height = prompts ? Math.max(2, Math.round((prompts / most) * HIGH)) : 1;
        return (
          <rect
            key={at}
            class={prompts ? "" : "spark-none"}
            x={at * STEP}
            y={HIGH - height}
            width={BAR}
            height={height}
            rx="1"
          />
        );
      })}
    </svg>
  );
}
