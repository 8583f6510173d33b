/** @jsxImportSource preact */
/**
 * Bars along days, drawn by the server: sizes are attributes of the SVG, so that the policy against inline styles holds
 * and nothing has to run. The same figures stand in a table beside it, which is what screen readers are given.
 */
export interface Bar {
  label: string;
  value: number;
  /** As people read it: `$1.20`. */
  text: string;
}

const WIDTH = 640;
const HEIGHT = 96;
const GAP = 2;

export function Bars({ bars, label }: { bars: Bar[]; label: string }) {
  const most = Math.max(...bars.map(({ value }) => value), 0);
  const each = WIDTH / Math.max(1, bars.length);
  const first = bars[0];
  const last = bars.at(-1);
  return (
    <figure class="bars">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {bars.map(({ label, value, text }, at) => {
          const height = most > 0 && value > 0 ? Math.max(2, (value / most) * HEIGHT) : 0;
          return (
            <rect
              key={label}
              x={at * each}
              y={HEIGHT - height}
              width={Math.max(1, each - GAP)}
              height={height}
            >
              <title>{`${label}: ${text}`}</title>
            </rect>
          );
        })}
      </svg>
      {first && last ? (
        <figcaption>
          <span>{first.label}</span>
          <span>{last.label}</span>
        </figcaption>
      ) : null}
    </figure>
  );
}
