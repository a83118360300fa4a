import { go, linkHere } from "../location.ts";

/** The choice of the day since which a page shows what happened; it begins at the first part of it. */
export function SinceDay({ since }: { since: string }) {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Since{" "}
        <input
          type="date"
          value={since.slice(0, 10)}
          onChange={(event) => go(linkHere({ since: event.currentTarget.value, cursor: null }))}
        />
      </label>
    </form>
  );
}

/** Return the beginning of a day, and a moment as it is. */
export function toMoment(day: string): string {
  return day.length === 10 ? `${day}T00:00:00Z` : day;
}
