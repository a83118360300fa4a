/** A choice among a few values. */

interface ChoiceProps {
  title: string;
  value: string;
  values: readonly string[];
  /** What it is called when none is chosen. */
  any?: string;
  choose: (value: string) => void;
}

export function Choice({ title, value, values, any, choose }: ChoiceProps) {
  const known = value === "" || values.includes(value) ? values : [...values, value];
  return (
    <label>
      {title}{" "}
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        {any && <option value="">{any}</option>}
        {known.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}
