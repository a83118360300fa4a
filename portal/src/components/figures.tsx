/** Numbers as small pictures, each with its words. */

interface MeterProps {
  value: number | null;
  limit: number | null;
  what: string;
  format?: (value: number) => string;
}

export function Meter({ value, limit, what, format = (number) => number.toLocaleString("en") }: MeterProps) {
  if (value === null) return <>{limit === null ? "unknown" : `at most ${format(limit)}`}</>;
  if (limit === null) return <>{format(value)}</>;
  const share = Math.round((100 * value) / limit);
  return (
    <>
      <meter min={0} max={limit} high={limit * 0.8} optimum={0} value={value} aria-label={what} /> {format(value)} of {format(limit)}
      {share >= 80 && <strong class="warning"> ▲ {share} % of what is allowed</strong>}
    </>
  );
}

const WIDTH = 180;
const HEIGHT = 40;

export function Sparkline({ points, title }: { points: readonly { date: string; value: number }[]; title: string }) {
  const values = points.map((each) => each.value);
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const span = greatest - least || 1;
  const place = (value: number, index: number) =>
    `${Math.round((index * WIDTH) / Math.max(1, values.length - 1))},${Math.round(HEIGHT - 4 - ((value - least) / span) * (HEIGHT - 8))}`;
  const [from, to] = [points[0]!, points.at(-1)!];
  const words = `${from.value.toLocaleString("en")} on ${from.date}, ${to.value.toLocaleString("en")} on ${to.date}`;
  return (
    <>
      <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title}: ${words}`}>
        <polyline points={values.map(place).join(" ")} />
        {values.length === 1 && <circle cx={0} cy={HEIGHT - 4} r={3} />}
      </svg>
      <span class="note">{words}</span>
    </>
  );
}
